"""Days of a year over columns of dates: one search among the boundaries of the years that occur."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.days import DAY
from crm_core.rules.engines.columns import BEYOND_MOMENTS_MS, PLAIN_DAYS_MS, Mask, day_to_ms, to_ms, years_of
from crm_core.rules.predicates import Yearly
from crm_core.rules.yearly import moments_in, runs_in


def yearly_mask(wanted: Yearly, values: NDArray[Any]) -> Mask:
    """Which moments and plain days, in one column, are on a wanted day of their year."""
    is_day = values > BEYOND_MOMENTS_MS
    edges = [
        *(edge for year in years_of(values, ~is_day, 0) for edge in _moment_edges(wanted, year)),
        *(edge for year in years_of(values, is_day, PLAIN_DAYS_MS) for edge in _day_edges(wanted, year)),
    ]
    places = np.searchsorted(np.array(edges, dtype=np.int64), values, side="right")
    found: Mask = (places & 1).astype(bool)  # an odd number of edges is behind what lies within
    return found


@lru_cache(maxsize=4096)
def _moment_edges(wanted: Yearly, year: int) -> tuple[int, ...]:
    return tuple(to_ms(edge) for run in moments_in(wanted, year) for edge in run)


@lru_cache(maxsize=4096)
def _day_edges(wanted: Yearly, year: int) -> tuple[int, ...]:
    return tuple(_edges(wanted, year))


def _edges(wanted: Yearly, year: int) -> Iterator[int]:
    for first, last in runs_in(wanted, year):
        yield day_to_ms(first)
        yield day_to_ms(last + DAY)
