"""When a campaign starts: a day and a time on the clock of a zone, and the moment that they mean. Pure."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_core.errors import InvalidInput


def to_moment(day: date, clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Aware UTC; of a time that the clock shows twice, the first. Raises InvalidInput for one that it skips, and for
    one that has passed."""
    local = datetime.combine(day, clock, tzinfo=zone)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        first = _first_after(local, zone)
        raise InvalidInput(
            f"On {day:%-d %B %Y} there is no {clock:%H:%M} in {zone}: clocks go forward, to {first:%H:%M}.",
            field="start_at",
        )
    if moment <= now:
        there = now.astimezone(zone)
        raise InvalidInput(
            f"{day:%-d %B %Y} {clock:%H:%M} in {zone} has passed: it is {there:%-d %B %Y %H:%M} there.",
            field="start_at",
        )
    return moment


def is_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clock shows the same time once more."""
    local = moment.astimezone(zone)
    return local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()


def next_full_hour(now: datetime, zone: ZoneInfo) -> datetime:
    """To begin with: an hour or two from now."""
    return (now.astimezone(zone) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)


def _first_after(local: datetime, zone: ZoneInfo) -> datetime:
    """The end of the gap: what the offset before it makes of its times lies as far behind the gap as they in it."""
    before = local.replace(fold=0).utcoffset() or timedelta()
    after = local.replace(fold=1).utcoffset() or timedelta()
    gap = abs(before - after)
    step = local.replace(second=0, microsecond=0, tzinfo=None)
    for minutes in range(int(gap.total_seconds() // 60) + 1):
        tried = (step + timedelta(minutes=minutes)).replace(tzinfo=zone)
        if tried.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == tried.replace(tzinfo=None):
            return tried
    return local
