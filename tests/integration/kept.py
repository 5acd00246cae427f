"""Apps that are started one after another on one data folder, in which they keep the snapshot."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crm_core.audience.snapshot import keeper
from crm_core.audience.snapshot.keeper import Status
from crm_core.audience.snapshot.loading import Loader
from crm_core.audience.snapshot.shard import Shard
from crm_core.infra.clock import Clock
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS

READY_S = 20.0


class Apps:
    """settings: of a database, and of the folder that all of them use."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock

    @property
    def file(self) -> Path:
        return self.settings.data_dir / "snapshot" / "columns"

    @contextmanager
    def started(self, **changed: object) -> Iterator[Services]:
        """Services whose snapshot is ready. They end in order. changed: settings."""
        settings = self.settings.with_servers(**changed)
        services = build_services(settings, clock=self.clock)
        services.snapshot.start(services.open_snapshot_copy(len(STEPS)))
        try:
            services.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)
            yield services
        finally:
            services.close()


def note_loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows with each time that all is read."""
    loads: list[int] = []

    class Noting(Loader):
        def load_all(self, progress: Callable[[int], None] = lambda _: None) -> Shard:
            loads.append(1)
            return super().load_all(progress)

    monkeypatch.setattr(keeper, "Loader", Noting)
    return loads
