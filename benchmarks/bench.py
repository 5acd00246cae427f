"""What the benchmarks of ingestion work on: the running app, its servers and its ingest worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crm_core.infra.mongo import build_indexes, missing_indexes
from crm_core.infra.streams import INGESTED
from crm_core.services import Services
from tests.running_app import RunningApp

STORED_TIMEOUT_S = 600


@dataclass(frozen=True)
class Bench:
    """key: an API key that may write."""

    app: RunningApp
    services: Services
    key: str

    @contextmanager
    def worker_paused(self) -> Iterator[None]:
        """Stop the ingest worker while it has nothing in hand: what is accepted meanwhile waits on its stream."""
        self.wait_until_stored()
        worker = self.app.child("ingest")
        worker.suspend()
        try:
            yield
        finally:
            worker.resume()

    def wait_until_stored(self) -> None:
        self.services.publisher.wait_until_empty(*INGESTED, timeout_s=STORED_TIMEOUT_S, poll_s=0.01)

    def forget_accepted(self, stream: str) -> None:
        """Empty a stream that nobody reads meanwhile; its groups stay."""
        self.services.redis.xtrim(stream, maxlen=0, approximate=False)

    def forget_stored(self) -> None:
        """Collections as new: emptied ones would keep the files that they grew to."""
        for name in ("customers", "orders"):
            self.services.db[name].drop()
        build_indexes(self.services.db, missing_indexes(self.services.db))
