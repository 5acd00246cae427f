"""What a condition asks of a stored value, as a filter of MongoDB on its path."""

import re
from typing import Any, assert_never

from crm_core.rules.engines.mongo_ranges import Filter, to_range
from crm_core.rules.engines.mongo_yearly import to_yearly
from crm_core.rules.fields import CustomerField, FieldType
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


def to_filter(predicate: Predicate, found: CustomerField) -> Filter:
    """MongoDB compares values of one type only: moments with moments, plain days with the texts that they are."""
    match predicate:
        case Span():
            days = {key: str(day) for key, day in to_range(predicate.days).items()}
            kinds = (to_range(predicate.moments), days)
            return {"$or": [{found.path: test} for test in kinds]}
        case OneOf() if found.choices:
            others = sorted(set(found.choices) - predicate.texts)  # who has none stored has the last
            is_last = found.choices[-1] in predicate.texts
            return {found.path: {"$nin": others} if is_last else {"$in": sorted(predicate.texts)}}
        case Yearly():
            return to_yearly(predicate, found.path)
        case IsSet() if found.has_plain_days:
            return {found.path: {"$type": ["date", "string"]}}
        case _:
            return {found.path: _test(predicate, found)}


def _test(predicate: Predicate, found: CustomerField) -> Any:
    match predicate:
        case Range():
            return to_range(predicate)
        case Span() | Yearly():
            raise AssertionError("is asked of two types")
        case OneOf() | HasAny():
            return {"$in": sorted(predicate.texts)}
        case HasAll():
            return {"$all": sorted(predicate.texts)}
        case Contains():
            return {"$regex": re.escape(predicate.text)}
        case StartsWith():
            return {"$regex": "^" + re.escape(predicate.text)}
        case Is():
            return {"$eq": predicate.value}
        case IsSet():
            return _present(found.type)
        case _:
            assert_never(predicate)


def _present(kind: FieldType) -> Filter:
    """A value that is there: an empty text and an empty list are none."""
    match kind:
        case FieldType.TEXT | FieldType.CHOICE:
            return {"$gt": ""}
        case FieldType.LIST:
            return {"$type": "array", "$ne": []}
        case FieldType.NUMBER | FieldType.MONEY:
            return {"$type": "number"}
        case FieldType.DATE:
            return {"$type": "date"}
        case FieldType.BOOLEAN:
            return {"$type": "bool"}
