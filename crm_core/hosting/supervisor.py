"""Runs child processes and starts them again whenever they die."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from crm_core.infra.backoff import compute_backoff

log = structlog.stdlib.get_logger(__name__)

POLL_S = 0.1
STABLE_S = 10.0


@dataclass(frozen=True)
class ChildSpec:
    """A program to keep running.

    log: file that takes its output. folder: where it runs. until_eof: it ends when its standard input closes
    (our workers do); otherwise the system ends it when this process dies (the servers). stop_s: patience
    before SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    until_eof: bool = False
    stop_s: float = 10.0


@dataclass
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    due_at: float = 0.0


class Supervisor:
    """Owns its children from one long-lived thread: Linux ends a child when the thread that began it ends."""

    def __init__(self, on_change: Callable[[Mapping[str, int]], None] = lambda pids: None) -> None:
        self._children: dict[str, _Child] = {}
        self._on_change = on_change
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def start(self, spec: ChildSpec) -> None:
        """Begin to keep ``spec`` running; returns at once."""
        with self._lock:
            self._children[spec.name] = _Child(spec)

    def pid(self, name: str) -> int | None:
        with self._lock:
            child = self._children.get(name)
            return child.process.pid if child and child.process else None

    def failures(self, name: str) -> int:
        """How often in a row it ended within 10 s of its start."""
        with self._lock:
            return self._children[name].failures

    def stop(self) -> None:
        """End all children after ceasing to restart them: first those that end at EOF, then the servers they use."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            with self._lock:
                changed = [self._tend(child) for child in self._children.values()]
            if any(changed):
                self._report()
        for is_worker in (True, False):
            group = [child for child in self._children.values() if child.spec.until_eof is is_worker]
            for child in group:
                _terminate(child)
            for child in group:
                _wait_or_kill(child)

    def _tend(self, child: _Child) -> bool:
        """Restart ``child`` if it is due; gives whether its pid changed."""
        now = time.monotonic()
        if child.process is not None:
            status = child.process.poll()
            if status is None:
                return False
            ran_s = now - child.started_at
            child.failures = 0 if ran_s > STABLE_S else child.failures + 1
            child.due_at = now + (compute_backoff(child.failures) if child.failures else 0)
            log.warning("child ended", child=child.spec.name, status=status, ran_s=round(ran_s, 1))
            child.process = None
        if now < child.due_at:
            return False
        try:
            child.process = _spawn(child.spec)
        except OSError as exc:
            child.failures += 1
            child.due_at = now + compute_backoff(child.failures)
            log.warning("child not started", child=child.spec.name, error=str(exc))
            return False
        child.started_at = now
        return True

    def _report(self) -> None:
        with self._lock:
            pids = {name: child.process.pid for name, child in self._children.items() if child.process}
        try:
            self._on_change(pids)
        except OSError as exc:  # as on a full disk: this thread must live on, its children die with it
            log.error("change not noted", error=str(exc))


def _spawn(spec: ChildSpec) -> subprocess.Popen[bytes]:
    argv = spec.argv
    if not spec.until_eof:
        shim = Path(__file__).with_name("dying_exec.py")
        argv = (sys.executable, "-S", "-E", str(shim), str(os.getpid()), *argv)
    with spec.log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own programs only
            argv,
            cwd=spec.folder,
            stdin=subprocess.PIPE if spec.until_eof else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **spec.env},
            start_new_session=True,  # Ctrl-C is for the app alone: it stops its children in order
        )


def _terminate(child: _Child) -> None:
    if child.process is not None:
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)


def _wait_or_kill(child: _Child) -> None:
    process = child.process
    if process is None:
        return
    try:
        process.wait(child.spec.stop_s)
    except subprocess.TimeoutExpired:
        log.warning("child killed", child=child.spec.name, after_s=child.spec.stop_s)
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
