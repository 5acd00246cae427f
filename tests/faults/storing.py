"""Ingest workers that can really be killed: each a process of its own, forked from one that has loaded everything."""

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from crm_core.infra.logs import configure_logs
from crm_core.infra.streams import Entry
from crm_core.services import build_services
from crm_core.settings import Settings

Batch = Sequence[Entry]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.storing"])
DEADLINE_S = 60.0


class StoringWorker:
    """Stores batches in their order. stored: how many it has told us of."""

    def __init__(self, settings: Settings, name: str, batches: Sequence[Batch]) -> None:
        self.stored = 0
        self._ours, theirs = CONTEXT.Pipe(duplex=False)
        self._process: ForkServerProcess = CONTEXT.Process(target=_store, args=(settings, name, batches, theirs))
        self._process.start()
        theirs.close()

    def wait_for(self, stored: int) -> None:
        """Until it has stored so many batches."""
        while self.stored < stored:
            assert self._ours.poll(DEADLINE_S), f"{self.stored} of {stored} batches stored, then silence"
            self.stored = self._ours.recv() + 1

    def kill(self, *, after_s: float) -> None:
        """``kill -9``, that much later; what it stored until then may or may not be told."""
        self._process.join(after_s)
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        self._process.join(DEADLINE_S)
        assert self._process.exitcode == 0


def _store(settings: Settings, name: str, batches: Sequence[Batch], told: Connection) -> None:
    configure_logs("ERROR", "storing")
    services = build_services(settings)
    services.transactions.own(name)
    for number, batch in enumerate(batches):
        refused = services.persister.store(batch)
        assert not refused, refused
        told.send(number)
    services.close()
