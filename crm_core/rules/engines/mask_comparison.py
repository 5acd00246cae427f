"""A field against another one, row by row."""

from datetime import timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.bound import BoundComparison
from crm_core.rules.clock_shifts import shifts_in
from crm_core.rules.engines.columns import Coded, Columns, Mask, Numbers, to_ms
from crm_core.rules.engines.day_numbers import DAY_MS, Ms, changes_within, read_days, starts_of, years_of
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Relation
from crm_core.rules.ranges import MAX_INTEGER
from crm_core.rules.values import MAX_NUMBER

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
    assert isinstance(first, Numbers)
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
    """Total / count against whole amounts, exact."""
    totals, counts, amounts = (columns.fields[name] for name in ("total_spend", "order_count", other.name))
    assert isinstance(totals, Numbers)
    assert isinstance(counts, Numbers)
    assert isinstance(amounts, Numbers)
    has_orders = counts.values > 0
    if _most(amounts.values) * _most(counts.values) <= MAX_INTEGER:
        found: Mask = COMPARE[relation](totals.values, amounts.values * counts.values.astype(np.int64, copy=False))
    else:
        found = _by_quotients(relation, totals.values, np.maximum(counts.values, 1), amounts.values)
    found &= has_orders
    return found if amounts.present is None else found & amounts.present


def _most(values: NDArray[Any]) -> int:
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))


def _by_quotients(relation: Relation, totals: NDArray[Any], counts: NDArray[Any], amounts: NDArray[Any]) -> Mask:
    """Where a product would be too large: the quotient rounded down, and whether something is left of it."""
    whole, rest = np.divmod(totals, counts)
    is_less, is_same = whole < amounts, (whole == amounts) & (rest == 0)
    found: dict[Relation, Mask] = {
        "<": is_less,
        "<=": is_less | is_same,
        ">": ~(is_less | is_same),
        ">=": ~is_less,
        "=": is_same,
    }
    return found[relation]


class _Shifts(NamedTuple):
    """first: number of the first day. sizes: by which the moments of each day are moved, and the plain days not.
    changing: of which days it is another one later on. edges: from when on each of ``later`` holds."""

    first: int
    sizes: Ms
    changing: Mask
    edges: Ms
    later: Ms


def days_of(values: NDArray[Any], zone: tzinfo) -> Ms:
    """Moments and plain days of one column as days since 1970, a moment as the day that it is on in ``zone``."""
    days = read_days(values)
    years = years_of(days)
    if not years:
        return days.numbers
    shifts = _shifts(zone, years)
    if not shifts.sizes.any() and not shifts.changing.any():
        return days.numbers
    places = days.numbers - shifts.first
    places += days.is_day * np.int64(shifts.sizes.size // 2)
    moved = days.ms + shifts.sizes[places]
    rest = np.flatnonzero(shifts.changing[places])
    if rest.size:
        ms = days.ms[rest]
        moved[rest] = ms + shifts.later[np.searchsorted(shifts.edges, ms, side="right") - 1]
    moved //= DAY_MS
    return moved


@lru_cache(maxsize=16)
def _shifts(zone: tzinfo, years: range) -> _Shifts:
    starts = starts_of(years)
    found = [each for year in years for each in shifts_in(zone, year)]
    edges = np.array([to_ms(start) for start, _ in found], dtype=np.int64)
    later = np.array([shift // MILLISECOND for _, shift in found], dtype=np.int64)
    of_moments = later[np.searchsorted(edges, starts[:-1], side="right") - 1]
    changing = changes_within(edges, starts)
    return _Shifts(
        int(starts[0] // DAY_MS),
        np.concatenate([of_moments, np.zeros_like(of_moments)]),
        np.concatenate([changing, np.zeros_like(changing)]),
        edges,
        later,
    )
