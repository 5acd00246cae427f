"""Ranges of moments and of days: which moments a range of days has, and which days lie in a range of moments."""

from datetime import datetime, tzinfo
from typing import Any

from crm_core.rules.days import DAY, day_of, start_of
from crm_core.rules.predicates import Range, Span


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


def coming(moments: Range, zone: tzinfo) -> Span:
    """A window ahead with both ends: a value without a time is in it until its day has ended."""
    low: Any = moments.low
    high: Any = moments.high
    return Span(moments, Range(day_of(low, zone), day_of(high, zone)), zone)


def _days_within(moments: Range, zone: tzinfo) -> Range:
    """The days that begin within; both ends of ``moments`` belong to it."""
    low: Any = moments.low
    high: Any = moments.high
    if low is not None:
        day = day_of(low, zone)
        low = day if start_of(day, zone) >= low else day + DAY
    return Range(low, None if high is None else day_of(high, zone))
