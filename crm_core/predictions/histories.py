"""What the model of purchases knows of a customer: how often, until when and for how long they have been observed."""

from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
DAYS_IN_WEEK = 7


@dataclass(frozen=True, eq=False)
class Histories:
    """One row a customer, or a row for all who are alike.

    repeats: days with orders after the first one. recency: weeks from the first to the last of them. age: weeks from
    the first to the end of what was observed. weights: customers of the row.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    weights: Floats

    @classmethod
    def of_days(cls, days: Whole, first: Whole, last: Whole, end: int) -> Self:
        """days: with orders, of each customer. first, last: of these, as numbers. end: the last day observed."""
        return cls(
            (days - 1).astype(np.float64),
            (last - first) / DAYS_IN_WEEK,
            (end - first) / DAYS_IN_WEEK,
            np.ones(days.size),
        )

    @property
    def size(self) -> int:
        return self.repeats.size

    @property
    def customers(self) -> float:
        return float(self.weights.sum())

    def grouped(self) -> "Grouped":
        """Customers who are alike as one row: of a million there are some ten thousand."""
        key = np.zeros(self.size, dtype=np.int64)
        for column in (self.repeats, self.recency, self.age):
            distinct, codes = np.unique(column, return_inverse=True)
            key = key * distinct.size + codes
        _, kept, places = np.unique(key, return_index=True, return_inverse=True)
        weights = np.bincount(places, weights=self.weights, minlength=kept.size).astype(np.float64)
        return Grouped(Histories(self.repeats[kept], self.recency[kept], self.age[kept], weights), places)


@dataclass(frozen=True, eq=False)
class Grouped:
    """places: the row of each customer among ``rows``."""

    rows: Histories
    places: NDArray[Any]


def tally(values: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The distinct values, and what weighs in for each."""
    distinct, places = np.unique(values, return_inverse=True)
    return distinct, np.bincount(places, weights=weights).astype(np.float64)
