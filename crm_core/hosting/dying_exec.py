"""Runs a program that must not outlive its parent: ``python dying_exec.py PARENT_PID PROGRAM ARG…``.

Linux tells a process of its parent's death through PR_SET_PDEATHSIG, which survives exec; other systems
know nothing like it, there the next start ends what a killed app left behind. A file of its own, run
between fork and exec by a fresh interpreter, because running Python in a forked child of a process with
threads can deadlock. Source: prctl(2).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent_pid, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:  # it died before prctl could watch it
        sys.exit(0)
    os.execv(program[0], program)  # noqa: S606 - a shell is what it avoids
