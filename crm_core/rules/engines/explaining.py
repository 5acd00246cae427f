"""Why a customer matches or does not: a tick or a cross per condition, what it has, and what is lacking."""

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
)
from crm_core.rules.engines.single import Subject, actual_value, asked_predicate, fulfils, join, read_value
from crm_core.rules.fields import FieldType
from crm_core.rules.predicates import Predicate, Range, Span, Yearly
from crm_core.rules.tree import ReachRule
from crm_core.rules.yearly import nearest

MILLISECOND = timedelta(milliseconds=1)
Distance: TypeAlias = Decimal | timedelta
_Valued: TypeAlias = BoundField | BoundComparison | BoundRecords


@dataclass(frozen=True)
class Explanation:
    """One node of the rule, for one customer.

    bound: the node, ``bound.path`` its place. actual: for conditions on a figure or a field what the customer has:
    amounts in major units, dates as times or plain days, texts and lists as compared; None where it is missing.
    distance: by how much a number or a date must change, at least, for a cross to become a tick: + up or later,
    - down or earlier, in the unit of ``actual``, averages rounded away to minor units. A custom number that must pass
    an end by however little has the distance to that end. None for a tick, for what is missing, and where no change of
    a number would do. Of reach: why nothing could be sent, None where nothing forbids it; of suppressions: their
    reasons, None where there is none. other: what the customer has of the field that this one is compared with, as
    ``actual``.
    """

    bound: Bound
    matches: bool
    actual: Any = None
    distance: Distance | None = None
    other: Any = None
    children: tuple["Explanation", ...] = ()


def explain(bound: Bound, subject: Subject, *, digits: int) -> Explanation:
    """Law: ``explain(…).matches`` is ``matches(…)``, at every node. digits: minor digits of the currency."""
    match bound:
        case BoundGroup():
            children = tuple(explain(child, subject, digits=digits) for child in bound.children)
            return Explanation(bound, join(bound.rule.kind, (child.matches for child in children)), children=children)
        case BoundSegment():
            child = explain(bound.child, subject, digits=digits)
            return Explanation(bound, child.matches, children=(child,))
        case BoundReach():
            return Explanation(bound, fulfils(bound, subject), _contact(bound, subject))
        case BoundList():
            return Explanation(bound, fulfils(bound, subject), subject.customer["_id"])
        case BoundField() | BoundComparison() | BoundRecords():
            return _condition(bound, subject, digits)
        case _:
            assert_never(bound)


def _contact(bound: BoundReach, subject: Subject) -> str | tuple[str, ...] | None:
    contact = subject.contacts[bound.channel.name]
    return contact.barrier if isinstance(bound.rule, ReachRule) else tuple(sorted(contact.suppressions)) or None


def _condition(bound: _Valued, subject: Subject, digits: int) -> Explanation:
    value, is_match = actual_value(bound, subject), fulfils(bound, subject)
    minor_digits = _digits(bound, digits)
    other = read_value(bound.other, subject.customer) if isinstance(bound, BoundComparison) else None
    shown = None if value is None else _actual(value, minor_digits)
    beside = None if other is None else _actual(other, minor_digits)
    predicate = asked_predicate(bound, subject)
    if value is None or predicate is None or is_match:
        return Explanation(bound, is_match, shown, other=beside)
    distance = _distance(bound, predicate, value)
    return Explanation(bound, is_match, shown, _shown(distance, minor_digits), other=beside)


def _digits(bound: _Valued, digits: int) -> int | None:
    """Of a value that is held in units of 10^-digits; None for others."""
    if isinstance(bound, BoundRecords):
        return bound.digits or (digits if bound.type is FieldType.MONEY else None)
    return digits if bound.field.type is FieldType.MONEY else None


def _distance(bound: _Valued, predicate: Predicate, value: Any) -> Any:
    wanted: Any = _asked_of(value, predicate)
    if not isinstance(wanted, Range) or wanted.is_empty:
        return None
    if not isinstance(bound, BoundRecords) and not bound.field.is_whole and isinstance(value, int | float):
        wanted, value = _as_decimals(wanted), Decimal(str(value))
    way = _out_of if bound.operator.is_negative else _into
    return way(wanted, value)


def _asked_of(value: Any, predicate: Predicate) -> Predicate:
    match predicate:
        case Span():
            return predicate.of(value)
        case Yearly():
            return nearest(predicate, value)
        case _:
            return predicate


def _as_decimals(wanted: Range) -> Any:
    """As people wrote the numbers: the difference of two doubles has a tail of digits."""
    ends = [None if end is None else Decimal(str(end)) for end in (wanted.low, wanted.high)]
    return replace(wanted, low=ends[0], high=ends[1])  # type: ignore[arg-type]


def _into(wanted: Any, value: Any) -> Any:
    """To the low end from below it, to the high end from above it."""
    if wanted.low is not None and not wanted.low < value:
        return _beyond(wanted.low - value, is_past=wanted.without_low, is_up=True)
    return _beyond(wanted.high - value, is_past=wanted.without_high, is_up=False)


def _out_of(wanted: Any, value: Any) -> Any:
    """The shorter way out of a range with both ends, as those of negative operators are."""
    up = _beyond(wanted.high - value, is_past=not wanted.without_high, is_up=True)
    down = _beyond(wanted.low - value, is_past=not wanted.without_low, is_up=False)
    return up if up <= -down else down


def _beyond(change: Any, *, is_past: bool, is_up: bool) -> Any:
    """The least change of whole units, minor ones or ms, that reaches an end, or passes it; of a custom number the
    change to the end itself."""
    match change:
        case Decimal():
            return change
        case timedelta():
            return change + is_past * MILLISECOND * (1 if is_up else -1)
        case _:
            size = abs(change)
            whole = math.floor(size) + 1 if is_past else math.ceil(size)
            return whole if is_up else -whole


def _actual(value: Any, minor_digits: int | None) -> Any:
    """Money in major units; an average to the minor unit."""
    if minor_digits is None:
        return value
    return Decimal(round(value)).scaleb(-minor_digits)


def _shown(distance: Any, minor_digits: int | None) -> Distance | None:
    if isinstance(distance, int):
        return Decimal(distance).scaleb(-(minor_digits or 0))
    shown: Distance | None = distance
    return shown
