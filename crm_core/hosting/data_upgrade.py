"""Brings the data of the embedded MongoDB forward while the app is up: only the start's administrator may."""

import threading

import structlog

from crm_core.errors import Unavailable
from crm_core.infra.backoff import compute_backoff
from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import connect
from crm_core.upgrades.lease import UpgradeStopped
from crm_core.upgrades.progress import UpgradeProgress
from crm_core.upgrades.runner import bring_forward, is_forward
from crm_core.upgrades.steps import STEPS

GRACE_S = 5.0
"""For the batch in hand, when the process ends in the middle."""

log = structlog.stdlib.get_logger(__name__)


class DataUpgrade:
    """uri: an administrator's."""

    def __init__(self, uri: str, database: str) -> None:
        self._db = connect(uri, database)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Return when nothing is to be done, or once a thread does it. Raises InvalidInput for data of a newer one."""
        if is_forward(self._db, STEPS):
            bring_forward(self._db, STEPS, utc_now)  # the indexes of what is empty
            return
        self._thread = threading.Thread(target=self._bring_forward, name="data-upgrade", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(GRACE_S)
        self._db.client.close()

    def _bring_forward(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                bring_forward(self._db, STEPS, utc_now, self._watch)
            except UpgradeStopped:
                return
            except Unavailable as exc:
                failures += 1
                log.warning("data not brought forward yet", tries=failures, error=str(exc))
                self._stopping.wait(compute_backoff(failures))
            else:
                return

    def _watch(self, _: UpgradeProgress) -> None:
        if self._stopping.is_set():
            raise UpgradeStopped
