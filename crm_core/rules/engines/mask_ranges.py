"""Ranges over columns of numbers and dates."""

from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import BEYOND_MOMENTS_MS, Mask, day_to_ms, to_ms
from crm_core.rules.predicates import End, Range, Span


def range_mask(wanted: Range, values: NDArray[Any]) -> Mask:
    """Which values lie within; dates are compared as ms."""
    found: Mask | None = None
    if (low := _plain(wanted.low)) is not None:
        found = values > low if wanted.without_low else values >= low
    if (high := _plain(wanted.high)) is not None:
        below = values < high if wanted.without_high else values <= high
        found = below if found is None else np.logical_and(found, below, out=found)
    assert found is not None, "a range has an end"
    return found


def span_mask(wanted: Span, values: NDArray[Any]) -> Mask:
    """The same for moments and plain days in one column."""
    found = range_mask(wanted.moments, values)
    if wanted.moments.high is None:
        found &= values < BEYOND_MOMENTS_MS
    days = range_mask(wanted.days, values)
    if wanted.days.low is None:
        days &= values > BEYOND_MOMENTS_MS
    found |= days
    return found


def _plain(end: End | None) -> Any:
    if isinstance(end, datetime):
        return to_ms(end)
    return day_to_ms(end) if isinstance(end, date) else end
