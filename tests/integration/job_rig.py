"""Workers of a test: one that does jobs, one turn at a time, and one that stores what is accepted, in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import INGESTED, Stream
from crm_core.services import Services


class Killed(BaseException):
    """The worker's process ends here."""


def jobs_worker(services: Services, instance: str = "a") -> Consumer:
    return Consumer(
        services.redis,
        streams=[Stream.JOBS, Stream.SHORT_JOBS],
        group="jobs",
        name=instance,
        handler=services.job_runner.handle,
        policy=ConsumerPolicy(batch=1, block_ms=1),
    )


@contextmanager
def ingest_worker(services: Services) -> Iterator[None]:
    """Runs as long as the test needs it."""
    consumer = Consumer(
        services.redis,
        streams=[*INGESTED],
        group="ingest",
        name="a",
        handler=services.persister.store,
        policy=ConsumerPolicy(batch=1000, block_ms=10),
    )
    loop = threading.Thread(target=consumer.run)
    loop.start()
    try:
        yield
    finally:
        consumer.stop()
        loop.join()


def work(services: Services, *, instance: str = "a") -> int:
    """One turn of the jobs worker while records are being stored."""
    with ingest_worker(services):
        return jobs_worker(services, instance).run_once()
