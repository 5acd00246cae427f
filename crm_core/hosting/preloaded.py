"""Workers that fork from one process, which has imported what they need: the supervisor's side.

Both sides talk in packets of JSON. To the process goes ``[number, module, argument, …]`` with two open files, the
worker's standard input and its log. The first line of that input is what the worker adds to its environment: no other
process reads its secrets. From it come ``["ready"]``, then ``["started", number, pid]`` or
``["refused", number, errno]``, and ``["ended", pid, status]``.
"""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

PACKET_BYTES = 4_096
PATIENCE_S = 10.0
"""For an answer of a process that has nothing else to do than to answer."""


class ForkedWorker:
    """What a supervisor needs of ``subprocess.Popen``. Its standard input ends when ``close`` is called, or we die."""

    def __init__(self, parent: "PreloadedProcess", pid: int) -> None:
        self.pid = pid
        self.status: int | None = None
        self.stdin = -1
        self._parent = parent

    def poll(self) -> int | None:
        while self.status is None and self._parent.listen(0):
            pass
        return self.status

    def wait(self, timeout_s: float) -> None:
        """Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout_s
        while self.poll() is None:
            if not self._parent.listen(max(deadline - time.monotonic(), 0)):
                raise subprocess.TimeoutExpired(str(self.pid), timeout_s)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        if self.stdin >= 0:
            os.close(self.stdin)
            self.stdin = -1


class PreloadedProcess:
    """Runs ``workers.preloaded``. All calls come from one thread.

    begin: starts it with this standard input. Its workers die with it, and are then said to be killed. When ``close``
    is called, or we die, it ends after them.
    """

    def __init__(self, begin: Callable[[int], subprocess.Popen[bytes]]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = begin(theirs.fileno())
        self.pid = self._process.pid
        self.is_ready = False
        self._requests = 0
        self._answers: dict[int, ForkedWorker | OSError] = {}
        self._workers: dict[int, ForkedWorker] = {}

    def fork(self, module_and_arguments: Sequence[str], env: Mapping[str, str], log: int) -> ForkedWorker:
        """Return a new worker. env: what is added to the environment, in all less than a pipe holds. Raises OSError."""
        self._requests += 1
        reading, writing = os.pipe()
        try:
            os.write(writing, json.dumps(dict(env)).encode() + b"\n")
            worker = self._ask([self._requests, *module_and_arguments], [reading, log])
        except OSError:
            os.close(writing)
            raise
        finally:
            os.close(reading)
        worker.stdin = writing
        return worker

    def listen(self, timeout_s: float) -> bool:
        """Take in one thing that it says, if it does within the time. Return whether it did, or has died."""
        if self._control.fileno() < 0:
            return False
        self._control.settimeout(timeout_s)
        try:
            packet = self._control.recv(PACKET_BYTES)
        except (BlockingIOError, TimeoutError):
            return False
        except ConnectionError:
            packet = b""
        if packet:
            self._take_in(*json.loads(packet))
        else:
            self._take_in_its_death()
        return True

    def poll(self) -> int | None:
        while self.listen(0):
            pass
        return self._process.poll()

    def wait(self, timeout_s: float) -> None:
        """Raises subprocess.TimeoutExpired."""
        self._process.wait(timeout_s)

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        self._control.close()

    def _ask(self, request: list[Any], files: list[int]) -> ForkedWorker:
        self._control.settimeout(PATIENCE_S)
        socket.send_fds(self._control, [json.dumps(request).encode()], files)
        deadline = time.monotonic() + PATIENCE_S
        while (answer := self._answers.pop(self._requests, None)) is None:
            if not self.listen(max(deadline - time.monotonic(), 0)):
                raise TimeoutError("the process that workers fork from does not answer")
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _take_in(self, what: str, key: int = 0, value: int = 0) -> None:
        match what:
            case "ready":
                self.is_ready = True
            case "started":
                self._answers[key] = self._workers[value] = ForkedWorker(self, value)
            case "refused":
                self._answers[key] = OSError(value, os.strerror(value))
            case "ended":
                self._workers.pop(key).status = value

    def _take_in_its_death(self) -> None:
        self.is_ready = False
        self._control.close()
        for worker in self._workers.values():
            worker.status = -signal.SIGKILL
        self._workers.clear()
