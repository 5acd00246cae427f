"""Ranges as MongoDB asks for them: as a filter on a path, and over a quotient that is never divided."""

from fractions import Fraction
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
    return [{key: [total, {"$multiply": [_to_decimal(end), count]}]} for key, end in to_range(wanted).items()]


def _to_decimal(end: Fraction) -> Decimal128:
    """Ends are decimals of at most 17 digits: with a count they fit into the 34 of a product."""
    digits = 0
    while end.denominator != 1:
        end, digits = end * 10, digits + 1
    return Decimal128(f"{end.numerator}E-{digits}")
