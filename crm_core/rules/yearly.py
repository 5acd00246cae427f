"""Days of a year as the days and moments that they are in each year: what engines ask for an anniversary."""

from calendar import isleap
from collections.abc import Iterator, Set
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from crm_core.rules.days import DAY, day_of, start_of
from crm_core.rules.predicates import Range, Yearly

FIRST_YEAR, LAST_YEAR = 1899, 9998
"""In some zone, of what may be stored."""
LAST_DAY = date(LAST_YEAR, 12, 31)
LEAP_YEARS = 8
"""The most from one leap year to the next."""
LEAP_DAY, DAY_BEFORE = (2, 29), (2, 28)


def days_from(first: date, count: int) -> frozenset[tuple[int, int]]:
    """Month and day of ``first`` and of the ``count`` days after it. 29 February falls on 28 February in years
    without one."""
    first = min(first, LAST_DAY)
    days = [first + number * DAY for number in range(count + 1)]
    found = {(day.month, day.day) for day in days}
    has_both = any((day.month, day.day) == DAY_BEFORE and not isleap(day.year) for day in days)
    return frozenset(found | {LEAP_DAY} if has_both else found)


def runs_in(wanted: Yearly, year: int) -> Iterator[tuple[date, date]]:
    """The wanted days of a year, as the first and the last of those that follow each other, in order."""
    new_year = date(year, 1, 1)
    for first, last in _runs(wanted.days, is_leap=isleap(year)):
        yield new_year + first * DAY, new_year + last * DAY


def moments_in(wanted: Yearly, year: int) -> Iterator[tuple[datetime, datetime]]:
    """When these runs begin and when they have ended."""
    for first, last in runs_in(wanted, year):
        yield start_of(first, wanted.zone), start_of(last + DAY, wanted.zone)


def nearest(wanted: Yearly, value: date) -> Range:
    """Of a moment or a plain day: the run of wanted ones that is the least change away. Where the zone skipped a day it
    has no moments."""
    day = day_of(value, wanted.zone) if isinstance(value, datetime) else value
    for reach in (1, LEAP_YEARS):
        years = range(max(day.year - reach, FIRST_YEAR), min(day.year + reach, LAST_YEAR) + 1)
        if found := [each for year in years for each in _ranges(wanted, year, value)]:
            return min(found, key=lambda each: _gap(each, value))
    raise AssertionError("every day of a year is in one of so many years")


def _ranges(wanted: Yearly, year: int, value: date) -> Iterator[Range]:
    if isinstance(value, datetime):
        yield from (Range(start, end, without_high=True) for start, end in moments_in(wanted, year) if start < end)
    else:
        yield from (Range(first, last) for first, last in runs_in(wanted, year))


def _gap(found: Any, value: Any) -> Any:
    return max(found.low - value, value - found.high)


@lru_cache(maxsize=64)
def _runs(days: Set[tuple[int, int]], *, is_leap: bool) -> tuple[tuple[int, int], ...]:
    """As days since New Year."""
    new_year = date(2000 if is_leap else 2001, 1, 1)
    numbers = [number for number in range(365 + is_leap) if _month_and_day(new_year + number * DAY) in days]
    found = [list(run) for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])]
    return tuple((run[0][1], run[-1][1]) for run in found)


def _month_and_day(day: date) -> tuple[int, int]:
    return day.month, day.day
