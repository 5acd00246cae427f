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
from typing import Protocol

import structlog

from crm_core.hosting.preloaded import ForkedWorker, PreloadedProcess
from crm_core.hosting.private_folder import FILE_MODE, UMASK
from crm_core.infra.backoff import compute_backoff
from crm_core.settings import PREFIX

log = structlog.stdlib.get_logger(__name__)

POLL_S = 0.1
STABLE_S = 10.0
_ENDED_FROM_OUTSIDE = {0, -signal.SIGTERM, -signal.SIGKILL}


@dataclass(frozen=True)
class ChildSpec:
    """A program to keep running.

    log: file that takes its output. folder: where it runs. env: the variables ``CRM_…`` that it is given, which may be
    secrets; of other names it has those of this process. until_eof: it ends when its standard input closes
    (our workers do); otherwise the system ends it when this process dies (the servers). is_preloaded: others fork
    from it. fork_of: the name of the one that it is forked from: its argv is then a module with arguments, and it has
    the folder of that one. stop_s: patience before SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    log: Path
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    until_eof: bool = False
    is_preloaded: bool = False
    fork_of: str | None = None
    stop_s: float = 10.0

    @property
    def stops_as(self) -> int:
        """Which children end before which: workers, what they were forked from, and the servers that they use."""
        return 1 if self.is_preloaded else 0 if self.until_eof else 2


@dataclass(frozen=True)
class ChildEnd:
    """How a child ended the last time.

    status: its exit status, negative for a signal. error: why it could not even be started. log_offset: where in
    ``log`` its output begins. failures: how often in a row it ended within 10 s of its start.
    """

    status: int
    log: Path
    log_offset: int
    failures: int
    error: OSError | None = None

    @property
    def is_its_own_doing(self) -> bool:
        """Whether the program ended by itself, with an error; nobody stopped it."""
        return self.status not in _ENDED_FROM_OUTSIDE


class _Process(Protocol):
    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout_s: float, /) -> object: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


@dataclass
class _Child:
    spec: ChildSpec
    process: _Process | None = None
    started_at: float = 0.0
    log_offset: int = 0
    failures: int = 0
    due_at: float = 0.0
    is_on_trial: bool = False
    end: ChildEnd | None = None

    @property
    def is_given_up(self) -> bool:
        return self.is_on_trial and self.end is not None and self.end.is_its_own_doing


class Supervisor:
    """Owns its children from one long-lived thread: Linux ends a child when the thread that began it ends."""

    def __init__(self, on_change: Callable[[Mapping[str, int]], None] = lambda pids: None) -> None:
        self._children: dict[str, _Child] = {}
        self._on_change = on_change
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def start(self, spec: ChildSpec, *, on_trial: bool = False) -> None:
        """Begin to keep ``spec`` running; returns at once.

        on_trial: until ``trust``, it is not started again when it ends by itself, which it would repeat.
        """
        with self._lock:
            self._children[spec.name] = _Child(spec, is_on_trial=on_trial)

    def trust(self, name: str) -> None:
        """From now on start it again whenever it ends: it has shown that it can run."""
        with self._lock:
            self._children[name].is_on_trial = False

    def pid(self, name: str) -> int | None:
        with self._lock:
            child = self._children.get(name)
            return child.process.pid if child and child.process else None

    def last_end(self, name: str) -> ChildEnd | None:
        """Return how it ended the last time; None if it never did."""
        with self._lock:
            return self._children[name].end

    def stop(self) -> None:
        """End all children after ceasing to restart them: first the workers, last the servers they use."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(POLL_S):
            with self._lock:
                changed = [self._tend(child) for child in self._children.values()]
            if any(changed):
                self._report()
        for turn in range(3):
            group = [child for child in self._children.values() if child.spec.stops_as == turn]
            for child in group:
                _terminate(child)
            for child in group:
                _wait_or_kill(child)

    def _tend(self, child: _Child) -> bool:
        """Start ``child`` if it does not run and is due. Return whether its pid changed."""
        if child.process is not None:
            status = child.process.poll()
            if status is None:
                return False
            _note_end(child, status)
        if child.is_given_up or time.monotonic() < child.due_at:
            return False
        try:
            child.log_offset = _size(child.spec.log)
            child.process = self._begin(child.spec)
        except OSError as exc:
            _note_refusal(child, exc)
            return False
        if child.process is None:
            return False
        child.started_at = time.monotonic()
        return True

    def _begin(self, spec: ChildSpec) -> _Process | None:
        """Return None for a worker whose process to fork from is not ready."""
        if spec.fork_of is None:
            return _spawn(spec)
        origin = self._children[spec.fork_of].process
        if not isinstance(origin, PreloadedProcess) or not origin.is_ready:
            return None
        with open(spec.log, "ab", opener=_open_private) as output:
            return origin.fork(spec.argv, spec.env, output.fileno())

    def _report(self) -> None:
        with self._lock:
            pids = {name: child.process.pid for name, child in self._children.items() if child.process}
        try:
            self._on_change(pids)
        except OSError as exc:  # as on a full disk: this thread must live on, its children die with it
            log.error("change not noted", error=str(exc))


def _note_end(child: _Child, status: int) -> None:
    ran_s = time.monotonic() - child.started_at
    if child.process:
        _close(child.process)
    child.process = None
    child.failures = 0 if ran_s > STABLE_S else child.failures + 1
    child.due_at = time.monotonic() + (compute_backoff(child.failures) if child.failures else 0)
    child.end = ChildEnd(status, child.spec.log, child.log_offset, child.failures)
    log.warning("child ended", child=child.spec.name, status=status, ran_s=round(ran_s, 1))


def _note_refusal(child: _Child, error: OSError) -> None:
    child.failures += 1
    child.due_at = time.monotonic() + compute_backoff(child.failures)
    child.end = ChildEnd(-1, child.spec.log, child.log_offset, child.failures, error)
    log.warning("child not started", child=child.spec.name, error=str(error))


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _spawn(spec: ChildSpec) -> _Process:
    argv = spec.argv
    if not spec.until_eof:
        shim = Path(__file__).with_name("dying_exec.py")
        argv = (sys.executable, "-S", "-E", str(shim), str(os.getpid()), *argv)
    with open(spec.log, "ab", opener=_open_private) as output:

        def begin(stdin: int) -> subprocess.Popen[bytes]:
            return subprocess.Popen(  # noqa: S603 - our own programs only
                argv,
                cwd=spec.folder,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**_neutral_environment(), **spec.env},
                umask=UMASK,
                start_new_session=True,  # Ctrl-C is for the app alone: it stops its children in order
            )

        if spec.is_preloaded:
            return PreloadedProcess(begin)
        return begin(subprocess.PIPE if spec.until_eof else subprocess.DEVNULL)


def _neutral_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


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
        with contextlib.suppress(subprocess.TimeoutExpired):  # it is gone, and who would say so is stuck
            process.wait(child.spec.stop_s)
    _close(process)


def _close(process: _Process) -> None:
    if isinstance(process, PreloadedProcess | ForkedWorker):
        process.close()
    elif isinstance(process, subprocess.Popen) and process.stdin:
        process.stdin.close()
