"""The operator registry: one row feeds the check, the compiler, the editor and the wording."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from crm_core.errors import BadRule
from crm_core.rules.fields import FieldType
from crm_core.rules.tree import Value

MAX_DAYS = 36_500


class Takes(StrEnum):
    """What an operator needs as its value."""

    ONE = "one"
    RANGE = "range"
    MANY = "many"
    DAYS = "days"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Operator:
    """complement_of: the positive operator whose exact opposite this one is, missing values included."""

    key: str
    label: str
    types: frozenset[FieldType]
    takes: Takes = Takes.ONE
    complement_of: str | None = None


_NUMBER = frozenset({FieldType.NUMBER, FieldType.MONEY})
_TEXT = frozenset({FieldType.TEXT})
_DATE = frozenset({FieldType.DATE})
_LIST = frozenset({FieldType.LIST})
_ANY = frozenset(FieldType)

OPERATORS: tuple[Operator, ...] = (
    Operator("gt", "more than", _NUMBER),
    Operator("gte", "at least", _NUMBER),
    Operator("lt", "less than", _NUMBER),
    Operator("lte", "at most", _NUMBER),
    Operator("eq", "exactly", _NUMBER),
    Operator("ne", "not exactly", _NUMBER, complement_of="eq"),
    Operator("between", "between", _NUMBER, Takes.RANGE),
    Operator("not_between", "not between", _NUMBER, Takes.RANGE, "between"),
    Operator("in", "is one of", _TEXT, Takes.MANY),
    Operator("not_in", "is none of", _TEXT, Takes.MANY, "in"),
    Operator("eq", "is", _TEXT),
    Operator("ne", "is not", _TEXT, complement_of="eq"),
    Operator("contains", "contains", _TEXT),
    Operator("not_contains", "does not contain", _TEXT, complement_of="contains"),
    Operator("starts_with", "starts with", _TEXT),
    Operator("not_starts_with", "does not start with", _TEXT, complement_of="starts_with"),
    Operator("in_last_days", "in the last days", _DATE, Takes.DAYS),
    Operator("more_than_days_ago", "more days ago than", _DATE, Takes.DAYS),
    Operator("before", "before", _DATE),
    Operator("after", "after", _DATE),
    Operator("on", "on", _DATE),
    Operator("between", "between", _DATE, Takes.RANGE),
    Operator("is", "is", frozenset({FieldType.BOOLEAN})),
    Operator("has_any", "include any of", _LIST, Takes.MANY),
    Operator("has_all", "include all of", _LIST, Takes.MANY),
    Operator("has_none", "include none of", _LIST, Takes.MANY, "has_any"),
    Operator("is_set", "has a value", _ANY, Takes.NOTHING),
    Operator("is_not_set", "has no value", _ANY, Takes.NOTHING, "is_set"),
)


def operators_for(kind: FieldType) -> list[Operator]:
    return [operator for operator in OPERATORS if kind in operator.types]


def operators_for_counts() -> list[Operator]:
    """Those for a number of orders, which is never missing."""
    return [operator for operator in operators_for(FieldType.NUMBER) if operator.takes is not Takes.NOTHING]


def find_operator(key: str, kind: FieldType, path: str = "rule") -> Operator:
    """The operator for a field of that type. Raises BadRule with those that are allowed."""
    return _find(key, operators_for(kind), f"a {kind} field", path)


def find_count_operator(key: str, path: str = "rule") -> Operator:
    """The operator for a number of orders. Raises BadRule with those that are allowed."""
    return _find(key, operators_for_counts(), "a number of orders", path)


def _find(key: str, offered: list[Operator], what: str, path: str) -> Operator:
    for operator in offered:
        if operator.key == key:
            return operator
    allowed = ", ".join(operator.key for operator in offered)
    raise BadRule(f"{path}.op: {key!r} does not go with {what}; allowed are {allowed}.", field=f"{path}.op")


def check_value(operator: Operator, kind: FieldType, value: Value | None, path: str = "rule") -> Any:
    """The value as engines use it: Decimal, folded later, date or bool; None when none is taken.

    Raises BadRule that names the value and what is allowed.
    """
    path = f"{path}.value"
    match operator.takes:
        case Takes.NOTHING:
            if value is not None:
                raise BadRule(f"{path}: {operator.key} takes no value.", field=path)
            return None
        case Takes.DAYS:
            if type(value) is not int or not 0 <= value <= MAX_DAYS:
                raise BadRule(f"{path}: {value!r} is no number of days from 0 to {MAX_DAYS:,}.", field=path)
            return value
        case Takes.ONE:
            return _check_one(kind, value, path)
        case Takes.RANGE:
            return _check_range(kind, value, path)
        case Takes.MANY:
            if not isinstance(value, list) or not value:
                raise BadRule(f"{path}: {operator.key} takes an array of at least one text.", field=path)
            return [_check_one(FieldType.TEXT, entry, path) for entry in value]


def _check_range(kind: FieldType, value: Value | None, path: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRule(f"{path}: between takes an array [low, high], both included.", field=path)
    low, high = (_check_one(kind, entry, path) for entry in value)
    if low > high:
        raise BadRule(f"{path}: {value[0]} to {value[1]} is reversed; the lower end comes first.", field=path)
    return [low, high]


def _check_one(kind: FieldType, value: Any, path: str) -> Any:
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise BadRule(f"{path}: {value!r} is no number.", field=path)
            if abs(value) > 10**15:
                raise BadRule(f"{path}: {value!r} is beyond 10^15.", field=path)
            return Decimal(str(value))
        case FieldType.DATE:
            return _check_date(value, path)
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise BadRule(f"{path}: {value!r} is neither true nor false.", field=path)
            return value
        case FieldType.TEXT | FieldType.LIST:
            if not isinstance(value, str) or len(value) > 200 or "\x00" in value:
                raise BadRule(f"{path}: {value!r} is no text of at most 200 characters.", field=path)
            return value


def _check_date(value: Any, path: str) -> datetime:
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadRule(f'{path}: {value!r} is no date such as "2026-01-31".', field=path) from None
    if not 1900 <= day.year <= 9998:
        raise BadRule(f"{path}: the year of {value} is not between 1900 and 9998.", field=path)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
