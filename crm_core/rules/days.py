"""Days in a time zone: when each begins, and which of them a span of moments holds."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from crm_core.rules.predicates import Range, Span

DAY = timedelta(days=1)


@lru_cache(maxsize=4096)
def start_of(day: date, zone: tzinfo) -> datetime:
    """The first instant of ``day`` in ``zone``, as aware UTC: of two midnights the first one, and where the clocks
    skip midnight the instant at which they do."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    first = midnight.astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return first
    before, after = (int(midnight.replace(fold=fold).timestamp()) for fold in (1, 0))
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).date() >= day:
            after = middle
        else:
            before = middle
    return datetime.fromtimestamp(after, UTC)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The day that ``moment`` lies in, by ``start_of``."""
    day = moment.astimezone(zone).date()
    while start_of(day + DAY, zone) <= moment:
        day += DAY
    return day


def to_moments(wanted: Range, zone: tzinfo) -> Range:
    """The moments of ``wanted``, a range of moments or of days."""
    low: Any = wanted.low
    high: Any = wanted.high
    if isinstance(low or high, datetime):
        return wanted
    return Range(
        None if low is None else start_of(low, zone),
        None if high is None else start_of(high + DAY, zone),
        without_high=high is not None,
    )


def to_span(wanted: Range, zone: tzinfo) -> Span:
    """The same with the days of it, for values without a time: in a window one is there from its first instant."""
    moments = to_moments(wanted, zone)
    return Span(moments, _days_within(wanted, zone) if moments is wanted else wanted, zone)


def _days_within(moments: Range, zone: tzinfo) -> Range:
    """The days that begin within; both ends of ``moments`` belong to it."""
    low: Any = moments.low
    high: Any = moments.high
    if low is not None:
        day = day_of(low, zone)
        low = day if start_of(day, zone) >= low else day + DAY
    return Range(low, None if high is None else day_of(high, zone))
