"""The mask engine: a bound rule as a boolean per row of the columns."""

from typing import assert_never

import numpy as np

from crm_core.errors import BadRule
from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
)
from crm_core.rules.engines.columns import Coded, Columns, Flags, Mask, Numbers
from crm_core.rules.engines.mask_comparison import comparison_mask
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.engines.mask_records import figure_mask
from crm_core.rules.engines.mask_values import coded_mask, numbers_mask
from crm_core.rules.fields import CustomerField
from crm_core.rules.predicates import IsSet, Predicate, Range, holds


def mask(bound: Bound, columns: Columns) -> Mask:
    """Which customers match, one boolean per row; the caller may change it.

    Raises BadRule for a field that the columns do not have, and for what others with an address decide, who may be in
    other columns.
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
        case BoundReach():
            raise BadRule(f"{bound.path}: an address may be shared, so that is asked of all columns.", field=bound.path)
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
    if isinstance(column, Flags):
        return _flags_mask(bound, column)
    return numbers_mask(bound.predicate, column)


def _flags_mask(bound: BoundField, column: Flags) -> Mask:
    """Bits of the values that are not asked for, when the last is; else of those that are."""
    has_last = holds(bound.predicate, bound.field.choices[-1])
    asked = sum(bit for value, bit in column.bits.items() if holds(bound.predicate, value) is not has_last)
    found: Mask = (column.numbers & column.numbers.dtype.type(asked)) != 0
    return ~found if has_last else found


def _need(found: CustomerField, path: str, columns: Columns) -> None:
    if not found.is_average and found.name not in columns.fields:
        raise BadRule(f"{path}: {found.label} is not among the columns held in memory.", field=path)


def _average(predicate: Predicate, columns: Columns) -> Mask:
    totals, counts = columns.fields["total_spend"], columns.fields["order_count"]
    assert isinstance(totals, Numbers)
    assert isinstance(counts, Numbers)
    if isinstance(predicate, IsSet):
        found: Mask = counts.values > 0
        return found
    assert isinstance(predicate, Range)
    return is_quotient_within(predicate, totals.values, counts.values)
