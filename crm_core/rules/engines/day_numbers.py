"""Columns of dates by days: what holds for a day of UTC is looked up, and searched for where it changes within one."""

from datetime import timedelta
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import BEYOND_MOMENTS_MS, EPOCH, PLAIN_DAYS_MS, Mask
from crm_core.rules.yearly import FIRST_YEAR, LAST_YEAR

DAY_MS = 86_400_000
Ms: TypeAlias = NDArray[np.int64]


class DayNumbers(NamedTuple):
    """Of each value. is_day: whether it is a plain day. ms: since 1970 UTC, of a plain day its midnight there.
    numbers: of the day in UTC since 1970."""

    is_day: Mask
    ms: Ms
    numbers: Ms


def read_days(values: NDArray[Any]) -> DayNumbers:
    is_day = values > BEYOND_MOMENTS_MS
    ms = values - is_day * np.int64(PLAIN_DAYS_MS)
    return DayNumbers(is_day, ms, ms // DAY_MS)


def years_of(days: DayNumbers) -> range:
    """The years of these values in any zone; none for no values."""
    if not days.numbers.size:
        return range(0)
    first, last = ((EPOCH + timedelta(days=int(end))).year for end in (days.numbers.min(), days.numbers.max()))
    return range(max(first - 1, FIRST_YEAR), min(last + 1, LAST_YEAR) + 1)


def starts_of(years: range) -> Ms:
    """The ms at which each day of these years begins in UTC, and the one after them."""
    first, end = (np.datetime64(f"{year:04}-01-01", "D").astype(np.int64) for year in (years.start, years.stop))
    return np.arange(first, end + 1) * DAY_MS


def changes_within(edges: Ms, starts: Ms) -> Mask:
    """Of which of these days something changes after it has begun."""
    before = np.searchsorted(edges, starts[:-1], side="right")
    within: Mask = np.searchsorted(edges, starts[1:], side="left") > before
    return within
