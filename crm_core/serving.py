"""The services of the app from its start to its end; while older data are brought forward, it is up and says so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from crm_core.errors import CrmError, Unavailable
from crm_core.infra.backoff import compute_backoff
from crm_core.infra.memory import freeze_startup_objects
from crm_core.infra.mongo import connect
from crm_core.services import Services, build_services, install, note_upgrade
from crm_core.settings import Settings
from crm_core.upgrades.lease import UpgradeStopped
from crm_core.upgrades.progress import UpgradeProgress, to_progress
from crm_core.upgrades.runner import is_forward
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import read_version

GRACE_S = 5.0
"""For the batch in hand, when the app ends in the middle of an upgrade."""

log = structlog.stdlib.get_logger(__name__)


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Install the services for API and pages: at once, or when the data have been brought forward.

    Raises Unavailable, and InvalidInput for what makes a start impossible; what is found later is said on the pages.
    """
    opening = _Opening(settings)
    upgrade = _find_upgrade(settings)
    if upgrade is None:
        opening.open()
    else:
        opening.open_later(upgrade)
    try:
        yield
    finally:
        opening.close()


def _find_upgrade(settings: Settings) -> UpgradeProgress | None:
    """What has to be done first; None on data of this program's form."""
    if settings.mongodb_uri is None:
        return None
    db = connect(settings.mongodb_uri, settings.mongodb_database)
    with db.client:
        return None if is_forward(db, STEPS) else to_progress(read_version(db, len(STEPS)), STEPS)


class _Opening:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services: Services | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._progress: UpgradeProgress | None = None

    def open(self) -> None:
        services = build_services(self._settings, watch=self._watch)
        self._services = services
        services.snapshot.start()
        install(services)
        freeze_startup_objects()

    def open_later(self, upgrade: UpgradeProgress) -> None:
        self._watch(upgrade)
        self._thread = threading.Thread(target=self._open_patiently, name="upgrade", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(GRACE_S)
        install(None)
        note_upgrade(None)
        if self._services:
            self._services.close()

    def _open_patiently(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self.open()
            except UpgradeStopped:
                return
            except Unavailable as exc:
                failures += 1
                log.warning("not open yet", tries=failures, error=str(exc))
                self._stopping.wait(compute_backoff(failures))
            except CrmError as exc:
                self._give_up(exc)
                return
            else:
                note_upgrade(None)
                return

    def _give_up(self, exc: CrmError) -> None:
        """The process stays, so that the pages say why."""
        log.error("cannot start", error=str(exc))
        if self._progress:
            note_upgrade(replace(self._progress, failure=f"ClientNest cannot start: {exc}"))

    def _watch(self, progress: UpgradeProgress) -> None:
        if self._stopping.is_set():
            raise UpgradeStopped
        self._progress = progress
        note_upgrade(progress)
