"""Buckets of a rehearsal stay few and lose no message, however long it takes."""

from datetime import UTC, datetime, timedelta

from crm_core.campaigns.rehearsal.tally import DAY, HOUR, MAX_BUCKETS, Buckets

START = datetime(2026, 6, 15, 12, 34, 56, tzinfo=UTC)


def test_hours_begin_on_the_hour_and_become_days_when_there_are_too_many() -> None:
    buckets = Buckets()
    for number in range(MAX_BUCKETS):
        buckets.add(START + number * HOUR, 2)
    assert (buckets.width, len(buckets.items())) == (HOUR, MAX_BUCKETS)
    assert buckets.items()[0] == (datetime(2026, 6, 15, 12, tzinfo=UTC), 2)
    buckets.add(START + MAX_BUCKETS * HOUR, 1)
    assert (buckets.width, len(buckets.items())) == (DAY, 15)
    assert buckets.items()[:2] == [(datetime(2026, 6, 15, tzinfo=UTC), 24), (datetime(2026, 6, 16, tzinfo=UTC), 48)]


def test_a_thousand_years_still_fit() -> None:
    buckets = Buckets()
    for number in range(4000):
        buckets.add(START + number * timedelta(days=90), 1)
    assert len(buckets.items()) <= MAX_BUCKETS
    assert sum(count for _, count in buckets.items()) == 4000
