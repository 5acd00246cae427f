"""Which message an order is owed to: the last one that its customer had touched within some days before it."""

import numpy as np
from numpy.typing import NDArray

from crm_core.insights.facts import DAY_MS, FactPart, Span
from crm_core.insights.question import Asked
from crm_core.schema.message_states import MessageState

TIME_BITS = 42
"""For more than a hundred years in ms, and a customer before them in 64 bits."""


def last_touches(part: FactPart, asked: Asked, span: Span) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of the orders of ``span`` that are owed to a message: the places of these messages, and the nets of the orders
    in minor units. Returns and cancelled orders are owed to nobody."""
    window = asked.window_days * DAY_MS
    orders = part.orders(span)
    touches = part.touches(MessageState(asked.touch), (span[0] - window, span[1]))
    bought = orders.is_order
    start = np.int64(span[0] - window)
    keys = _keys(touches.customers, touches.times - start)
    by_customer = np.argsort(keys, kind="stable")
    wanted = _keys(orders.customers[bought], orders.times[bought] - start)
    at = np.searchsorted(keys[by_customer], wanted, side="right") - 1
    known = at >= 0
    last = by_customer[at[known]]
    age = wanted[known] - keys[last]  # beyond the window, too, where the last key is another customer's
    owed = age <= window
    same = touches.customers[last] == orders.customers[bought][known]
    owed &= same
    return touches.places[last][owed].astype(np.int64), orders.nets[bought][known][owed]


def _keys(customers: NDArray[np.integer], times: NDArray[np.int64]) -> NDArray[np.int64]:
    return (customers.astype(np.int64) << TIME_BITS) | times
