"""What every worker's ``main`` does: settings, logs, services, signals, and the loop until told to stop."""

import argparse
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Protocol

from crm_core.errors import CrmError, Unavailable
from crm_core.infra.consumer import Consumer, ConsumerPolicy, Handler, compute_backoff
from crm_core.infra.embedded.platform import open_platform
from crm_core.infra.logs import configure_logs
from crm_core.infra.streams import Stream
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from workers.until_eof import stop_at_eof

log = logging.getLogger(__name__)


class Loop(Protocol):
    """run returns soon after stop was called, from a signal handler or another thread."""

    def run(self) -> None: ...
    def stop(self) -> None: ...


class PollLoop:
    """Calls a function again and again; after an outage it waits a little longer each time."""

    def __init__(self, step: Callable[[], int], *, every_s: float) -> None:
        self._step = step
        self._every_s = every_s
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                changed = self._step()
                failures = 0
            except Unavailable as exc:
                failures += 1
                log.warning("outage tries=%d error=%s", failures, exc)
                self._stop.wait(compute_backoff(failures))
            else:
                if not changed:
                    self._stop.wait(self._every_s)


def consume(
    services: Services,
    group: str,
    instance: str,
    streams: list[Stream],
    handler: Handler,
    policy: ConsumerPolicy | None = None,
) -> Consumer:
    """A consumer of ``group``. Its name outlives a restart, so it takes up at once what it left pending.

    instance: tells apart workers of one kind on one machine.
    """
    name = f"{group}-{socket.gethostname()}-{instance}"
    return Consumer(services.redis, streams=streams, group=group, name=name, handler=handler, policy=policy)


def run_worker(name: str, build_loop: Callable[[Services, str], Loop]) -> None:
    """Build this instance's loop and run it until SIGTERM, SIGINT, or with ``--until-eof`` the end of stdin."""
    parser = argparse.ArgumentParser(prog=f"python -m workers.{name}")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    parser.add_argument("--instance", default="1", help="another word for each further worker on this machine")
    options = parser.parse_args()
    try:
        settings = Settings.load()
        configure_logs(settings.log_level, name)
        with open_platform(settings, workers=False) as ready:
            _run(build_loop(_patient_services(ready), options.instance), until_eof=options.until_eof)
    except CrmError as exc:
        sys.exit(f"The {name} worker cannot start: {exc}")


def _run(loop: Loop, *, until_eof: bool) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    if until_eof:
        stop_at_eof(loop.stop)
    log.info("started")
    loop.run()
    log.info("stopped")


def _patient_services(settings: Settings) -> Services:
    """Services, also while a server is still coming up."""
    failures = 0
    while True:
        try:
            return build_services(settings)
        except Unavailable as exc:
            failures += 1
            if failures > 20:
                raise
            log.warning("outage tries=%d error=%s", failures, exc)
            threading.Event().wait(compute_backoff(failures))
