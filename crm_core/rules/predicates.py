"""What a condition asks of one value. Operators are made of these few; each engine knows these and no operators.

A missing value fulfils none of them; what is missing is decided where values are read.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from fractions import Fraction
from typing import Any, TypeAlias, assert_never

from crm_core.rules.days import day_of

End: TypeAlias = int | float | Fraction | date | datetime


@dataclass(frozen=True)
class Range:
    """Between two ends, None for an open one. Both belong to it unless the flag says otherwise."""

    low: End | None = None
    high: End | None = None
    without_low: bool = False
    without_high: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing can lie within: of whole numbers, between 2 and 3 without both."""
        low, high = self.low, self.high
        return low is not None and high is not None and bool(low > high)  # type: ignore[operator]


NOTHING = Range(1, 0)
"""Of numbers."""


@dataclass(frozen=True)
class Span:
    """Of a value that is a moment or a plain day. zone: where a day begins."""

    moments: Range
    days: Range
    zone: tzinfo

    def of(self, value: date) -> Range:
        """The one to ask of this value; a datetime is a date to Python."""
        return self.moments if isinstance(value, datetime) else self.days

    def has(self, value: date) -> bool:
        return holds(self.of(value), value)


@dataclass(frozen=True)
class Yearly:
    """Of a value that is a moment or a plain day: on one of these days of a year, whichever year it is.

    days: month and day. zone: where a day begins.
    """

    days: Set[tuple[int, int]]
    zone: tzinfo

    def has(self, value: date) -> bool:
        day = day_of(value, self.zone) if isinstance(value, datetime) else value
        return (day.month, day.day) in self.days


@dataclass(frozen=True)
class OneOf:
    """texts: folded, none of them empty."""

    texts: Set[str]


@dataclass(frozen=True)
class Contains:
    text: str


@dataclass(frozen=True)
class StartsWith:
    text: str


@dataclass(frozen=True)
class HasAny:
    texts: Set[str]


@dataclass(frozen=True)
class HasAll:
    texts: Set[str]


@dataclass(frozen=True)
class Is:
    value: bool


@dataclass(frozen=True)
class IsSet:
    pass


Predicate: TypeAlias = Range | Span | Yearly | OneOf | Contains | StartsWith | HasAny | HasAll | Is | IsSet


def holds(predicate: Predicate, value: Any) -> bool:
    """Whether a value that is there fulfils it. value: number, Fraction, folded text, folded texts, moment,
    plain day or bool."""
    match predicate:
        case Range():
            return _is_above(predicate, value) and _is_below(predicate, value)
        case Span() | Yearly():
            return predicate.has(value)
        case OneOf():
            return value in predicate.texts
        case Contains():
            return predicate.text in value
        case StartsWith():
            return bool(value.startswith(predicate.text))
        case HasAny():
            return not predicate.texts.isdisjoint(value)
        case HasAll():
            return predicate.texts <= set(value)
        case Is():
            return value is predicate.value
        case IsSet():
            return True
        case _:
            assert_never(predicate)


def _is_above(wanted: Range, value: Any) -> bool:
    if wanted.low is None:
        return True
    return bool(value > wanted.low if wanted.without_low else value >= wanted.low)


def _is_below(wanted: Range, value: Any) -> bool:
    if wanted.high is None:
        return True
    return bool(value < wanted.high if wanted.without_high else value <= wanted.high)
