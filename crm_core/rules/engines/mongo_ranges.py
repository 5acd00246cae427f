"""Ranges as MongoDB asks for them: as a filter on a path, and over a quotient that is never divided."""

from fractions import Fraction
from math import gcd
from typing import Any

from bson import Decimal128

from crm_core.rules.predicates import Range

Filter = dict[str, Any]
Stage = dict[str, Any]


def to_range(wanted: Range) -> Filter:
    ends: Filter = {}
    if wanted.low is not None:
        ends["$gt" if wanted.without_low else "$gte"] = wanted.low
    if wanted.high is not None:
        ends["$lt" if wanted.without_high else "$lte"] = wanted.high
    return ends


def to_quotient_tests(wanted: Range, total: Any, count: Any) -> list[Filter]:
    """Expressions for total / count being within. Decimals, since a product of 64-bit integers may overflow."""
    return [_quotient_test(key, end, total, count) for key, end in to_range(wanted).items()]


def _quotient_test(key: str, end: Any, total: Any, count: Any) -> Filter:
    """An end is a decimal of at most 17 digits, or another average: both fit into the 34 digits of a product."""
    exact = Fraction(end)
    if (decimal := _to_decimal(exact)) is not None:
        return {key: [total, {"$multiply": [decimal, count]}]}
    over, under = (Decimal128(str(part)) for part in (exact.numerator, exact.denominator))
    return {key: [{"$multiply": [total, under]}, {"$multiply": [over, count]}]}


def _to_decimal(end: Fraction) -> Decimal128 | None:
    """None for what no decimal is."""
    digits = 0
    while end.denominator != 1:
        if gcd(end.denominator, 10) == 1:
            return None
        end, digits = end * 10, digits + 1
    return Decimal128(f"{end.numerator}E-{digits}")
