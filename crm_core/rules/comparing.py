"""A field against another one of the same customer: what is asked of its value once the other one is known."""

from datetime import date, datetime, tzinfo
from typing import Any

from crm_core.rules.days import DAY, day_of
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Relation
from crm_core.rules.predicates import OneOf, Predicate, Range
from crm_core.rules.ranks import bounded
from crm_core.rules.spans import to_span


def asked(relation: Relation, other: CustomerField, value: Any, zone: tzinfo) -> Predicate:
    """What a value must fulfil that is compared with ``value`` of ``other``: as if that had been written. Dates are
    compared as days, a moment as the day that it is on in ``zone``."""
    match other.type:
        case FieldType.DATE:
            return to_span(_days(relation, as_day(value, zone)), zone)
        case FieldType.TEXT:
            return OneOf(frozenset({value}))
        case _:
            return _range(relation, bounded(other, value))


def as_day(value: date, zone: tzinfo) -> date:
    """Of a moment or a plain day."""
    return day_of(value, zone) if isinstance(value, datetime) else value


def _days(relation: Relation, day: date) -> Range:
    match relation:
        case "<":
            return Range(None, day - DAY)
        case ">":
            return Range(day + DAY)
        case _:
            return Range(day, day)


def _range(relation: Relation, value: Any) -> Range:
    match relation:
        case "<":
            return Range(None, value, without_high=True)
        case "<=":
            return Range(None, value)
        case ">":
            return Range(value, without_low=True)
        case ">=":
            return Range(value)
        case "=":
            return Range(value, value)
