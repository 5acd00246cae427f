"""The names of the items of orders as columns: encoded, picked, joined, and asked."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.bound import BoundProperty
from crm_core.rules.engines.coding import Codes, joined
from crm_core.rules.engines.columns import Coded, Items, Mask
from crm_core.rules.engines.mask_values import coded_mask
from crm_core.rules.engines.single import Record


class ItemEncoder:
    """Takes orders in chunks. most_values: with more distinct names than that there is no column."""

    def __init__(self, most_values: int | None) -> None:
        self._names = Codes(most_values)
        self._counts: list[NDArray[Any]] = []

    def add(self, orders: Sequence[Record]) -> None:
        names = [order.get("folded", {}).get("items", ()) for order in orders]
        self._counts.append(np.array([len(each) for each in names], dtype=np.int32))
        self._names.add(list(chain.from_iterable(names)))

    def finish(self, order: NDArray[np.intp]) -> Items | None:
        """Of the orders in that order."""
        counts, names = joined(self._counts, np.int32), self._names.finish()
        return None if names is None else pick_items(Items(_starts(counts), names), order)


def pick_items(items: Items, order: NDArray[np.intp]) -> Items:
    """Those of these orders, in that order."""
    starts = _starts(np.diff(items.starts)[order])
    places = np.repeat(items.starts[:-1][order] - starts[:-1], np.diff(starts)) + np.arange(starts[-1])
    return Items(starts, Coded(items.names.codes[places], items.names.values))


def cut_items(items: Items, window: slice) -> Items:
    """Those of the orders of a window with both ends."""
    starts = items.starts[window.start : window.stop + 1]
    return Items(starts - starts[0], Coded(items.names.codes[starts[0] : starts[-1]], items.names.values))


def join_starts(left: Items, right: Items) -> NDArray[np.int32]:
    """Of the orders of both, one behind the other."""
    return np.concatenate([left.starts, right.starts[1:] + left.starts[-1]])


def items_mask(bound: BoundProperty, items: Items) -> Mask:
    """Which orders have an item that fulfils the condition, of a negative operator none."""
    hits = np.concatenate([[0], np.cumsum(coded_mask(bound.predicate, items.names), dtype=np.int32)])
    found: Mask = hits[items.starts[1:]] > hits[items.starts[:-1]]
    return ~found if bound.operator.is_negative else found


def _starts(counts: NDArray[Any]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
