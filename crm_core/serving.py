"""The services of the app from its start to its end; while older data are brought forward, it is up and says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import structlog

from crm_core.errors import CrmError, Unavailable
from crm_core.infra.memory import freeze_startup_objects
from crm_core.infra.mongo import connect
from crm_core.services import Services, build_services, install, note_upgrade
from crm_core.settings import Settings
from crm_core.upgrades.background import UpgradeThread
from crm_core.upgrades.progress import UpgradeProgress, to_progress
from crm_core.upgrades.runner import is_forward
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import read_version

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
        self._thread = UpgradeThread("upgrade", self._open_or_say_why)
        self._progress: UpgradeProgress | None = None

    def open(self) -> None:
        services = build_services(self._settings, watch=self._watch)
        self._services = services
        services.snapshot.start(services.open_snapshot_copy(len(STEPS)))
        install(services)
        freeze_startup_objects()

    def open_later(self, upgrade: UpgradeProgress) -> None:
        self._watch(upgrade)
        self._thread.start()

    def close(self) -> None:
        self._thread.close()
        install(None)
        note_upgrade(None)
        if self._services:
            self._services.close()

    def _open_or_say_why(self) -> None:
        """The process stays, so that the pages say why it cannot open."""
        try:
            self.open()
        except Unavailable:
            raise
        except CrmError as exc:
            log.error("cannot start", error=str(exc))
            if self._progress:
                note_upgrade(replace(self._progress, failure=f"ClientNest cannot start: {exc}"))
        else:
            note_upgrade(None)

    def _watch(self, progress: UpgradeProgress) -> None:
        self._thread.check()
        self._progress = progress
        note_upgrade(progress)
