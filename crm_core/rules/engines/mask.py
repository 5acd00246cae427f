"""The mask engine: a bound rule as a boolean per row of the columns."""

from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from crm_core.errors import BadRule
from crm_core.rules.binding import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundRecords,
    BoundSegment,
)
from crm_core.rules.engines.columns import Coded, Columns, Mask, Numbers
from crm_core.rules.engines.mask_comparison import comparison_mask
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.engines.mask_ranges import range_mask, span_mask
from crm_core.rules.engines.mask_records import figure_mask
from crm_core.rules.engines.mask_yearly import yearly_mask
from crm_core.rules.fields import CustomerField
from crm_core.rules.predicates import IsSet, Predicate, Range, Span, Yearly, holds


def mask(bound: Bound, columns: Columns) -> Mask:
    """Which customers match, one boolean per row; the caller may change it.

    Raises BadRule for a field that the columns do not have.
    """
    match bound:
        case BoundField():
            found = _field(bound, columns)
            return ~found if bound.operator.is_negative else found
        case BoundComparison():
            for each in (bound.field, bound.other):
                _need(each, bound.path, columns)
            found = comparison_mask(bound, columns)
            return ~found if bound.operator.is_negative else found
        case BoundRecords():
            found = figure_mask(bound, columns)
            return ~found if bound.operator.is_negative else found
        case BoundList():
            return _listed(bound, columns)
        case BoundSegment():
            return mask(bound.child, columns)
        case BoundGroup():
            return _group(bound, columns)
        case _:
            assert_never(bound)


def _group(bound: BoundGroup, columns: Columns) -> Mask:
    """One running mask, whatever the number of children."""
    is_all = bound.rule.kind == "all"
    found = np.full(columns.size, is_all)
    for child in bound.children:
        if is_all:
            found &= mask(child, columns)
        else:
            found |= mask(child, columns)
    return ~found if bound.rule.kind == "none" else found


def _listed(bound: BoundList, columns: Columns) -> Mask:
    found = np.zeros(columns.size, dtype=bool)
    rows = [row for name in bound.rule.customer_ids if (row := columns.rows.get(name)) is not None]
    found[rows] = True
    return found


def _field(bound: BoundField, columns: Columns) -> Mask:
    if bound.field.is_average:
        return _average(bound.predicate, columns)
    _need(bound.field, bound.path, columns)
    column = columns.fields[bound.field.name]
    if isinstance(column, Coded):
        return coded_mask(bound.predicate, column)
    return _numbers_mask(bound.predicate, column)


def _need(found: CustomerField, path: str, columns: Columns) -> None:
    if not found.is_average and found.name not in columns.fields:
        raise BadRule(f"{path}: {found.label} is not among the columns held in memory.", field=path)


def coded_mask(predicate: Predicate, column: Coded) -> Mask:
    """Asks each distinct value once; the last place is that of the code -1, a missing value."""
    hits = np.zeros(len(column.values) + 1, dtype=bool)
    hits[:-1] = [holds(predicate, value) for value in column.values]
    codes = np.flatnonzero(hits)
    found: Mask = column.codes == codes[0] if len(codes) == 1 else hits[column.codes]  # a look-up is much slower
    return found


def _numbers_mask(predicate: Predicate, column: Numbers) -> Mask:
    present = column.present
    if isinstance(predicate, IsSet):
        return np.ones(len(column.values), dtype=bool) if present is None else present.copy()
    found = _values_mask(predicate, column.values)
    if present is not None:
        found &= present
    return found


def _values_mask(predicate: Predicate, values: NDArray[Any]) -> Mask:
    match predicate:
        case Range():
            return range_mask(predicate, values)
        case Span():
            return span_mask(predicate, values)
        case Yearly():
            return yearly_mask(predicate, values)
        case _:
            raise AssertionError("is asked of texts")


def _average(predicate: Predicate, columns: Columns) -> Mask:
    totals, counts = columns.fields["total_spend"], columns.fields["order_count"]
    assert isinstance(totals, Numbers)
    assert isinstance(counts, Numbers)
    if isinstance(predicate, IsSet):
        found: Mask = counts.values > 0
        return found
    assert isinstance(predicate, Range)
    return is_quotient_within(predicate, totals.values, counts.values)
