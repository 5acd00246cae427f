"""How far a model may be off in its holdout period, and what that says of it."""

from enum import StrEnum

CLOSE, FAR = 0.15, 0.4
"""How far off the sum may be, as a share of the actual one: close, and just good enough."""
NEAR_DECILES, FAR_DECILES = 0.25, 0.6
"""The same for the sums of the deciles, added up without their signs."""
LEAST_TOP_SHARE = 0.3
"""Of the actual orders, what the fifth with the highest predictions must have made: chance alone gives a fifth."""


class Trust(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def judge(error: float, decile_error: float, top_share: float) -> Trust:
    if abs(error) > FAR or decile_error > FAR_DECILES or top_share < LEAST_TOP_SHARE:
        return Trust.POOR
    return Trust.GOOD if abs(error) <= CLOSE and decile_error <= NEAR_DECILES else Trust.FAIR
