"""What was read a moment ago, so that a hot path need not read it again; during an outage, what was known last."""

import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from crm_core.errors import Unavailable

RETRY_S = 1.0
"""After an outage of the database it is asked again so soon."""

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """The value of ``read``, at most ``for_s`` old; while one thread reads it again, others get the one before.

    failure: of the last reading. clock: in seconds.
    """

    def __init__(self, read: Callable[[], Value], *, for_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.failure: Unavailable | None = None
        self._read = read
        self._for_s = for_s
        self._clock = clock
        self._known: Value | None = None
        self._until = -math.inf
        self._claimed_until = -math.inf
        self._lock = threading.Lock()

    def claim(self) -> Value | None:
        """The value, or None if the caller is to ``get`` it: only one is, while others have the one before for 1 s."""
        now = self._clock()
        if now < self._until or now < self._claimed_until:
            return self._known
        self._claimed_until = now + RETRY_S
        return None

    def get(self) -> Value:
        """Raises Unavailable while nothing was ever read."""
        if self._known is not None and self._clock() < self._until:
            return self._known
        if self._lock.acquire(blocking=self._known is None):
            try:
                if self._clock() >= self._until:
                    self._read_again()
            finally:
                self._lock.release()
        if self._known is None:
            assert self.failure
            raise self.failure
        return self._known

    def forget(self) -> None:
        """Read it again when it is next asked for."""
        with self._lock:
            self._until = self._claimed_until = -math.inf

    def _read_again(self) -> None:
        try:
            self._known, self.failure = self._read(), None
        except Unavailable as exc:
            self.failure = exc
        self._until = self._clock() + (RETRY_S if self.failure else self._for_s)
