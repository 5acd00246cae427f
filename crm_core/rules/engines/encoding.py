"""Stored documents as the columns that the mask engine reads."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from crm_core.rules.engines.columns import Coded, Columns, Events, Numbers, Orders, to_ms
from crm_core.rules.engines.single import Record, read_value
from crm_core.rules.fields import CustomerField, FieldType

CODED = frozenset({FieldType.TEXT, FieldType.LIST, FieldType.BOOLEAN})


def encode(
    customers: Sequence[Record], orders: Sequence[Record], events: Sequence[Record], fields: Iterable[CustomerField]
) -> Columns:
    """Columns of ``fields`` and of the records of these customers; records of others are left out."""
    rows = {customer["_id"]: row for row, customer in enumerate(customers)}
    columns = {found.name: _column(found, customers) for found in fields if not found.is_average}
    bought = [order for order in orders if order["customer_id"] in rows]
    happened = [event for event in events if event["customer_id"] in rows]
    return Columns(
        len(customers),
        columns,
        Orders(
            _rows(bought, rows),
            np.array([order["amount_minor"] for order in bought], dtype=np.int64),
            _times(bought, "ordered_at"),
            encode_values(order.get("category_folded") for order in bought),
            encode_values(order["status"] for order in bought),
        ),
        Events(_rows(happened, rows), _times(happened, "at"), encode_values(event["type"] for event in happened)),
        rows,
    )


def encode_values(values: Iterable[Hashable | None]) -> Coded:
    """Each value as the position of its first occurrence among the distinct ones, None as -1."""
    places: dict[Hashable, int] = {}
    codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
    return Coded(np.array(codes, dtype=np.int32), list(places))


def _column(found: CustomerField, customers: Sequence[Record]) -> Numbers | Coded:
    values = [read_value(found, customer) for customer in customers]
    if found.type in CODED:
        return encode_values(tuple(value) if isinstance(value, list) else value for value in values)
    present = np.array([value is not None for value in values], dtype=bool)
    convert: Callable[[Any], Any] = to_ms if found.type is FieldType.DATE else lambda value: value
    numbers = [0 if value is None else convert(value) for value in values]
    is_whole = found.is_whole or found.type is FieldType.DATE
    return Numbers(np.array(numbers, dtype=np.int64 if is_whole else np.float64), None if present.all() else present)


def _rows(records: Sequence[Record], rows: dict[str, int]) -> Any:
    return np.array([rows[record["customer_id"]] for record in records], dtype=np.int32)


def _times(records: Sequence[Record], moment: str) -> Any:
    times: list[datetime] = [record[moment] for record in records]
    return np.array([to_ms(time) for time in times], dtype=np.int64)
