"""A field against another one, row by row."""

from datetime import timedelta, tzinfo
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.binding import BoundComparison
from crm_core.rules.clock_shifts import shifts_in
from crm_core.rules.engines.columns import (
    BEYOND_MOMENTS_MS,
    PLAIN_DAYS_MS,
    Coded,
    Columns,
    Mask,
    Numbers,
    to_ms,
    years_of,
)
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Relation
from crm_core.rules.values import MAX_NUMBER

DAY_MS = 86_400_000
MILLISECOND = timedelta(milliseconds=1)
COMPARE: Final = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal}
FLIPPED: Final[dict[Relation, Relation]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}


def comparison_mask(bound: BoundComparison, columns: Columns) -> Mask:
    """Where both have a value and the relation holds between them. Both are among the columns."""
    relation, one, other = bound.relation, bound.field, bound.other
    if one.is_average:
        return _averages(relation, other, columns)
    if other.is_average:
        return _averages(FLIPPED[relation], one, columns)
    first, second = columns.fields[one.name], columns.fields[other.name]
    if isinstance(first, Coded):
        assert isinstance(second, Coded)
        return _texts(first, second)
    assert isinstance(second, Numbers)
    values, others = (_values(found, column, bound.zone) for found, column in ((one, first), (other, second)))
    result: Mask = COMPARE[relation](values, others)
    for column in (first, second):
        if column.present is not None:
            result &= column.present
    return result


def _values(found: CustomerField, column: Numbers, zone: tzinfo) -> NDArray[Any]:
    if found.type is FieldType.DATE:
        return days_of(column.values, zone)
    return column.values if found.is_whole else np.clip(column.values, -MAX_NUMBER, MAX_NUMBER)


def _texts(first: Coded, second: Coded) -> Mask:
    """Each has codes of its own."""
    places = {text: place for place, text in enumerate(first.values)}
    as_first = np.array([*(places.get(text, -2) for text in second.values), -2], dtype=np.int64)
    result: Mask = first.codes == as_first[second.codes]
    return result


def _averages(relation: Relation, other: CustomerField, columns: Columns) -> Mask:
    """Total / count against whole amounts, exact: the quotient rounded down, and whether something is left of it."""
    totals, counts, amounts = (columns.fields[name] for name in ("total_spend", "order_count", other.name))
    assert isinstance(totals, Numbers)
    assert isinstance(counts, Numbers)
    assert isinstance(amounts, Numbers)
    whole, rest = np.divmod(totals.values, np.maximum(counts.values, 1))
    is_less, is_same = whole < amounts.values, whole == amounts.values
    match relation:
        case "<":
            found = is_less
        case "<=":
            found = is_less | (is_same & (rest == 0))
        case ">":
            found = ~(is_less | (is_same & (rest == 0)))
        case ">=":
            found = ~is_less
        case "=":
            found = is_same & (rest == 0)
    found &= counts.values > 0
    return found if amounts.present is None else found & amounts.present


def days_of(values: NDArray[Any], zone: tzinfo) -> NDArray[np.int64]:
    """Moments and plain days of one column as days since 1970, a moment as the day that it is on in ``zone``."""
    is_day = values > BEYOND_MOMENTS_MS
    days = np.where(is_day, values - PLAIN_DAYS_MS, values)
    shifts = [each for year in years_of(values, ~is_day, 0) for each in shifts_in(zone, year)]
    if shifts:
        starts = np.array([to_ms(start) for start, _ in shifts], dtype=np.int64)
        sizes = np.array([shift // MILLISECOND for _, shift in shifts], dtype=np.int64)
        places = np.searchsorted(starts, values, side="right") - 1
        days += np.where(is_day, 0, sizes[places])
    days //= DAY_MS
    return days
