"""Imports once what all workers need, and forks into one whenever the supervisor asks: ``crm_core.hosting.preloaded``.

Nothing here may start a thread: a fork of a process with several can deadlock. It is for Linux alone, where a worker
dies with the process that it was forked from, and where forking without a new program is safe.
"""

import contextlib
import ctypes
import errno
import json
import os
import runpy
import select
import signal
import socket
import sys
from collections.abc import Sequence

import workers.running  # noqa: F401 - what this process is there for
from crm_core.hosting.dying_exec import PR_SET_PDEATHSIG
from crm_core.hosting.preloaded import PACKET_BYTES
from crm_core.infra.memory import freeze_startup_objects

PR_SET_NAME = 15
_STDIN, _STDOUT, _STDERR = 0, 1, 2


def main() -> None:
    freeze_startup_objects()
    worker = serve(socket.socket(fileno=os.dup(_STDIN)))
    if worker:
        sys.argv = list(worker)
        runpy.run_module(worker[0], run_name="__main__", alter_sys=True)


def serve(control: socket.socket) -> Sequence[str]:
    """Fork as often as asked. Return a worker's module and arguments in each fork; nothing at the end of all."""
    ended = _wake_on_ended_forks()
    _say(control, "ready")
    while True:
        for source in select.select([control, ended], [], [])[0]:
            if source is ended:
                ended.recv(PACKET_BYTES)
                _tell_of_ended_forks(control)
                continue
            packet, files, _, _ = socket.recv_fds(control, PACKET_BYTES, 2)
            if not packet:
                _wait_for_forks()
                return ()
            number, *words = json.loads(packet)
            if _fork(control, number) == 0:
                control.close()
                ended.close()
                _become(words[0], *files)
                return list(map(str, words))
            for file in files:
                os.close(file)


def _wake_on_ended_forks() -> socket.socket:
    """Return a socket that can be read once a fork has ended."""
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _fork(control: socket.socket, number: int) -> int:
    """Return 0 in the fork; its pid, or -1 if there is none, in this process."""
    if _count_threads() > 1:
        _say(control, "refused", number, errno.EDEADLK)
        return -1
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as exc:
        _say(control, "refused", number, exc.errno or errno.EAGAIN)
        return -1
    if pid == 0:
        _die_with(parent)
    else:
        _say(control, "started", number, pid)
    return pid


def _count_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before prctl could watch it
        os._exit(1)


def _become(module: str, stdin: int, log: int) -> None:
    """Be a process as one that the supervisor starts by itself, with a name of its own in lists of processes."""
    os.close(signal.set_wakeup_fd(-1))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.dup2(stdin, _STDIN)
    for output in (_STDOUT, _STDERR):
        os.dup2(log, output)
    os.close(stdin)
    os.close(log)
    os.environ.update(_read_environment())
    ctypes.CDLL(None).prctl(PR_SET_NAME, module.encode())


def _read_environment() -> dict[str, str]:
    """From the first line of standard input, of which nothing more is taken: this process alone has read it."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(_STDIN, 1)
        if not byte:
            sys.exit(1)  # the supervisor has died
        line += byte
    return {str(name): str(value) for name, value in json.loads(line).items()}


def _tell_of_ended_forks(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _say(control, "ended", pid, os.waitstatus_to_exitcode(status))


def _wait_for_forks() -> None:
    """Their standard input has ended as well."""
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def _say(control: socket.socket, *words: str | int) -> None:
    with contextlib.suppress(ConnectionError):  # nobody listens any more: the next read says so
        control.send(json.dumps(words).encode())


if __name__ == "__main__":
    main()
