"""Waits in the background for data to be brought forward, through outages of the database."""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from crm_core.errors import Unavailable
from crm_core.infra.backoff import compute_backoff
from crm_core.upgrades.lease import UpgradeStopped

GRACE_S: Final = 5.0
"""For the batch in hand, when the process ends in the middle."""

log = structlog.stdlib.get_logger(__name__)


class UpgradeThread:
    """Runs ``action`` until it succeeds; after an outage it is tried again. Its other errors are its own to handle."""

    def __init__(self, name: str, action: Callable[[], None]) -> None:
        self._action = action
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def check(self) -> None:
        """What the action calls between two batches. Raises UpgradeStopped once the process is to end."""
        if self._stopping.is_set():
            raise UpgradeStopped

    def close(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(GRACE_S)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._action()
            except UpgradeStopped:
                return
            except Unavailable as exc:
                failures += 1
                log.warning("data not brought forward yet", tries=failures, error=str(exc))
                self._stopping.wait(compute_backoff(failures))
            else:
                return
