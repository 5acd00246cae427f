"""Why a customer matches or does not: a tick or a cross per condition, what it has, and what is lacking."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

from crm_core.rules.binding import Bound, BoundField, BoundGroup, BoundList, BoundRecords, BoundSegment
from crm_core.rules.fields import FieldType
from crm_core.rules.predicates import Range
from crm_core.rules.single import Subject, actual_value, fulfils, join

Distance: TypeAlias = Decimal | timedelta


@dataclass(frozen=True)
class Explanation:
    """One node of the rule, for one customer.

    bound: the node, ``bound.path`` its place. actual: for conditions on a figure or a field what the customer has:
    amounts in major units, dates as times, texts and lists as compared; None where it is missing.
    distance: by how much a number or a date must change, at least, for a cross to become a tick: + up or later,
    - down or earlier, in the unit of ``actual``, averages rounded away to minor units. A custom number that must pass
    an end by however little has the distance to that end. None for a tick, for what is missing, and where no change of
    a number would do.
    """

    bound: Bound
    matches: bool
    actual: Any = None
    distance: Distance | None = None
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
        case BoundList():
            return Explanation(bound, fulfils(bound, subject), subject.customer["_id"])
        case BoundField() | BoundRecords():
            return _condition(bound, subject, digits)
        case _:
            assert_never(bound)


def _condition(bound: BoundField | BoundRecords, subject: Subject, digits: int) -> Explanation:
    value, is_match = actual_value(bound, subject), fulfils(bound, subject)
    if value is None:
        return Explanation(bound, is_match)
    minor_digits = digits if _type(bound) is FieldType.MONEY else None
    distance = None if is_match else _distance(bound, value)
    return Explanation(bound, is_match, _actual(value, minor_digits), _shown(distance, minor_digits))


def _type(bound: BoundField | BoundRecords) -> FieldType:
    return bound.field.type if isinstance(bound, BoundField) else bound.type


def _distance(bound: BoundField | BoundRecords, value: Any) -> Any:
    wanted: Any = bound.predicate
    if not isinstance(wanted, Range) or wanted.is_empty:
        return None
    step = _least_change(value)
    return _out_of(wanted, value, step) if bound.operator.is_negative else _into(wanted, value, step)


def _least_change(value: Any) -> Any:
    """By which a value passes an end that does not belong to a range."""
    match value:
        case datetime():
            return timedelta(milliseconds=1)
        case float():
            return 0
        case _:
            return 1


def _into(wanted: Any, value: Any, step: Any) -> Any:
    """To the low end from below it, to the high end from above it."""
    if wanted.low is not None and not wanted.low < value:
        return wanted.low - value + step * wanted.without_low
    return wanted.high - value - step * wanted.without_high


def _out_of(wanted: Any, value: Any, step: Any) -> Any:
    """The shorter way out of a range with both ends, as those of negative operators are."""
    up = wanted.high - value + step * (not wanted.without_high)
    down = wanted.low - value - step * (not wanted.without_low)
    return (up if up <= -down else down) or None


def _actual(value: Any, minor_digits: int | None) -> Any:
    """Money in major units; an average to the minor unit."""
    if minor_digits is None:
        return value
    return Decimal(round(value)).scaleb(-minor_digits)


def _shown(distance: Any, minor_digits: int | None) -> Distance | None:
    if distance is None or isinstance(distance, timedelta):
        return distance
    if minor_digits is None:
        return Decimal(str(distance))
    away = math.ceil(distance) if distance > 0 else math.floor(distance)
    return Decimal(away).scaleb(-minor_digits)
