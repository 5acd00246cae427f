"""Figures over orders and events per customer: a mask over the records, then counts and sums by customer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.binding import CANCELLED, BoundRecords, Only
from crm_core.rules.engines.columns import Coded, Columns, Events, Mask, Orders, to_ms
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.engines.mask_ranges import range_mask

EXACT = 2**53
"""``bincount`` adds up doubles, which hold every whole number up to here."""
LOW_BITS = 26


def figure_mask(bound: BoundRecords, columns: Columns) -> Mask:
    """Where the figure lies within the range of the condition."""
    records = columns.orders if bound.records == "orders" else columns.events
    counted = _counts(bound.only, records)
    if bound.measure == "count":
        return range_mask(bound.predicate, _numbers(records, counted, columns.size))
    assert isinstance(records, Orders)
    if bound.measure == "sum":
        return range_mask(bound.predicate, _sums(records, counted, columns.size))
    numbers = _numbers(records, counted, columns.size)
    if bound.measure == "avg":
        return is_quotient_within(bound.predicate, _sums(records, counted, columns.size), numbers)
    extremes = _extremes(bound.measure, records, counted, columns.size)
    return range_mask(bound.predicate, extremes) & (numbers > 0)


def _counts(only: Only, records: Orders | Events) -> Mask:
    """Which records count."""
    tests: list[Mask] = []
    if isinstance(records, Orders):
        status = only.status or CANCELLED
        tests.append(_is(records.statuses, status) if only.status else ~_is(records.statuses, status))
        if only.category is not None:
            tests.append(_is(records.categories, only.category))
        if only.min_amount is not None:
            tests.append(records.amounts >= only.min_amount)
    else:
        assert only.type is not None
        tests.append(_is(records.types, only.type))
    if only.window is not None:
        first, last = map(to_ms, only.window)
        tests += [records.times >= first, records.times <= last]
    found = tests[0]
    for test in tests[1:]:
        found &= test
    return found


def _is(column: Coded, value: str) -> Mask:
    code = column.values.index(value) if value in column.values else len(column.values)
    found: Mask = column.codes == code
    return found


def _numbers(records: Orders | Events, counted: Mask, size: int) -> NDArray[np.intp]:
    return np.bincount(records.customers[np.flatnonzero(counted)], minlength=size)


def _sums(orders: Orders, counted: Mask, size: int) -> NDArray[np.int64]:
    """Exact whatever the amounts: large ones are added up in two halves."""
    if not orders.amounts.size or int(orders.amounts.max()) * orders.amounts.size < EXACT:
        return _weighed(orders.customers, orders.amounts, counted, size)
    high = _weighed(orders.customers, orders.amounts >> LOW_BITS, counted, size)
    low = _weighed(orders.customers, orders.amounts & ((1 << LOW_BITS) - 1), counted, size)
    return (high << LOW_BITS) + low


def _weighed(customers: NDArray[Any], amounts: NDArray[np.int64], counted: Mask, size: int) -> NDArray[np.int64]:
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
    customers, amounts = orders.customers[chosen], orders.amounts[chosen]
    edge = np.iinfo(np.int64)
    if measure == "max":
        greatest = np.full(size, edge.min)
        np.maximum.at(greatest, customers, amounts)
        return greatest
    least = np.full(size, edge.max)
    np.minimum.at(least, customers, amounts)
    return least
