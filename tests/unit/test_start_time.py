"""When a campaign starts: the moment that a day and a time on a zone's clock mean."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from crm_core.errors import InvalidInput
from pages.wizard.start_time import is_twice, next_full_hour, to_moment

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "moment", "twice"),
    [
        (date(2026, 7, 1), time(18), "Asia/Kolkata", datetime(2026, 7, 1, 12, 30, tzinfo=UTC), False),
        (date(2026, 3, 29), time(3), "Europe/Berlin", datetime(2026, 3, 29, 1, tzinfo=UTC), False),
        (date(2026, 10, 25), time(2, 30), "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        (date(2026, 1, 1), time(12, 1), "UTC", datetime(2026, 1, 1, 12, 1, tzinfo=UTC), False),
    ],
)
def test_a_clock_names_a_moment(day: date, clock: time, zone: str, moment: datetime, twice: bool) -> None:
    found = to_moment(day, clock, ZoneInfo(zone), NOW)
    assert (found, is_twice(found, ZoneInfo(zone))) == (moment, twice)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "words"),
    [
        (date(2026, 3, 29), time(2, 30), "Europe/Berlin", "29 March 2026 there is no 02:30 .* forward, to 03:00"),
        (date(2026, 10, 4), time(2, 15), "Australia/Lord_Howe", "there is no 02:15 .* forward, to 02:30"),
        (date(2026, 1, 1), time(12), "UTC", "has passed: it is 1 January 2026 12:00 there"),
        (date(2026, 1, 1), time(17, 30), "Asia/Kolkata", "has passed: it is 1 January 2026 17:30 there"),
    ],
)
def test_a_time_that_is_skipped_or_has_passed_is_none(day: date, clock: time, zone: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        to_moment(day, clock, ZoneInfo(zone), NOW)
    assert caught.value.field == "start_at"


def test_what_is_offered_first_is_a_full_hour_ahead() -> None:
    offered = next_full_hour(datetime(2026, 1, 1, 12, 59, tzinfo=UTC), ZoneInfo("Asia/Kolkata"))
    assert (offered.hour, offered.minute) == (20, 0)
