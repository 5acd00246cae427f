"""Holds a worker in the middle of its work for as long as a test wants: whoever would finish it is frozen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import redis

from crm_core.infra.clock import utc_now
from crm_core.infra.heartbeat import WORKER_GROUPS, read_workers
from crm_core.infra.streams import Stream, connect_redis
from crm_core.services import Services
from tests.running_app import RunningApp
from tests.waiting import eventually


@contextmanager
def frozen(app: RunningApp, name: str) -> Iterator[psutil.Process]:
    """A process that neither answers nor ends; it goes on afterwards, unless it was killed.

    A worker has begun to work: frozen earlier, it would wait for others that the test freezes as well.
    """
    process = working(app, name) if name in WORKER_GROUPS else app.child(name)
    process.suspend()
    try:
        yield process
    finally:
        if process.is_running():
            process.resume()


def working(app: RunningApp, name: str) -> psutil.Process:
    """The process of a worker, once it says that it lives."""
    with connect_redis(app.runtime.redis_url) as client:

        def speaking() -> set[int]:
            return {worker.pid for worker in read_workers(client, utc_now())}

        return eventually(lambda: app.child(name), lambda child: child.pid in speaking(), f"{name} at work")


def find_consumers(services: Services, stream: Stream, group: str) -> Any:
    """Before the first of them reads, there is no group."""
    try:
        return services.redis.xinfo_consumers(stream, group)
    except redis.ResponseError:
        return []


def holder(services: Services, stream: Stream, group: str, suffix: str = "") -> str | None:
    """The name of a worker that has entries in hand. suffix: how that name ends."""
    found = [row["name"].decode() for row in find_consumers(services, stream, group) if row["pending"]]
    return next((name for name in found if name.endswith(suffix)), None)


def wait_until_held(services: Services, stream: Stream, group: str, suffix: str = "") -> None:
    eventually(lambda: holder(services, stream, group, suffix), what=f"entries in hand of {group}{suffix}")
