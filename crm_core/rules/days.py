"""Days in a time zone: when each begins, and in which of them a moment lies."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

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
