"""Stored documents as the columns that the mask engine reads."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.coding import Codes, ReadTimes, Records, joined, packed, smallest, taken
from crm_core.rules.engines.columns import Columns, Events, Numbers, Orders, PropertyName, day_to_ms, to_ms
from crm_core.rules.engines.encoding_messages import COUNTED_RANKS, MessageEncoder, with_times
from crm_core.rules.engines.item_columns import ItemEncoder
from crm_core.rules.engines.single import Record
from crm_core.rules.fields import Catalogue, CustomerField, FieldType, micros_of
from crm_core.schema.customer import PREDICTIONS
from crm_core.schema.statuses import STATUS_NAMES

CODED = frozenset({FieldType.TEXT, FieldType.LIST, FieldType.BOOLEAN, FieldType.CHOICE})
NUMBERS = (int, float)
"""A union would be built anew for each value."""
NOTHING: Mapping[str, Any] = {}
NO_PROPERTIES: Mapping[PropertyName, CustomerField] = {}


def read_times(values: Sequence[Any]) -> Sequence[int | None]:
    """Also plain days, which are kept as texts."""
    return [
        to_ms(value)
        if isinstance(value, datetime)
        else day_to_ms(date.fromisoformat(value))
        if isinstance(value, str)
        else None
        for value in values
    ]


def encode(
    customers: Sequence[Record],
    orders: Sequence[Record],
    events: Sequence[Record],
    messages: Sequence[Record],
    catalogue: Catalogue,
) -> Columns:
    """Columns of all fields and properties of the catalogue, and of the records of these customers; records of others
    are left out."""
    encoder = Encoder(catalogue.fields, properties=catalogue.event_properties())
    encoder.add_customers(customers)
    encoder.add_orders(orders)
    encoder.add_events(events)
    encoder.add_messages([with_times(message) for message in messages if message["rank"] in COUNTED_RANKS])
    return encoder.finish()


class Encoder:
    """Takes customers, then orders and events, in chunks, and gives them as columns.

    Records of customers that were not added are left out. most_values: fields of texts or lists with more distinct
    values than that get no column. times: how stored times are read. holds_messages, holds_items: whether there are
    columns of messages, and of the items of orders. properties: of events, that get a column.
    """

    def __init__(
        self,
        fields: Iterable[CustomerField],
        *,
        most_values: int | None = None,
        times: ReadTimes = read_times,
        holds_messages: bool = True,
        holds_items: bool = True,
        properties: Mapping[PropertyName, CustomerField] = NO_PROPERTIES,
    ) -> None:
        self._fields = [found for found in fields if not found.is_average]
        self._times = times
        self._columns = {found.name: _column(found, most_values) for found in self._fields}
        self._orders, self._events = Records("ordered_at"), Records("at")
        self._amounts: list[NDArray[Any]] = []
        self._nets: list[NDArray[Any]] = []
        self._categories, self._statuses, self._types = Codes(), Codes(known=STATUS_NAMES), Codes()
        self._properties = {name: (found, _column(found, most_values)) for name, found in properties.items()}
        numbers = {name: micros_of(name[1]) for name, found in properties.items() if found.type is FieldType.NUMBER}
        self._micros = {name: (found, _column(found, None)) for name, found in numbers.items()}
        self._messages = MessageEncoder() if holds_messages else None
        self._items = ItemEncoder(most_values) if holds_items else None
        self.rows: dict[str, int] = {}
        """Row of each customer so far."""

    def add_customers(self, customers: Sequence[Record]) -> None:
        first = len(self.rows)
        self.rows.update((customer["_id"], row) for row, customer in enumerate(customers, start=first))
        for found in self._fields:
            self._columns[found.name].add(_read(found, customers, self._times))

    def add_orders(self, orders: Sequence[Record]) -> None:
        known = self._orders.add(orders, self.rows, self._times)
        amounts = np.array([order["amount_minor"] for order in known], dtype=np.int64)
        self._amounts.append(amounts)
        self._nets.append(_nets(known, amounts))
        self._categories.add([order.get("category_folded") for order in known])
        self._statuses.add([order["status"] for order in known])
        if self._items:
            self._items.add(known)

    def add_events(self, events: Sequence[Record]) -> None:
        known = self._events.add(events, self.rows, self._times)
        self._types.add([event["type"] for event in known])
        for (event_type, _), (found, column) in (*self._properties.items(), *self._micros.items()):
            mine = [event if event["type"] == event_type else NOTHING for event in known]
            column.add(_read(found, mine, self._times))

    def add_messages(self, messages: Sequence[Record]) -> None:
        """messages: of ``with_times``, of COUNTED_RANKS."""
        assert self._messages
        self._messages.add(messages, self.rows, self._times)

    def finish(self) -> Columns:
        """Returns up what was gathered; the encoder is empty afterwards."""
        columns = {name: column for name, each in self._columns.items() if (column := each.finish()) is not None}
        bought, ordered_at, orders = self._orders.finish()
        acted, at, events = self._events.finish()
        amounts, nets = (smallest(joined(each, np.int64)[orders]) for each in (self._amounts, self._nets))
        if np.array_equal(amounts, nets):
            nets = amounts  # most shops never say what they refunded: no memory for it
        return Columns(
            len(self.rows),
            columns,
            Orders(
                bought,
                amounts,
                nets,
                ordered_at,
                self._categories.sorted(orders),
                self._statuses.sorted(orders),
                self._items.finish(orders) if self._items else None,
            ),
            Events(
                acted,
                at,
                self._types.sorted(events),
                *(_finished(columns, events) for columns in (self._properties, self._micros)),
            ),
            self.rows,
            self._messages.finish() if self._messages else None,
        )


def _column(found: CustomerField, most_values: int | None) -> "Codes | _Numbers":
    return Codes(most_values) if found.type in CODED else _Numbers(found)


def _finished(columns: Mapping[PropertyName, tuple[CustomerField, "Codes | _Numbers"]], order: NDArray[np.intp]) -> Any:
    """Those that have few enough values, in that order."""
    return {name: taken(column, order) for name, (_, each) in columns.items() if (column := each.finish()) is not None}


class _Numbers:
    def __init__(self, found: CustomerField) -> None:
        self._is_count = found.type is FieldType.NUMBER and found.is_whole
        self._is_packed = found.group == PREDICTIONS and found.is_whole
        self._type = np.int64 if found.is_whole or found.type is FieldType.DATE else np.float64
        self._values: list[NDArray[Any]] = []
        self._present: list[NDArray[np.bool_]] = []

    def add(self, values: Sequence[Any]) -> None:
        self._values.append(np.array([0 if value is None else value for value in values], dtype=self._type))
        self._present.append(np.array([value is not None for value in values], dtype=bool))

    def finish(self) -> Numbers:
        values, present = joined(self._values, self._type), joined(self._present, np.bool_)
        if self._is_packed or not present.any():
            return Numbers(packed(values.astype(np.int64, copy=False)), None if present.all() else present)
        return Numbers(smallest(values) if self._is_count else values, None if present.all() else present)


def _read(found: CustomerField, customers: Sequence[Record], times: ReadTimes) -> Sequence[Any]:
    """The values of one field, as ``read_value`` of the single-customer engine gives them; dates in ms."""
    values: Sequence[Any] = customers
    *parts, last = found.path.split(".")
    for part in parts:
        values = [value.get(part) or NOTHING for value in values]
    values = [value.get(last) for value in values]
    match found.type:
        case FieldType.NUMBER | FieldType.MONEY:
            return [v if isinstance(v, NUMBERS) and v is not True and v is not False else None for v in values]
        case FieldType.TEXT:
            return [value if isinstance(value, str) and value else None for value in values]
        case FieldType.CHOICE:
            return [value if value in found.choices else found.choices[-1] for value in values]
        case FieldType.DATE:
            return times(values)
        case FieldType.BOOLEAN:
            return [value if isinstance(value, bool) else None for value in values]
        case FieldType.LIST:
            return [tuple(value) if isinstance(value, list) and value else None for value in values]


def _nets(orders: Sequence[Record], amounts: NDArray[Any]) -> NDArray[Any]:
    """What each adds to the spend: mostly its amount."""
    places = [place for place, order in enumerate(orders) if "net_minor" in order]
    if not places:
        return amounts
    nets = amounts.copy()
    nets[places] = [orders[place]["net_minor"] for place in places]
    return nets
