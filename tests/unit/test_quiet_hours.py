"""Quiet hours on the clock of the customer, over midnight and over the days on which clocks change."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_core.campaigns.sending.quiet import NEVER, QuietHours
from crm_core.customers.model import CustomerFields

NIGHT = QuietHours.parse("21:00-08:00", "Europe/Berlin")


def end(hours: QuietHours, now: str, zone: Any = None) -> str | None:
    customer: CustomerFields = {"attributes": {"time_zone": zone}} if zone is not None else {}
    found = hours.end_for(customer, datetime.fromisoformat(now).replace(tzinfo=UTC))
    return found.strftime("%d %H:%M") if found else None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-06-15T18:59", None),
        ("2026-06-15T19:00", "16 06:00"),
        ("2026-06-15T22:30", "16 06:00"),
        ("2026-06-16T05:59", "16 06:00"),
        ("2026-06-16T06:00", None),
    ],
)
def test_a_night_lasts_until_the_morning_after(now: str, expected: str | None) -> None:
    assert end(NIGHT, now) == expected


def test_each_customer_has_an_own_night() -> None:
    assert end(NIGHT, "2026-06-15T12:00") is None
    assert end(NIGHT, "2026-06-15T12:00", "Asia/Tokyo") == "15 23:00"
    assert end(NIGHT, "2026-06-15T12:00", "America/Los_Angeles") == "15 15:00"


@pytest.mark.parametrize(
    "zone",
    ["asia/kolkata", "Asia/Calcutta", " ASIA/KOLKATA", "UTC+5:30", "GMT +0530", "+05:30", "India Standard Time"],
)
def test_a_zone_is_understood_in_its_usual_spellings(zone: str) -> None:
    assert end(NIGHT, "2026-06-15T16:00", zone) == "16 02:30"
    for name in ("timezone", "tz"):
        assert NIGHT.end_for({"attributes": {name: zone, "time_zone": ""}}, datetime(2026, 6, 15, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "IST", "CST", "UTC+99", "../etc/passwd", "x" * 500, 5, ["UTC"], "Asia/Tok\x00yo"]
)
def test_an_unknown_zone_gets_nothing_while_it_is_quiet_anywhere(zone: Any) -> None:
    noon = datetime(2026, 6, 15, 12, tzinfo=UTC)
    customer: CustomerFields = {"attributes": {"time_zone": zone}}
    assert NIGHT.end_for(customer, noon) == NEVER
    moment = QuietHours.parse("12:05-12:10", "UTC")
    assert moment.end_for(customer, noon) is None
    assert moment.end_for(customer, noon + timedelta(minutes=7)) == noon + timedelta(minutes=10)


def test_who_says_nothing_of_a_zone_has_that_of_the_workspace() -> None:
    assert end(NIGHT, "2026-06-15T19:00", "") == end(NIGHT, "2026-06-15T19:00") == "16 06:00"


def test_hours_within_one_day_end_on_it() -> None:
    lunch = QuietHours.parse("12:00-13:30", "UTC")
    assert [end(lunch, f"2026-06-15T{at}") for at in ("11:59", "12:00", "13:29", "13:30")] == [
        None,
        "15 13:30",
        "15 13:30",
        None,
    ]


def test_the_nights_on_which_clocks_change_are_an_hour_shorter_and_longer() -> None:
    assert end(NIGHT, "2026-03-28T21:00") == "29 06:00"
    assert end(NIGHT, "2026-10-24T20:00") == "25 07:00"


def test_an_end_that_the_clock_skips_or_shows_twice_is_after_now() -> None:
    skipped = QuietHours.parse("01:00-02:30", "Europe/Berlin")
    assert end(skipped, "2026-03-29T00:30") == "29 01:30"
    twice = QuietHours.parse("01:00-02:30", "Europe/Berlin")
    assert end(twice, "2026-10-25T00:15") == "25 00:30"  # 02:15 in summer
    assert end(twice, "2026-10-25T01:15") == "25 01:30"  # 02:15 an hour later, in winter
