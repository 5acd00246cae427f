"""What a condition asks of a value of a record, as an expression of MongoDB. Texts are literals, never patterns."""

from typing import Any, assert_never

from crm_core.rules.bound import BoundProperty
from crm_core.rules.engines.mongo_ranges import Filter, to_range
from crm_core.rules.engines.mongo_yearly import of_moments
from crm_core.rules.fields import FieldType
from crm_core.rules.predicates import (
    Contains,
    HasAll,
    HasAny,
    Is,
    IsSet,
    OneOf,
    Predicate,
    Range,
    Span,
    StartsWith,
    Yearly,
)


def to_expression(bound: BoundProperty, record: str) -> Filter:
    """Whether the record, such as ``$$each``, fulfils the condition."""
    value = f"{record}.{bound.field.path}"
    found: Filter = {"$cond": [_is_of(bound.field.type, value), _holds(bound.predicate, value), False]}
    return {"$not": [found]} if bound.operator.is_negative else found


def to_any_expression(bound: BoundProperty, record: str) -> Filter:
    """The same for a list of texts in the record: whether one of them fulfils the condition, of a negative operator
    none."""
    values = {"$ifNull": [f"{record}.{bound.field.path}", []]}
    tests = {"$map": {"input": values, "as": "one", "in": _holds(bound.predicate, "$$one")}}
    found: Filter = {"$anyElementTrue": [tests]}
    return {"$not": [found]} if bound.operator.is_negative else found


def _is_of(kind: FieldType, value: str) -> Filter:
    """Values of another type are missing; so are an empty text and an empty list."""
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return {"$isNumber": value}
        case FieldType.TEXT | FieldType.CHOICE:
            return {"$and": [_has_type(value, "string"), {"$ne": [value, ""]}]}
        case FieldType.LIST:
            return {"$and": [{"$isArray": value}, {"$ne": [value, []]}]}
        case FieldType.BOOLEAN:
            return _has_type(value, "bool")
        case FieldType.DATE:
            return {"$in": [{"$type": value}, ["date", "string"]]}
        case _:
            assert_never(kind)


def _holds(predicate: Predicate, value: str) -> Any:
    match predicate:
        case Range():
            return _within(predicate, value)
        case Yearly():
            of_year = [f"{month:02}-{day:02}" for month, day in sorted(predicate.days)]
            is_one = {"$in": [{"$substrCP": [value, len("2026-"), len("01-31")]}, of_year]}
            return {"$cond": [_has_type(value, "date"), of_moments(predicate, value), is_one]}
        case Span():
            days = {key: str(day) for key, day in to_range(predicate.days).items()}
            return {"$cond": [_has_type(value, "date"), _within(predicate.moments, value), _compared(days, value)]}
        case Is():
            return {"$eq": [value, predicate.value]}
        case IsSet():
            return True
        case _:
            return _holds_of_texts(predicate, value)


def _holds_of_texts(predicate: OneOf | Contains | StartsWith | HasAny | HasAll, value: str) -> Filter:
    match predicate:
        case OneOf():
            return {"$in": [value, {"$literal": sorted(predicate.texts)}]}
        case Contains():
            return {"$gte": [{"$indexOfCP": [value, {"$literal": predicate.text}]}, 0]}
        case StartsWith():
            return {"$eq": [{"$indexOfCP": [value, {"$literal": predicate.text}]}, 0]}
        case HasAny():
            return {"$ne": [{"$setIntersection": [value, {"$literal": sorted(predicate.texts)}]}, []]}
        case HasAll():
            return {"$setIsSubset": [{"$literal": sorted(predicate.texts)}, value]}
        case _:
            assert_never(predicate)


def _within(wanted: Range, value: str) -> Filter:
    return _compared(to_range(wanted), value)


def _compared(ends: Filter, value: str) -> Filter:
    return {"$and": [{key: [value, end]} for key, end in ends.items()]}


def _has_type(value: str, name: str) -> Filter:
    return {"$eq": [{"$type": value}, name]}
