"""Days in a time zone: where each begins, also where the clocks change at midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.days import DAY, day_of, start_of
from crm_core.rules.predicates import Range
from crm_core.rules.spans import coming, to_moments, to_span

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
DAYS = st.dates(date(1900, 1, 1), date(2037, 12, 31))


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", 25),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00", 23),
        ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00", 25),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),
        ("Asia/Beirut", "2025-03-30", "2025-03-29T22:00", 23),
        ("America/Havana", "2025-11-02", "2025-11-02T04:00", 25),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15", 24),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
    ],
)
def test_a_day_begins_at_its_first_instant_and_ends_where_the_next_begins(
    zone: str, day: str, start: str, hours: float
) -> None:
    found = start_of(date.fromisoformat(day), ZoneInfo(zone))
    assert found == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert start_of(date.fromisoformat(day) + DAY, ZoneInfo(zone)) - found == timedelta(hours=hours)


@given(zone=ZONES, day=DAYS)
def test_days_follow_each_other_and_the_first_instant_of_one_is_on_it(zone: ZoneInfo, day: date) -> None:
    start, end = start_of(day, zone), start_of(day + DAY, zone)
    assert start <= end
    if start < end:
        assert start.astimezone(zone).date() == day
        assert day_of(start, zone) == day
        assert day_of(end - timedelta(milliseconds=1), zone) == day


@given(zone=ZONES, day=DAYS, before=st.integers(0, 400), length=st.integers(0, 10**10))
def test_a_plain_day_is_in_a_window_exactly_when_its_first_instant_is(
    zone: ZoneInfo, day: date, before: int, length: int
) -> None:
    low = start_of(day, zone) - timedelta(hours=before)
    window = Range(low, low + timedelta(milliseconds=length))
    found = to_span(window, zone)
    assert found.moments is window
    is_in = low <= start_of(day, zone) <= low + timedelta(milliseconds=length)
    days = found.days
    assert is_in == (days.low <= day <= days.high)  # type: ignore[operator]


@given(zone=ZONES, day=DAYS, before=st.integers(-400, 400), length=st.integers(0, 10**10))
def test_a_plain_day_is_in_a_window_ahead_until_it_has_ended(
    zone: ZoneInfo, day: date, before: int, length: int
) -> None:
    low = start_of(day, zone) - timedelta(hours=before)
    window = Range(low, low + timedelta(milliseconds=length))
    found = coming(window, zone)
    assert found.moments is window
    has_begun = start_of(day, zone) <= low + timedelta(milliseconds=length)
    if start_of(day, zone) < start_of(day + DAY, zone):
        is_in = has_begun and low < start_of(day + DAY, zone)
        assert is_in == (found.days.low <= day <= found.days.high)  # type: ignore[operator]


def test_open_ends_stay_open() -> None:
    day, zone = date(2026, 3, 29), ZoneInfo("Europe/Berlin")
    assert to_moments(Range(day), zone) == Range(datetime(2026, 3, 28, 23, tzinfo=UTC))
    assert to_moments(Range(None, day), zone) == Range(None, datetime(2026, 3, 29, 22, tzinfo=UTC), without_high=True)
