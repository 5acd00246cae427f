"""Brings the data of the embedded MongoDB forward while the app is up: only the start's administrator may."""

from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import connect
from crm_core.upgrades.background import UpgradeThread
from crm_core.upgrades.runner import bring_forward, is_forward
from crm_core.upgrades.steps import STEPS


class DataUpgrade:
    """uri: an administrator's."""

    def __init__(self, uri: str, database: str) -> None:
        self._db = connect(uri, database)
        self._thread = UpgradeThread("data-upgrade", self._bring_forward)

    def start(self) -> None:
        """Return when nothing is to be done, or once a thread does it. Raises InvalidInput for data of a newer one."""
        if is_forward(self._db, STEPS):
            bring_forward(self._db, STEPS, utc_now)  # the indexes of what is empty
        else:
            self._thread.start()

    def close(self) -> None:
        self._thread.close()
        self._db.client.close()

    def _bring_forward(self) -> None:
        bring_forward(self._db, STEPS, utc_now, lambda _: self._thread.check())
