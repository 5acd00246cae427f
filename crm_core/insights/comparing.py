"""Comparisons of groups by chance: of two rates that are looked at again and again, and of two means.

Pure functions. Source of the first: Johari, Pekelis, Walsh, "Always valid inference", 2015 (the mixture sequential
probability ratio test with a normal mixture); of the second: Welch's interval for two means of large groups.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from statistics import NormalDist

ALPHA = 0.05
MIXTURE = 0.05
"""Width of the mixture, in standard deviations of one answer: intervals are narrowest at some thousands of answers."""
MOST = 50_000_000
FEWEST_HELD_OUT, FEWEST_BUYERS = 50, 10


class Verdict(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    UNKNOWN = "cannot tell yet"


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    size: int

    @property
    def value(self) -> float:
        return self.hits / self.size if self.size else 0.0

    @property
    def variance(self) -> float:
        """Of one answer, from one more of each: never 0."""
        share = (self.hits + 1) / (self.size + 2)
        return share * (1 - share)


@dataclass(frozen=True)
class Difference:
    """Of a group from the one it is compared with, with its interval."""

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        if self.low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if self.high < 0 else Verdict.UNKNOWN


def compare_rates(ours: Rate, other: Rate, *, comparisons: int = 1) -> Difference | None:
    """The difference of two rates, right at whatever moment one looks. None while a group has nobody.

    comparisons: how many are made side by side; together they are wrong in at most 5 of 100 cases.
    """
    if not ours.size or not other.size:
        return None
    radius = _radius(ours, other, ours.size, other.size, ALPHA / comparisons)
    value = ours.value - other.value
    return Difference(value, max(value - radius, -1.0), min(value + radius, 1.0))


def more_needed(ours: Rate, other: Rate, *, comparisons: int = 1) -> int | None:
    """How many more answers, of both groups together, tell them apart if the difference stays as it is. None if there
    is none, or it takes more than anybody has."""
    gap = abs(ours.value - other.value)
    if not ours.size or not other.size or not gap:
        return None
    low, high = 1.0, 2.0
    while _scaled(ours, other, high, comparisons) >= gap:
        low, high = high, high * 2
        if (ours.size + other.size) * high > MOST:
            return None
    while high - low > 0.01 * low:
        middle = (low + high) / 2
        low, high = (middle, high) if _scaled(ours, other, middle, comparisons) >= gap else (low, middle)
    return max(round((high - 1) * (ours.size + other.size)), 0)


def _scaled(ours: Rate, other: Rate, times: float, comparisons: int) -> float:
    return _radius(ours, other, ours.size * times, other.size * times, ALPHA / comparisons)


def _radius(ours: Rate, other: Rate, size: float, other_size: float, alpha: float) -> float:
    variance = ours.variance / size + other.variance / other_size
    mixture = MIXTURE**2 * (ours.variance + other.variance) / 2
    return sqrt(2 * variance * (variance + mixture) / mixture * log(sqrt((variance + mixture) / variance) / alpha))


@dataclass(frozen=True)
class Group:
    """Of customers: how many, what each has of something in all, and the squares of it in all."""

    size: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.size if self.size else 0.0

    @property
    def variance(self) -> float:
        return max(self.squares - self.total**2 / self.size, 0.0) / (self.size - 1) if self.size > 1 else 0.0


def compare_means(ours: Group, other: Group) -> Difference | None:
    """The difference of two means with its interval of 95 %. None for groups of less than two."""
    if ours.size < 2 or other.size < 2:
        return None
    radius = NormalDist().inv_cdf(1 - ALPHA / 2) * sqrt(ours.variance / ours.size + other.variance / other.size)
    value = ours.mean - other.mean
    return Difference(value, value - radius, value + radius)
