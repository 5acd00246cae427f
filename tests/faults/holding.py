"""Holds a worker in the middle of its work for as long as a test wants: whoever would finish it is frozen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.running_app import RunningApp
from tests.waiting import eventually


@contextmanager
def frozen(app: RunningApp, name: str) -> Iterator[psutil.Process]:
    """A process that neither answers nor ends; it goes on afterwards, unless it was killed."""
    process = app.child(name)
    process.suspend()
    try:
        yield process
    finally:
        if process.is_running():
            process.resume()


def holder(services: Services, stream: Stream, group: str, suffix: str = "") -> str | None:
    """The name of a worker that has entries in hand. suffix: how that name ends."""
    consumers: Any = services.redis.xinfo_consumers(stream, group)
    found = [row["name"].decode() for row in consumers if row["pending"]]
    return next((name for name in found if name.endswith(suffix)), None)


def wait_until_held(services: Services, stream: Stream, group: str, suffix: str = "") -> None:
    eventually(lambda: holder(services, stream, group, suffix), what=f"entries in hand of {group}{suffix}")
