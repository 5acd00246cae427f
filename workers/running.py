"""What every worker's ``main`` does: settings, logs, services, signals, and the loop until told to stop."""

import argparse
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import structlog

from crm_core.errors import CrmError, Unavailable
from crm_core.hosting.platform import open_platform
from crm_core.infra.backoff import compute_backoff
from crm_core.infra.consumer import Consumer, ConsumerPolicy, Handler
from crm_core.infra.heartbeat import BEAT_S, Activity, record_heartbeat, remove_heartbeat
from crm_core.infra.logs import configure_logs
from crm_core.infra.memory import freeze_startup_objects
from crm_core.infra.streams import Stream, connect_redis
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.progress import UpgradeProgress
from crm_core.upgrades.runner import Watch
from workers.until_eof import stop_at_eof

log = structlog.stdlib.get_logger(__name__)


class Loop(Protocol):
    """run returns soon after stop was called, from a signal handler or another thread. tend: called every 2 s from
    another thread, also while run is in the middle of something long."""

    activity: Activity

    def run(self) -> None: ...
    def stop(self) -> None: ...
    def tend(self) -> None: ...


class PollLoop:
    """Calls a function again and again; after an outage it waits a little longer each time."""

    def __init__(self, step: Callable[[], int], activity: Activity, *, every_s: float) -> None:
        self.activity = activity
        self._step = step
        self._every_s = every_s
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def tend(self) -> None:
        """Nothing is in hand between two steps that another could take."""

    def run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                changed = self._step()
                failures = 0
            except Unavailable as exc:
                failures += 1
                self.activity.state = "outage"
                log.warning("outage", tries=failures, error=str(exc))
                self._stop.wait(compute_backoff(failures))
            else:
                self.activity.state = "busy" if changed else "idle"
                self.activity.handled += changed
                if not changed:
                    self._stop.wait(self._every_s)


def worker_name(group: str, instance: str) -> str:
    """Outlives a restart, so that a worker takes up at once what it left pending.

    instance: tells apart workers of one kind on one machine.
    """
    return f"{group}-{socket.gethostname()}-{instance}"


def consume(
    services: Services,
    group: str,
    instance: str,
    streams: list[Stream],
    handler: Handler,
    policy: ConsumerPolicy | None = None,
) -> Consumer:
    """A consumer of ``group``."""
    name = worker_name(group, instance)
    services.transactions.own(name)
    return Consumer(services.redis, streams=streams, group=group, name=name, handler=handler, policy=policy)


def run_worker(name: str, build_loop: Callable[[Services, str], Loop]) -> None:
    """Build this instance's loop and run it until SIGTERM, SIGINT, or with ``--until-eof`` the end of stdin."""
    parser = argparse.ArgumentParser(prog=f"python -m workers.{name}")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    parser.add_argument("--instance", default="1", help="another word for each further worker on this machine")
    options = parser.parse_args()
    try:
        settings = Settings.load()
        configure_logs(settings.log_level, name, settings.log_format)
        with open_platform(settings, workers=False) as ready:
            stopper = _Stopper()
            if options.until_eof:
                stop_at_eof(stopper.stop)
            services = _patient_services(ready, Activity(name, worker_name(name, options.instance), "waiting"))
            _run(services, stopper.of(build_loop(services, options.instance)))
    except CrmError as exc:
        sys.exit(f"The {name} worker cannot start: {exc}")


class _Stopper:
    """Stops the loop, also when told so before there is one."""

    def __init__(self) -> None:
        self._loop: Loop | None = None
        self._is_stopped = False

    def stop(self) -> None:
        self._is_stopped = True
        if self._loop:
            self._loop.stop()

    def of(self, loop: Loop) -> Loop:
        self._loop = loop
        if self._is_stopped:
            loop.stop()
        return loop


def _run(services: Services, loop: Loop) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    freeze_startup_objects()
    log.info("started", worker=loop.activity.name)
    with tended(services, loop):
        loop.run()
    log.info("stopped", worker=loop.activity.name)


@contextlib.contextmanager
def tended(services: Services, loop: Loop) -> Iterator[None]:
    """Let a thread say every 2 s that the loop lives, also while it is in the middle of something long."""
    ended = threading.Event()

    def tend() -> None:
        while True:
            with contextlib.suppress(Unavailable):
                loop.tend()
            with contextlib.suppress(Unavailable):
                record_heartbeat(services.redis, loop.activity)
            if ended.wait(BEAT_S):
                return

    thread = threading.Thread(target=tend, name="tend", daemon=True)
    thread.start()
    yield
    ended.set()
    thread.join()
    with contextlib.suppress(Unavailable):
        remove_heartbeat(services.redis, loop.activity)


def _patient_services(settings: Settings, waiting: Activity) -> Services:
    """Services, also while a server is still coming up, or the data are being brought forward."""
    failures, watch = 0, _tell_of_waiting(settings, waiting)
    while True:
        try:
            return build_services(settings, watch=watch)
        except Unavailable as exc:
            failures += 1
            if failures > 20:
                raise
            log.warning("outage", tries=failures, error=str(exc))
            threading.Event().wait(compute_backoff(failures))


def _tell_of_waiting(settings: Settings, waiting: Activity) -> Watch:
    """Say that the worker lives, while the data are not in a form that it can work on."""
    last_at = -BEAT_S

    def watch(_: UpgradeProgress) -> None:
        nonlocal last_at
        if settings.redis_url is None or time.monotonic() - last_at < BEAT_S:
            return
        last_at = time.monotonic()
        with contextlib.suppress(Unavailable), contextlib.closing(connect_redis(settings.redis_url)) as client:
            record_heartbeat(client, waiting)

    return watch
