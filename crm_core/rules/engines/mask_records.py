"""Figures over orders and events per customer: a mask over the records, then counts and sums by customer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.bound import BoundRecords, OnlyEvents, OnlyMessages, OnlyOrders
from crm_core.rules.engines.columns import Coded, Columns, Events, Items, Mask, Numbers, Orders, to_ms
from crm_core.rules.engines.item_columns import cut_items, items_mask
from crm_core.rules.engines.mask_messages import count_messages
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.engines.mask_values import coded_mask, numbers_mask
from crm_core.rules.fields import FieldType
from crm_core.rules.predicates import Range

EXACT = 2**53
"""``bincount`` adds up doubles, which hold every whole number up to here."""
LOW_BITS = 26


def figure_mask(bound: BoundRecords, columns: Columns) -> Mask:
    """Where the figure lies within the range of the condition."""
    if bound.measure == "avg":
        assert isinstance(bound.predicate, Range)
        records, counted = _chosen(bound, columns)
        numbers = _numbers(records, counted, columns.size)
        sums = _sums(records.customers, _amounts(bound.only, records), counted, columns.size)
        return is_quotient_within(bound.predicate, sums, numbers)
    return numbers_mask(bound.predicate, read_figures(bound, columns))


def read_figures(bound: BoundRecords, columns: Columns) -> Numbers:
    """The figure of each customer, amounts in minor units, times in ms; averages are none of these, they are never
    rounded."""
    if isinstance(bound.only, OnlyMessages):
        assert columns.messages is not None, "whoever asks has looked whether they are held"
        return Numbers(count_messages(bound.only, columns.messages, columns.size))
    records, counted = _chosen(bound, columns)
    if bound.measure == "count":
        return Numbers(_numbers(records, counted, columns.size))
    amounts = _amounts(bound.only, records)
    if bound.measure == "sum":
        return Numbers(_sums(records.customers, amounts, counted, columns.size))
    present = _numbers(records, counted, columns.size) > 0
    if bound.type is FieldType.DATE:
        return Numbers(_time(bound.measure, records, counted, columns.size), present)
    if bound.measure == "last":
        return Numbers(_last(records, amounts, counted, columns.size), present)
    return Numbers(_extremes(bound.measure, records.customers, amounts, counted, columns.size), present)


def _amounts(only: OnlyOrders | OnlyEvents | OnlyMessages, records: Orders | Events) -> NDArray[Any]:
    """What is measured of each record."""
    if isinstance(records, Orders):
        return records.nets
    assert isinstance(only, OnlyEvents)
    return _micros(only, records).values


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
    match column:
        case Coded():
            return Coded(column.codes[window], column.values)
        case Numbers():
            return Numbers(column.values[window], None if column.present is None else column.present[window])
        case Items():
            return cut_items(column, window)
        case Mapping():
            return {name: _cut(each, window) for name, each in column.items()}
        case None:
            return None
        case _:
            return column[window]


def _counts(only: OnlyOrders | OnlyEvents, records: Orders | Events) -> Mask:
    """Which records count."""
    if isinstance(records, Events):
        assert isinstance(only, OnlyEvents)
        return _event_counts(only, records)
    assert isinstance(only, OnlyOrders)
    found = _is_among(records.statuses, only.statuses)
    if only.category is not None:
        found &= _is(records.categories, only.category)
    if only.min_amount is not None:
        found &= records.amounts >= only.min_amount
    if only.item is not None:
        assert records.items is not None, "whoever asks has looked whether they are held"
        found &= items_mask(only.item, records.items)
    return found


def _event_counts(only: OnlyEvents, events: Events) -> Mask:
    found = _is(events.types, only.type)
    for each in only.properties:
        column = events.properties[only.type, each.field.name]
        has = coded_mask(each.predicate, column) if isinstance(column, Coded) else numbers_mask(each.predicate, column)
        found &= ~has if each.operator.is_negative else has
    if only.figure is not None and (present := _micros(only, events).present) is not None:
        found &= present
    return found


def _micros(only: OnlyEvents, events: Events) -> Numbers:
    assert only.figure is not None
    column = events.micros[only.type, only.figure]
    assert isinstance(column, Numbers)
    return column


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


def _sums(customers: NDArray[Any], amounts: NDArray[Any], counted: Mask, size: int) -> NDArray[np.int64]:
    """Exact whatever the amounts: large ones are added up in two halves."""
    if not amounts.size or max(int(amounts.max()), -int(amounts.min())) * amounts.size < EXACT:
        return _weighed(customers, amounts, counted, size)
    high = _weighed(customers, amounts >> LOW_BITS, counted, size)
    low = _weighed(customers, amounts & ((1 << LOW_BITS) - 1), counted, size)
    return (high << LOW_BITS) + low


def _weighed(customers: NDArray[Any], amounts: NDArray[Any], counted: Mask, size: int) -> NDArray[np.int64]:
    """If most orders count, it is faster to add the others as zeros than to pick."""
    if np.count_nonzero(counted) * 2 > counted.size:
        weights = np.multiply(amounts, counted, dtype=np.float64)
    else:
        chosen = np.flatnonzero(counted)
        customers, weights = customers[chosen], amounts[chosen].astype(np.float64)
    return np.bincount(customers, weights=weights, minlength=size).astype(np.int64)


def _time(measure: str, records: Orders | Events, counted: Mask, size: int) -> NDArray[np.int64]:
    """Of each customer's first or last record; records are in order of time, so of one customer the one that is
    written last stays."""
    chosen = np.flatnonzero(counted)
    order = chosen if measure == "last" else chosen[::-1]
    found = np.zeros(size, dtype=np.int64)
    found[records.customers[order]] = records.times[order]
    return found


def _last(events: Orders | Events, amounts: NDArray[Any], counted: Mask, size: int) -> NDArray[np.int64]:
    """The amount of each customer's latest record, of several at that time the greatest."""
    chosen = np.flatnonzero(counted)
    order = chosen[np.lexsort((amounts[chosen], events.times[chosen]))]
    found = np.zeros(size, dtype=np.int64)
    found[events.customers[order]] = amounts[order]  # of one customer the last one stays
    return found


def _extremes(
    measure: str, customers: NDArray[Any], amounts: NDArray[Any], counted: Mask, size: int
) -> NDArray[np.int64]:
    """The greatest or least amount of each customer; any figure for one without."""
    chosen = np.flatnonzero(counted)
    customers, amounts = customers[chosen], amounts[chosen]
    edge = np.iinfo(np.int64)
    if measure == "max":
        greatest = np.full(size, edge.min)
        np.maximum.at(greatest, customers, amounts)
        return greatest
    least = np.full(size, edge.max)
    np.minimum.at(least, customers, amounts)
    return least
