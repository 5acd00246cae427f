"""Predicates over columns of values."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import Coded, Mask, Numbers
from crm_core.rules.engines.mask_ranges import range_mask, span_mask
from crm_core.rules.engines.mask_yearly import yearly_mask
from crm_core.rules.predicates import IsSet, Predicate, Range, Span, Yearly, holds


def coded_mask(predicate: Predicate, column: Coded) -> Mask:
    """Asks each distinct value once; the last place is that of the code -1, a missing value."""
    hits = np.zeros(len(column.values) + 1, dtype=bool)
    hits[:-1] = [holds(predicate, value) for value in column.values]
    codes = np.flatnonzero(hits)
    found: Mask = column.codes == codes[0] if len(codes) == 1 else hits[column.codes]  # a look-up is much slower
    return found


def numbers_mask(predicate: Predicate, column: Numbers) -> Mask:
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
