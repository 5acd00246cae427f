"""Which message an order is owed to: the last one that its customer had touched within some days before it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crm_core.insights.facts import DAY_MS, FactPart, OrderRows, Span, Touches, Whole
from crm_core.insights.question import Asked
from crm_core.rules.engines.columns import Mask
from crm_core.schema.message_states import MessageState

TIME_BITS = 42
"""For more than a hundred years in ms, and a customer before them in 64 bits."""
FILTER_BITS = 24
SCATTER = 0x9E3779B97F4A7C15
"""An odd number without a pattern: what is multiplied by it is spread evenly over the upper bits."""


class Owed(NamedTuple):
    """Orders that are owed to a message: the places of these messages, and the nets of the orders in minor units."""

    places: NDArray[Any]
    nets: NDArray[np.int64]


def last_touches(part: FactPart, asked: Asked, span: Span, orders: OrderRows | None = None) -> Owed:
    """Of the orders of ``span``, where they are at hand. Returns and cancelled orders are owed to nobody."""
    window = asked.window_days * DAY_MS
    start = span[0] - window
    bought = orders or part.orders(span)
    touches = part.touches(MessageState(asked.touch), (start, span[1]))
    hopeful = bought.is_order & _may_be_owed(touches, bought, window)
    customers, times, nets = bought.customers[hopeful], bought.times[hopeful], bought.nets[hopeful]
    touches = _of(touches, customers, part.size)
    keys = _keys(touches.customers, touches.times - start)
    by_customer = np.argsort(keys, kind="stable")
    keys = keys[by_customer]
    wanted = _keys(customers, times - start)
    at = np.searchsorted(keys, wanted, side="right") - 1
    known = np.flatnonzero(at >= 0)
    touch = by_customer[at[known]]
    is_owed = (touches.customers[touch] == customers[known]) & (wanted[known] - keys[at[known]] <= window)
    return Owed(touches.places[touch[is_owed]], nets[known[is_owed]])


def _of(touches: Touches, customers: Whole, size: int) -> Touches:
    """Those of these customers."""
    is_meant = np.zeros(size, dtype=bool)
    is_meant[customers] = True
    wanted = is_meant[touches.customers]
    return Touches(touches.places[wanted], touches.customers[wanted], touches.times[wanted])


def _may_be_owed(touches: Touches, orders: OrderRows, window: int) -> Mask:
    """Which orders are worth a search: a table of bits says of few by mistake that their customer had a touch."""
    table = np.zeros(1 << FILTER_BITS, dtype=bool)
    days = touches.times // window
    for later in (0, 1):
        table[_slot(touches.customers, days + later)] = True
    found: Mask = table[_slot(orders.customers, orders.times // window)]
    return found


def _slot(customers: Whole, days: NDArray[np.int64]) -> NDArray[np.uint64]:
    mixed = (customers.astype(np.uint64) << np.uint64(20)) ^ days.astype(np.uint64)
    return (mixed * np.uint64(SCATTER)) >> np.uint64(64 - FILTER_BITS)


def _keys(customers: Whole, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """By customer, and of one by time."""
    return (customers.astype(np.int64) << TIME_BITS) | times
