"""Two shards as one, without asking the database again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.reach import consent_columns
from crm_core.audience.snapshot.bits import unpack
from crm_core.audience.snapshot.shard import AddressSends, Sends, Shard, SharedRows, SuppressedRows
from crm_core.audience.snapshot.version import Part, Version
from crm_core.rules.engines.coding import as_codes
from crm_core.rules.engines.columns import Coded, Columns, Events, Flags, Items, Messages, Numbers, Orders
from crm_core.rules.engines.encoding_messages import arrange_messages, spread
from crm_core.rules.engines.item_columns import join_starts, pick_items

Order = NDArray[np.intp]
MERGE_FROM = 4
"""A part is merged into the one before it when it has a quarter of its rows."""


def merged(version: Version) -> Version:
    """Few parts, so that a condition is asked of few: each has several times the rows of the next."""
    parts = list(version.parts)
    while len(parts) > 1 and parts[-1].shard.weight * MERGE_FROM >= parts[-2].shard.weight:
        last, before = parts.pop(), parts.pop()
        parts.append(Part.whole(merge(before, last)))
    return Version(tuple(parts))


def merge(first: Part, second: Part) -> Shard:
    """Those of both who are alive, in the order of their ids. No id is alive in both."""
    order = _order(first, second)
    rows = np.full(first.shard.size + second.shard.size, -1, dtype=np.int32)
    rows[order] = np.arange(order.size, dtype=np.int32)
    left, right = first.shard.columns, second.shard.columns
    ids = first.shard.ids.joined(second.shard.ids, order)
    reach = np.concatenate([first.shard.reach, second.shard.reach])[order]
    fields = {
        name: _fields(one, right.fields[name], order)
        for name, one in left.fields.items()
        if name in right.fields and not isinstance(one, Flags)
    } | consent_columns(reach)
    records = (_orders(left, right, rows), _events(left, right, rows), ids, _messages(left, right, rows))
    columns = Columns(order.size, fields, *records)
    sends = _sends(first.shard, second.shard, rows)
    shared = SharedRows(*_moved(first.shard.shared.arrays, second.shard.shared.arrays, left.size, rows))
    told = AddressSends(*_moved(first.shard.address_sends.arrays, second.shard.address_sends.arrays, left.size, rows))
    suppressed = SuppressedRows(*_moved(first.shard.suppressed.arrays, second.shard.suppressed.arrays, left.size, rows))
    return Shard(columns, ids, reach, sends, shared, told, suppressed=suppressed)


def _order(first: Part, second: Part) -> Order:
    """The rows that stay, those of the second counted after those of the first."""
    size = first.shard.size
    places = [first.shard.ids.position(name) for name in second.shard.ids]
    order: Order = np.insert(np.arange(size), places, size + np.arange(second.shard.size))
    alive = np.concatenate([unpack(part.alive, part.shard.size) for part in (first, second)])
    stay: Order = order[alive[order]]
    return stay


def _fields(left: Numbers | Coded, right: Numbers | Coded | Flags, order: Order) -> Numbers | Coded:
    if isinstance(left, Coded):
        assert isinstance(right, Coded)
        joined = _coded(left, right)
        return Coded(joined.codes[order], joined.values)
    assert isinstance(right, Numbers)
    if left.present is None and right.present is None:
        return Numbers(_one(left.values, right.values)[order])
    present = np.concatenate([_present(left), _present(right)])[order]
    return Numbers(_one(left.values, right.values)[order], present)


def _present(column: Numbers) -> NDArray[np.bool_]:
    return np.ones(column.values.size, dtype=bool) if column.present is None else column.present


def _coded(left: Coded, right: Coded) -> Coded:
    """The values of the second get the codes of the first, and new ones behind them."""
    places = {value: code for code, value in enumerate(left.values)}
    known = len(left.values)
    codes = np.array([places.setdefault(value, len(places)) for value in right.values] + [-1], dtype=np.int32)
    values = [*left.values, *list(places)[known:]]
    return Coded(as_codes(np.concatenate([left.codes.astype(np.int32), codes[right.codes]]), len(values)), values)


def _orders(left: Columns, right: Columns, rows: NDArray[np.int32]) -> Orders:
    customers, times, order = _records(left.orders, right.orders, left.size, rows)
    categories = _coded(left.orders.categories, right.orders.categories)
    statuses = _coded(left.orders.statuses, right.orders.statuses)
    amounts = _one(left.orders.amounts, right.orders.amounts)[order]
    is_plain = all(each.nets is each.amounts for each in (left.orders, right.orders))
    nets = amounts if is_plain else _one(left.orders.nets, right.orders.nets)[order]
    return Orders(
        customers,
        amounts,
        nets,
        times,
        Coded(categories.codes[order], categories.values),
        Coded(statuses.codes[order], statuses.values),
        _items(left.orders.items, right.orders.items, order),
    )


def _items(left: Items | None, right: Items | None, order: Order) -> Items | None:
    if left is None or right is None:
        return None
    return pick_items(Items(join_starts(left, right), _coded(left.names, right.names)), order)


def _events(left: Columns, right: Columns, rows: NDArray[np.int32]) -> Events:
    customers, times, order = _records(left.events, right.events, left.size, rows)
    types = _coded(left.events.types, right.events.types)
    properties, micros = (
        {name: _fields(one, others[name], order) for name, one in mine.items() if name in others}
        for mine, others in (
            (left.events.properties, right.events.properties),
            (left.events.micros, right.events.micros),
        )
    )
    return Events(customers, times, Coded(types.codes[order], types.values), properties, micros)


def _messages(left: Columns, right: Columns, rows: NDArray[np.int32]) -> Messages | None:
    if left.messages is None or right.messages is None:
        return None
    both = (left.messages, right.messages)
    customers, times, order = _records(*both, left.size, rows)
    coded = [
        _coded(*columns)
        for columns in zip(*((each.channels, each.campaigns, each.reasons) for each in both), strict=True)
    ]
    ended, opened, clicked = (np.concatenate(columns)[order] for columns in zip(*map(_later_times, both), strict=True))
    return arrange_messages(
        customers,
        times,
        _one(both[0].ranks, both[1].ranks)[order],
        [Coded(each.codes[order], each.values) for each in coded],
        ended,
        opened,
        clicked,
    )


def _later_times(messages: Messages) -> tuple[NDArray[np.int64], ...]:
    size = messages.times.size
    return messages.times + messages.delays, spread(messages.opened, size), spread(messages.clicked, size)


def _sends(left: Shard, right: Shard, rows: NDArray[np.int32]) -> Sends:
    customers, times, order = _records(left.sends, right.sends, left.size, rows)
    channels = np.concatenate([left.sends.channels, right.sends.channels])[order]
    return Sends(customers, times, channels, is_read=left.sends.is_read and right.sends.is_read)


def _moved(
    left: Sequence[NDArray[Any]], right: Sequence[NDArray[Any]], size: int, rows: NDArray[np.int32]
) -> list[NDArray[Any]]:
    """What stays of both, with new rows, which come first."""
    moved = rows[np.concatenate([left[0], right[0] + size])]
    stay = moved >= 0
    rest = [_one(*both)[stay] for both in zip(left[1:], right[1:], strict=True)]
    return [moved[stay], *rest]


def _records(left: Any, right: Any, size: int, rows: NDArray[np.int32]) -> tuple[Any, Any, Order]:
    """New rows and times of the records that stay, in order of time, and which they were."""
    customers = rows[np.concatenate([left.customers, right.customers + size])]
    times = np.concatenate([left.times, right.times])
    stay = np.flatnonzero(customers >= 0)
    order = stay[np.argsort(times[stay], kind="stable")]
    return customers[order], times[order], order


def _one(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([left, right])
