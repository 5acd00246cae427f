"""Figures over orders and events per customer: a mask over the records, then counts and sums by customer."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.binding import BoundRecords, OnlyEvents, OnlyMessages, OnlyOrders
from crm_core.rules.engines.columns import Coded, Columns, Events, Mask, Numbers, Orders, to_ms
from crm_core.rules.engines.mask_messages import count_messages
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.engines.mask_ranges import range_mask

EXACT = 2**53
"""``bincount`` adds up doubles, which hold every whole number up to here."""
LOW_BITS = 26


def figure_mask(bound: BoundRecords, columns: Columns) -> Mask:
    """Where the figure lies within the range of the condition."""
    if bound.measure == "avg":
        records, counted = _chosen(bound, columns)
        assert isinstance(records, Orders)
        numbers = _numbers(records, counted, columns.size)
        return is_quotient_within(bound.predicate, _sums(records, counted, columns.size), numbers)
    figures = read_figures(bound, columns)
    found = range_mask(bound.predicate, figures.values)
    return found if figures.present is None else found & figures.present


def read_figures(bound: BoundRecords, columns: Columns) -> Numbers:
    """The figure of each customer, amounts in minor units; averages are none of these, they are never rounded."""
    if isinstance(bound.only, OnlyMessages):
        assert columns.messages is not None, "whoever asks has looked whether they are held"
        return Numbers(count_messages(bound.only, columns.messages, columns.size))
    records, counted = _chosen(bound, columns)
    if bound.measure == "count":
        return Numbers(_numbers(records, counted, columns.size))
    assert isinstance(records, Orders)
    if bound.measure == "sum":
        return Numbers(_sums(records, counted, columns.size))
    extremes = _extremes(bound.measure, records, counted, columns.size)
    return Numbers(extremes, _numbers(records, counted, columns.size) > 0)


def _chosen(bound: BoundRecords, columns: Columns) -> tuple[Orders | Events, Mask]:
    """The records of its window, and which of them count."""
    assert not isinstance(bound.only, OnlyMessages)
    records = _within(bound.only, columns.orders if isinstance(bound.only, OnlyOrders) else columns.events)
    return records, _counts(bound.only, records)


def _within(only: OnlyOrders | OnlyEvents, records: Orders | Events) -> Orders | Events:
    """Those of the window: a window, since records are in order of time."""
    if only.window is None:
        return records
    first, last = map(to_ms, only.window)
    window = slice(*np.searchsorted(records.times, [first, last + 1]))
    parts = {name: _cut(value, window) for name, value in vars(records).items()}
    return replace(records, **parts)


def _cut(column: Any, window: slice) -> Any:
    return Coded(column.codes[window], column.values) if isinstance(column, Coded) else column[window]


def _counts(only: OnlyOrders | OnlyEvents, records: Orders | Events) -> Mask:
    """Which records count."""
    if isinstance(records, Events):
        assert isinstance(only, OnlyEvents)
        return _is(records.types, only.type)
    assert isinstance(only, OnlyOrders)
    found = _is_among(records.statuses, only.statuses)
    if only.category is not None:
        found &= _is(records.categories, only.category)
    if only.min_amount is not None:
        found &= records.amounts >= only.min_amount
    return found


def _is_among(column: Coded, wanted: tuple[str, ...]) -> Mask:
    """One comparison where the wanted values are the first of all, or all but one."""
    codes = [code for code, value in enumerate(column.values) if value in wanted]
    if codes == list(range(len(codes))):
        first: Mask = column.codes < len(codes)
        return first
    found = np.zeros(column.codes.shape, dtype=bool)
    for code in codes:
        found |= column.codes == code
    return found


def _is(column: Coded, value: str) -> Mask:
    code = column.values.index(value) if value in column.values else len(column.values)
    found: Mask = column.codes == code
    return found


def _numbers(records: Orders | Events, counted: Mask, size: int) -> NDArray[np.intp]:
    return np.bincount(records.customers[np.flatnonzero(counted)], minlength=size)


def _sums(orders: Orders, counted: Mask, size: int) -> NDArray[np.int64]:
    """Exact whatever the amounts: large ones are added up in two halves."""
    nets = orders.nets
    if not nets.size or max(int(nets.max()), -int(nets.min())) * nets.size < EXACT:
        return _weighed(orders.customers, nets, counted, size)
    high = _weighed(orders.customers, nets >> LOW_BITS, counted, size)
    low = _weighed(orders.customers, nets & ((1 << LOW_BITS) - 1), counted, size)
    return (high << LOW_BITS) + low


def _weighed(customers: NDArray[Any], amounts: NDArray[Any], counted: Mask, size: int) -> NDArray[np.int64]:
    """If most orders count, it is faster to add the others as zeros than to pick."""
    if np.count_nonzero(counted) * 2 > counted.size:
        weights = np.multiply(amounts, counted, dtype=np.float64)
    else:
        chosen = np.flatnonzero(counted)
        customers, weights = customers[chosen], amounts[chosen].astype(np.float64)
    return np.bincount(customers, weights=weights, minlength=size).astype(np.int64)


def _extremes(measure: str, orders: Orders, counted: Mask, size: int) -> NDArray[np.int64]:
    """The greatest or least amount of each customer; any figure for one without."""
    chosen = np.flatnonzero(counted)
    customers, amounts = orders.customers[chosen], orders.nets[chosen]
    edge = np.iinfo(np.int64)
    if measure == "max":
        greatest = np.full(size, edge.min)
        np.maximum.at(greatest, customers, amounts)
        return greatest
    least = np.full(size, edge.max)
    np.minimum.at(least, customers, amounts)
    return least
