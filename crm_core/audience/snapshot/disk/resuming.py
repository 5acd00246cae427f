"""How far a process is that goes on from a copy: nothing is shown before it has caught up."""

import time

from crm_core.audience.snapshot.changes import Changed, ColumnsOutdated

MAX_CHANGED = 0.05
"""Of all customers: with more than that, loading all anew is sooner done than reading them one by one."""
MIN_CHANGED = 10_000
PATIENCE_S = 30.0


class Resuming:
    """mark: set in the log when the process began; None where none can be set. customers: in the copy."""

    def __init__(self, mark: str | None, customers: int) -> None:
        self._mark = mark
        self._left = max(int(customers * MAX_CHANGED), MIN_CHANGED)
        self._until = time.monotonic() + PATIENCE_S

    def check(self, found: Changed) -> None:
        """Before what was found is read. Raises ColumnsOutdated when it is not worth it."""
        self._left -= len(found.ids) + len(found.entries)
        if self._mark is None or self._left < 0 or time.monotonic() > self._until:
            raise ColumnsOutdated

    def is_done(self, found: Changed) -> bool:
        """Whether, with what was found, all is there that was stored before the start."""
        return self._mark in found.marks
