"""Ranges of days in the workspace's time zone, and how they are cut into steps of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from crm_core.errors import InvalidInput
from crm_core.rules.days import DAY, start_of
from crm_core.rules.engines.columns import to_ms

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 31)
MAX_DAYS = 366 * 50
DAILY_UP_TO, WEEKLY_UP_TO = 62, 366
"""Days of the longest ranges that are drawn by day, and by week."""


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True)
class Period:
    """Both days belong to it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """As many days, up to the one before it."""
        length = timedelta(days=min(self.days, (self.first - FIRST_DAY).days))
        return Period(self.first - length, self.first - DAY)

    @property
    def step(self) -> Step:
        if self.days <= DAILY_UP_TO:
            return Step.DAY
        return Step.WEEK if self.days <= WEEKLY_UP_TO else Step.MONTH

    def whole_months(self) -> "Period":
        """From the first day of its first month to the last of its last."""
        return Period(self.first.replace(day=1), next_month(self.last) - DAY)

    def starts(self, step: Step) -> list[date]:
        """When its steps begin: the first with the period, the others on Mondays, or on the first of a month."""
        starts, day = [self.first], _next(self.first, step)
        while day <= self.last:
            starts.append(day)
            day = _next(day, step)
        return starts

    def span(self, zone: tzinfo) -> tuple[int, int]:
        """In ms since 1970 UTC: its beginning, and the end, which does not belong to it."""
        return to_ms(start_of(self.first, zone)), to_ms(start_of(self.last + DAY, zone))

    def edges(self, starts: Sequence[date], zone: tzinfo) -> NDArray[np.int64]:
        """The beginnings of these steps, and the end of the last one, in ms."""
        return np.array([to_ms(start_of(day, zone)) for day in (*starts, self.last + DAY)], dtype=np.int64)


def make_period(first: date | None, last: date | None, *, today: date, days: int) -> Period:
    """Without a last day up to today, without a first one so many ``days``. Raises InvalidInput."""
    end = last or (max(today, first) if first else today)
    start = first or max(end - timedelta(days=days - 1), FIRST_DAY)
    for name, day in (("from", start), ("to", end)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise InvalidInput(f"'{name}' is {day}; days from {FIRST_DAY} to {LAST_DAY} can be asked for.", field=name)
    if start > end:
        raise InvalidInput(f"'from' is {start}, which is after 'to', {end}.", field="from")
    if (end - start).days >= MAX_DAYS:
        raise InvalidInput(f"A range has at most {MAX_DAYS:,} days; {start} to {end} are more.", field="from")
    return Period(start, end)


def next_month(day: date) -> date:
    """The first day of the month after that of ``day``."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_before(day: date, months: int) -> date:
    """The first day of the month that is so many before that of ``day``."""
    place = max(day.year * 12 + day.month - 1 - months, FIRST_DAY.year * 12)
    return date(place // 12, place % 12 + 1, 1)


def _next(day: date, step: Step) -> date:
    match step:
        case Step.DAY:
            return day + DAY
        case Step.WEEK:
            return day + timedelta(days=7 - day.weekday())
        case Step.MONTH:
            return next_month(day)
