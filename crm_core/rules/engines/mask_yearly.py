"""Days of a year over columns of dates."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.days import DAY
from crm_core.rules.engines.columns import EPOCH, Mask, to_ms
from crm_core.rules.engines.day_numbers import DAY_MS, Ms, changes_within, read_days, starts_of, years_of
from crm_core.rules.predicates import Yearly
from crm_core.rules.yearly import moments_in, runs_in

OUT, IN, BOTH = 0, 1, 2


class _Table(NamedTuple):
    """first: number of the first day. states: of the moments of each day, then of the plain days. edges: of moments."""

    first: int
    states: NDArray[np.uint8]
    edges: Ms


def yearly_mask(wanted: Yearly, values: NDArray[Any]) -> Mask:
    """Which moments and plain days, in one column, are on a wanted day of their year."""
    days = read_days(values)
    years = years_of(days)
    if not years:
        return np.zeros(values.size, dtype=bool)
    table = _table(wanted, years)
    places = days.numbers - table.first
    places += days.is_day * np.int64(table.states.size // 2)
    states = table.states[places]
    found: Mask = states == IN
    rest = np.flatnonzero(states == BOTH)
    if rest.size:
        found[rest] = _is_within(table.edges, days.ms[rest])
    return found


@lru_cache(maxsize=64)
def _table(wanted: Yearly, years: range) -> _Table:
    starts = starts_of(years)
    edges = np.array([*_moment_edges(wanted, years)], dtype=np.int64)
    plain = np.array([*_day_edges(wanted, years)], dtype=np.int64)
    of_moments = np.where(changes_within(edges, starts), BOTH, _is_within(edges, starts[:-1]))
    states = np.concatenate([of_moments, _is_within(plain, starts[:-1])]).astype(np.uint8)
    return _Table(int(starts[0] // DAY_MS), states, edges)


def _is_within(edges: Ms, ms: Ms) -> Mask:
    """An odd number of edges is behind what lies within."""
    odd: Mask = (np.searchsorted(edges, ms, side="right") & 1).astype(bool)
    return odd


def _moment_edges(wanted: Yearly, years: range) -> Iterator[int]:
    for year in years:
        for start, end in moments_in(wanted, year):
            yield to_ms(start)
            yield to_ms(end)


def _day_edges(wanted: Yearly, years: range) -> Iterator[int]:
    for year in years:
        for first, last in runs_in(wanted, year):
            yield (first - EPOCH.date()) // DAY * DAY_MS
            yield (last + DAY - EPOCH.date()) // DAY * DAY_MS
