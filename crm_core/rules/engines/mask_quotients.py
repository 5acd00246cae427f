"""Averages against a range, exact: sum against value times count, in whole numbers."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import Mask
from crm_core.rules.predicates import Range
from crm_core.rules.ranges import MAX_INTEGER

TABLE = 1 << 20
"""Below this count distinct ones are found by counting, which is faster than sorting."""


def is_quotient_within(wanted: Range, totals: NDArray[np.int64], counts: NDArray[Any]) -> Mask:
    """Where total / count lies within; nowhere where the count is 0."""
    found: Mask = counts > 0
    if not found.any():
        return found
    ends = [end for each in (wanted.low, wanted.high) if (end := _fraction(each)) is not None]
    if all(_fits(end, totals, counts) for end in ends):
        return _by_products(found, wanted, totals, counts)
    return _by_thresholds(found, wanted, totals, counts)


def _fits(end: Fraction, totals: NDArray[np.int64], counts: NDArray[Any]) -> bool:
    """Whether both sides of total x denominator >= numerator x count, and their factors, are integers of 64 bits."""
    total = max(1, int(totals.max()), -int(totals.min()))
    greatest = max(total * end.denominator, abs(end.numerator) * int(counts.max()))
    return greatest <= MAX_INTEGER


def _by_products(found: Mask, wanted: Range, totals: NDArray[np.int64], counts: NDArray[Any]) -> Mask:
    counts = counts.astype(np.int64, copy=False)
    if (low := _fraction(wanted.low)) is not None:
        left, right = _times(totals, low.denominator), counts * low.numerator
        found &= left > right if wanted.without_low else left >= right
    if (high := _fraction(wanted.high)) is not None:
        left, right = _times(totals, high.denominator), counts * high.numerator
        found &= left < right if wanted.without_high else left <= right
    return found


def _times(totals: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    """Ends are mostly whole minor units, and a copy of a million numbers takes longer than comparing them."""
    return totals if factor == 1 else totals * factor


def _fraction(end: Any) -> Fraction | None:
    return None if end is None else Fraction(end)


def _by_thresholds(found: Mask, wanted: Range, totals: NDArray[np.int64], counts: NDArray[Any]) -> Mask:
    """In whole numbers of any size, once for each distinct count."""
    distinct, positions = _distinct(counts)
    if wanted.low is not None:
        found &= totals >= _thresholds(wanted.low, distinct, up=True, beyond=wanted.without_low)[positions]
    if wanted.high is not None:
        found &= totals <= _thresholds(wanted.high, distinct, up=False, beyond=wanted.without_high)[positions]
    return found


def _distinct(counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The distinct counts, and for each row the position of its own."""
    if counts.max() >= TABLE:
        return np.unique(counts, return_inverse=True)
    distinct = np.flatnonzero(np.bincount(counts))
    places = np.empty(distinct[-1] + 1, dtype=np.intp)
    places[distinct] = np.arange(distinct.size)
    return distinct, places[counts]


def _thresholds(end: Any, counts: NDArray[Any], *, up: bool, beyond: bool) -> NDArray[np.int64]:
    """For each count the least total whose quotient is not below ``end`` (up), or the greatest that is not above."""
    exact = Fraction(end)
    return np.array([_threshold(exact * int(count), up=up, beyond=beyond) for count in counts], dtype=np.int64)


def _threshold(product: Fraction, *, up: bool, beyond: bool) -> int:
    if up:
        whole = math.floor(product) + 1 if beyond else math.ceil(product)
    else:
        whole = math.ceil(product) - 1 if beyond else math.floor(product)
    return max(-MAX_INTEGER, min(whole, MAX_INTEGER))
