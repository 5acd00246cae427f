"""How benchmarks print: a figure, the bare baseline of the same run, their ratio, and the goal."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """rate: per second. bare: what the same servers did without us, in the same run, if there is such a thing.

    goal_rate, goal_ratio: what to reach at least, per second or times the bare baseline.
    """

    what: str
    rate: float
    unit: str
    bare: float | None = None
    bare_what: str = ""
    goal_rate: float | None = None
    goal_ratio: float | None = None

    def print(self) -> None:
        line = f"{self.what:<58} {self.rate:>10,.0f} {self.unit}"
        if self.bare:
            line += f"   bare {self.bare:,.0f} ({self.bare_what}), ratio {self.rate / self.bare:.2f}"
        if self.goal_rate is not None:
            line += f"   goal ≥ {self.goal_rate:,.0f}"
        if self.goal_ratio is not None:
            line += f"   goal ratio ≥ {self.goal_ratio:.2f}"
        print(line, flush=True)


def time_of(work: Callable[[], object]) -> float:
    """Seconds that ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def median_of(work: Callable[[], object], *, runs: int = 7) -> float:
    """The median of the seconds that ``work`` takes, after one run that does not count."""
    work()
    return sorted(time_of(work) for _ in range(runs))[runs // 2]
