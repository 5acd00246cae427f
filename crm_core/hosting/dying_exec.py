"""Runs a program that must not outlive its parent: ``python dying_exec.py PARENT_PID PROGRAM ARG…``.

Linux signals a process when its parent dies, if it asked with PR_SET_PDEATHSIG, which survives exec. Other systems
have nothing like it: there the next start ends what a killed app left behind. This is a file of its own, run by a
fresh interpreter, because Python code in a forked child of a threaded process can deadlock. Source: prctl(2).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CANNOT_EXECUTE = 126
"""Exit status when the program cannot be run at all, as in a shell."""


def main(parent_pid: int, program: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:  # it died before prctl could watch it
        sys.exit(0)
    try:
        os.execv(program[0], program)  # noqa: S606 - a shell is what it avoids
    except OSError as exc:
        sys.stderr.write(f"{program[0]}: {exc.strerror}\n")
        sys.exit(CANNOT_EXECUTE)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
