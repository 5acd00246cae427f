"""How far a zone's clocks are from UTC, so that a moment moved by it lies in the day that it belongs to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from crm_core.rules.days import DAY

MICROSECOND = timedelta(microseconds=1)


@lru_cache(maxsize=2048)
def shifts_in(zone: tzinfo, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """From when on in a year of UTC which shift holds; the first one from its beginning.

    A day that has begun goes on where the clocks go back over its midnight: there the shift changes when they show
    midnight again.
    """
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    if (fixed := zone.utcoffset(None)) is not None:
        return ((start, fixed),)
    found = [(start, _offset(start - 2 * DAY, zone))]
    for moment, after in _changes(start - 2 * DAY, end, zone):
        since = _effective(moment, found[-1][1], after)
        if since <= start:
            found = [(start, after)]
        elif since < end:
            found.append((since, after))
    return tuple(found)


def _effective(moment: datetime, before: timedelta, after: timedelta) -> datetime:
    begun = (moment + before - MICROSECOND).date()
    shown = moment + after
    if shown.date() >= begun:
        return moment
    return moment + (datetime(begun.year, begun.month, begun.day, tzinfo=UTC) - shown)


def _changes(start: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[datetime, timedelta]]:
    """When the clocks change, and their offset from then on; two changes of one day that undo each other are none."""
    low, before = start, _offset(start, zone)
    while low < end:
        high = low + DAY
        after = _offset(high, zone)
        while before != after:
            low = _first_change(low, high, zone)
            before = _offset(low, zone)
            yield low, before
        low = high


def _first_change(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """To the second."""
    before = _offset(low, zone)
    first, last = int(low.timestamp()), int(high.timestamp())
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(datetime.fromtimestamp(middle, UTC), zone) == before:
            first = middle
        else:
            last = middle
    return datetime.fromtimestamp(last, UTC)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
