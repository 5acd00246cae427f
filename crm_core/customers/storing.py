"""The stored form of a value, by its kind. What is not of that kind has none, so it cannot be stored."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from crm_core.money import Digits, to_minor
from crm_core.schema import kinds
from crm_core.schema.fields import Field
from crm_core.schema.statuses import read_status

Store: TypeAlias = Callable[[Any], Any]
"""From a value as records on the stream have it. Raises TypeError, ValueError or ArithmeticError."""


def to_stored(kind: kinds.Kind, *, digits: Digits) -> Store:
    """digits: asked for the minor digits of the workspace's currency."""
    match kind:
        case kinds.Money():
            return partial(_money, digits=digits)
        case kinds.Items():
            rows = {row.name: (row, to_stored(row.kind, digits=digits)) for row in kind.fields}
            return partial(_items, rows=rows, defaults=_defaults(kind))
        case _:
            return _PLAIN[type(kind)]


def _defaults(kind: kinds.Items) -> Mapping[str, Any]:
    return {row.stored_name: row.default for row in kind.fields if row.default is not None}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_text(entry) for entry in value]


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _money(value: Any, digits: Digits) -> int:
    return to_minor(Decimal(value), digits())


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _status(value: Any) -> str:
    if (status := read_status(_text(value))) is None:
        raise ValueError
    return status


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _items(value: Any, rows: Mapping[str, tuple[Field, Store]], defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An item is stored as a whole: what it does not say is the default."""
    return [
        {**defaults, **{rows[name][0].stored_name: rows[name][1](part) for name, part in _given(item)}}
        for item in value
    ]


def _given(item: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, part) for name, part in item.items() if part is not None]


_PLAIN: Mapping[type[kinds.Kind], Store] = {
    **dict.fromkeys((kinds.Identifier, kinds.Text, kinds.Email, kinds.Phone, kinds.Keyword, kinds.Currency), _text),
    **dict.fromkeys((kinds.Values, kinds.Consent), _object),
    kinds.TextList: _texts,
    kinds.Flag: _flag,
    kinds.Number: _number,
    kinds.Count: _count,
    kinds.Moment: _moment,
    kinds.OrderStatus: _status,
}
