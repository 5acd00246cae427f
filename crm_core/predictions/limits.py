"""What it takes to offer predictions."""

LEAST_REPEATERS = 200
LEAST_WEEKS = 26
LEAST_CHECKED = 100
"""Repeat customers before the holdout period, and orders within it: below, chance alone decides the check."""
