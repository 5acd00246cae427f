"""Days of a year in each year: which days and moments an anniversary is on, in any zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.days import DAY
from crm_core.rules.engines.columns import day_to_ms, to_ms
from crm_core.rules.engines.mask_yearly import yearly_mask
from crm_core.rules.predicates import Yearly, holds
from crm_core.rules.yearly import days_from, moments_in, nearest, runs_in

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(date(1900, 1, 1), date(9998, 12, 30))
FIRST = datetime(1900, 1, 2, tzinfo=UTC)
LENGTHS_MS = st.integers(0, 220 * 365 * 86_400_000) | st.integers(0, 8098 * 365 * 86_400_000)
MOMENTS = LENGTHS_MS.map(lambda ms: FIRST + timedelta(milliseconds=ms))
WINDOWS = st.builds(days_from, DAYS, st.integers(0, 365))


def month_days(text: str) -> list[str]:
    first, count = text.split(" +")
    return sorted(f"{month:02}-{day:02}" for month, day in days_from(date.fromisoformat(first), int(count)))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-06-15 +0", ["06-15"]),
        ("2026-12-30 +3", ["01-01", "01-02", "12-30", "12-31"]),
        ("2027-02-27 +2", ["02-27", "02-28", "02-29", "03-01"]),
        ("2028-02-28 +0", ["02-28"]),
        ("2028-02-28 +1", ["02-28", "02-29"]),
        ("2027-03-01 +0", ["03-01"]),
        ("9998-12-31 +1", ["01-01", "12-31"]),
        ("9999-01-01 +1", ["01-01", "12-31"]),
    ],
)
def test_a_window_has_the_days_of_the_year_that_it_goes_over(text: str, days: list[str]) -> None:
    assert month_days(text) == days


@given(first=DAYS)
def test_a_year_has_every_day_of_the_year(first: date) -> None:
    assert len(days_from(first, 365)) == 366


@given(days=WINDOWS, zone=ZONES, moment=MOMENTS, day=DAYS)
def test_the_runs_of_a_year_hold_its_wanted_days_and_nothing_else(
    days: frozenset[tuple[int, int]], zone: ZoneInfo, moment: datetime, day: date
) -> None:
    wanted = Yearly(days, zone)
    assert any(low <= day <= high for low, high in runs_in(wanted, day.year)) == holds(wanted, day)
    years = (moment.year - 1, moment.year, min(moment.year + 1, 9998))
    found = any(low <= moment < high for year in years for low, high in moments_in(wanted, year))
    assert found == holds(wanted, moment)


@given(days=WINDOWS, zone=ZONES, moments=st.lists(MOMENTS, max_size=20), plain=st.lists(DAYS, max_size=20))
def test_a_column_is_searched_for_what_each_value_is_asked(
    days: frozenset[tuple[int, int]], zone: ZoneInfo, moments: list[datetime], plain: list[date]
) -> None:
    wanted = Yearly(days, zone)
    values = np.array([*map(to_ms, moments), *map(day_to_ms, plain)], dtype=np.int64)
    assert yearly_mask(wanted, values).tolist() == [holds(wanted, value) for value in (*moments, *plain)]


@given(days=WINDOWS, zone=ZONES, value=st.one_of(MOMENTS, DAYS))
def test_the_nearest_run_holds_the_value_or_its_end_is_wanted(
    days: frozenset[tuple[int, int]], zone: ZoneInfo, value: Any
) -> None:
    wanted = Yearly(days, zone)
    found: Any = nearest(wanted, value)
    assert holds(found, value) == holds(wanted, value)
    last = found.high - timedelta(milliseconds=1) if isinstance(value, datetime) else found.high
    assert holds(wanted, found.low)
    assert holds(wanted, last)


def test_a_leap_day_is_years_away() -> None:
    wanted = Yearly(days_from(date(2028, 2, 29), 0), UTC)
    assert nearest(wanted, date(1897, 3, 1)).low == date(1904, 2, 29)
    assert nearest(wanted, date(2003, 1, 1)).low == date(2004, 2, 29)


def test_the_nearest_run_may_be_of_the_year_before_or_after() -> None:
    wanted = Yearly(days_from(date(2026, 12, 30), 1), UTC)
    assert nearest(wanted, date(1990, 1, 5)).high == date(1989, 12, 31)
    assert nearest(wanted, date(1990, 12, 1)).low == date(1990, 12, 30)
    assert nearest(Yearly(days_from(date(2026, 1, 2), 0), UTC), date(1990, 12, 31)).low == date(1990, 12, 31) + 2 * DAY
