"""Ranges as the values are stored: integers of minor units, exact fractions, or plain numbers."""

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from crm_core.rules.predicates import Range

MAX_INTEGER = 2**63 - 1


def to_whole(wanted: Range, digits: int) -> Range:
    """The same for values that are integers of 10^-digits: both ends whole and included, within 64 bits."""
    low, high = wanted.low, wanted.high
    if low is not None:
        low = _within(_floor(low, digits) + 1 if wanted.without_low else _ceil(low, digits))
    if high is not None:
        high = _within(_ceil(high, digits) - 1 if wanted.without_high else _floor(high, digits))
    return Range(low, high)


def to_fractions(wanted: Range, digits: int) -> Range:
    """The same for averages of integers of 10^-digits: no end is rounded."""
    return _convert(wanted, lambda end: Fraction(end.scaleb(digits)))


def to_plain(wanted: Range) -> Range:
    """The same for numbers as JSON has them."""
    return _convert(wanted, lambda end: int(end) if end == end.to_integral_value() else float(end))


def ceil_minor(amount: Decimal, digits: int) -> int:
    """The least amount of minor units that is not below ``amount``."""
    return _within(_ceil(amount, digits))


def _floor(end: Any, digits: int) -> int:
    whole: int = math.floor(end.scaleb(digits))
    return whole


def _ceil(end: Any, digits: int) -> int:
    whole: int = math.ceil(end.scaleb(digits))
    return whole


def _within(value: int) -> int:
    return max(-MAX_INTEGER, min(value, MAX_INTEGER))


def _convert(wanted: Range, convert: Callable[[Any], Any]) -> Range:
    low = None if wanted.low is None else convert(wanted.low)
    high = None if wanted.high is None else convert(wanted.high)
    return replace(wanted, low=low, high=high)
