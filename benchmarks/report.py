"""How benchmarks print: a figure, the bare baseline of the same run, and their ratio."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """rate: per second. bare: what the same servers did without us, in the same run, if there is such a thing."""

    what: str
    rate: float
    unit: str
    bare: float | None = None
    bare_what: str = ""

    def print(self) -> None:
        line = f"{self.what:<58} {self.rate:>10,.0f} {self.unit}"
        if self.bare:
            line += f"   bare {self.bare:,.0f} ({self.bare_what}), ratio {self.rate / self.bare:.2f}"
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
