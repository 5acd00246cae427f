"""Percent ranks: how many customers are meant, and the values that are compared."""

from decimal import Decimal
from math import ceil

from crm_core.rules.fields import CustomerField
from crm_core.rules.values import MAX_NUMBER


def places(percent: Decimal, count: int) -> int:
    """How many of ``count`` customers these percent are, a part of one counted as one. Who has the value of the last of
    them belongs to them as well."""
    return ceil(percent * count / 100)


def bounded(found: CustomerField, value: float) -> float:
    """Custom numbers beyond what compares exactly in every engine rank alike."""
    return value if found.is_whole else max(-MAX_NUMBER, min(value, MAX_NUMBER))
