"""The value of a condition, checked and in the form that operators are built from."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from crm_core.errors import BadRule
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Operator, Takes
from crm_core.rules.quoting import shown
from crm_core.rules.tree import Value

MAX_NUMBER = 10**15
"""Doubles hold every whole number up to here, so that comparing is exact in every engine."""
MAX_TEXT = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNWANTED = re.compile(r"[\x00\ud800-\udfff]")


def check_value(
    operator: Operator, kind: FieldType, value: Value | None, fold: Callable[[str], str], path: str = "rule"
) -> Any:
    """A number or a percentage as Decimal, a date as such, a text folded, or a bool; a list of these for
    operators that take several, the number of days, or None.

    Raises BadRule that names the value and what is allowed.
    """
    path = f"{path}.value"
    match operator.takes:
        case Takes.NOTHING:
            if value is not None:
                raise BadRule(f"{path}: {operator.key} takes no value.", field=path)
            return None
        case Takes.DAYS:
            most = operator.most_days
            if type(value) is not int or not 0 <= value <= most:
                raise BadRule(f"{path}: {shown(value)} is no number of days from 0 to {most:,}.", field=path)
            return value
        case Takes.PERCENT:
            return _check_percent(value, path)
        case Takes.ONE:
            return _check_one(kind, value, fold, path)
        case Takes.RANGE:
            return _check_range(kind, value, fold, path)
        case Takes.MANY:
            if not isinstance(value, list) or not value:
                raise BadRule(f"{path}: {operator.key} takes an array of at least one text.", field=path)
            return [_check_one(FieldType.TEXT, entry, fold, path) for entry in value]


def check_choice(found: CustomerField, value: Value | None, path: str = "rule") -> None:
    """Raises BadRule for a value that the field can never have."""
    for each in value if isinstance(value, list) else [value]:
        if found.choices and each not in found.choices:
            allowed = ", ".join(found.choices)
            raise BadRule(
                f"{path}.value: {found.label} is never {shown(each)}; allowed are {allowed}.", field=f"{path}.value"
            )


def check_text(value: Any, fold: Callable[[str], str], path: str) -> str:
    """The text as it compares. An empty one is no value, so nothing can be equal to it, contain it or begin with it."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or _UNWANTED.search(value):
        raise BadRule(f"{path}: {shown(value)} is no text of at most {MAX_TEXT} characters.", field=path)
    folded = fold(value)
    if not folded:
        raise BadRule(f"{path}: an empty text is no value; ask for customers without one by is_not_set.", field=path)
    return folded


def check_number(value: Any, path: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadRule(f"{path}: {shown(value)} is no number.", field=path)
    if abs(value) > MAX_NUMBER:
        raise BadRule(f"{path}: {shown(value)} is beyond 10^15.", field=path)
    return Decimal(str(value))


def _check_percent(value: Any, path: str) -> Decimal:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= 100 or Decimal(str(value)).normalize().as_tuple().exponent < -2:  # type: ignore[operator]
        raise BadRule(
            f"{path}: {shown(value)} is no percentage above 0 and up to 100, with two decimals at most.", field=path
        )
    return Decimal(str(value))


def _check_range(kind: FieldType, value: Any, fold: Callable[[str], str], path: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadRule(f"{path}: between takes an array [low, high], both included.", field=path)
    low, high = (_check_one(kind, entry, fold, path) for entry in value)
    if low > high:
        raise BadRule(
            f"{path}: {shown(value[0])} to {shown(value[1])} is reversed; the lower end comes first.", field=path
        )
    return [low, high]


def _check_one(kind: FieldType, value: Any, fold: Callable[[str], str], path: str) -> Any:
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return check_number(value, path)
        case FieldType.DATE:
            return _check_date(value, path)
        case FieldType.BOOLEAN:
            if not isinstance(value, bool):
                raise BadRule(f"{path}: {shown(value)} is neither true nor false.", field=path)
            return value
        case FieldType.TEXT | FieldType.LIST | FieldType.CHOICE:
            return check_text(value, fold, path)


def _check_date(value: Any, path: str) -> date:
    try:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            raise ValueError
        day = date.fromisoformat(value)
    except ValueError:
        raise BadRule(f'{path}: {shown(value)} is no date such as "2026-01-31".', field=path) from None
    if not 1900 <= day.year <= 9998:
        raise BadRule(f"{path}: the year of {value} is not between 1900 and 9998.", field=path)
    return day
