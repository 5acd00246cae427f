"""Lets only so many messages through per second."""

import math
import time
from collections.abc import Callable


class RateGate:
    """A budget that fills by the second. A call may overdraw it and the next one waits, so that any batch can pass."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._budget: float | None = None  # of messages; None: nothing has passed, it is full
        self._at_s = 0.0

    def wait_s(self, messages: int, max_per_second: int | None) -> int:
        """Return 0 and take ``messages`` from the budget, or in how many seconds to ask again."""
        if max_per_second is None:
            self._budget = None
            return 0
        now_s = self._clock()
        full = float(max_per_second)
        budget = full if self._budget is None else min(full, self._budget + (now_s - self._at_s) * max_per_second)
        self._at_s = now_s
        if budget > 0:
            self._budget = budget - messages
            return 0
        self._budget = budget
        return max(1, math.ceil(-budget / max_per_second))
