"""The best hour of the week, and when it comes next."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pages.wizard.best_time import best_hour, next_time

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-15T12:00", "2026-06-16T18:00"),  # a Monday
        ("2026-06-16T16:59", "2026-06-16T18:00"),
        ("2026-06-16T17:01", "2026-06-23T18:00"),
        ("2026-06-17T00:00", "2026-06-23T18:00"),
        ("2026-10-22T12:00", "2026-10-27T18:00"),  # the clocks change in between
    ],
)
def test_the_next_tuesday_at_six_is_at_least_an_hour_ahead(now: str, expected: str) -> None:
    found = next_time(1, 18, datetime.fromisoformat(now).replace(tzinfo=BERLIN))
    assert f"{found:%Y-%m-%dT%H:%M}" == expected
    assert found.tzinfo is BERLIN


def test_of_several_best_hours_the_first_is_taken() -> None:
    rows = [
        {"weekday": day, "hour": hour, "count": (day, hour) in {(2, 9), (4, 20)}}
        for day in range(7)
        for hour in range(24)
    ]
    assert (best_hour(rows)["weekday"], best_hour(rows)["hour"]) == (2, 9)
