"""Lets a worker die with its supervisor, which holds the other end of our stdin and writes nothing."""

import os
import threading
import time
from collections.abc import Callable

GRACE_S = 3.0
_STDIN = 0
_CHUNK_BYTES = 65_536


def stop_at_eof(stop: Callable[[], None]) -> None:
    """Call ``stop`` from a daemon thread as soon as stdin ends, however the process at its other end died.

    The servers die with it, and what we were doing may wait minutes for them: after 3 s we end all the same.
    Whatever is in hand is then as after ``kill -9``, which all work here survives.
    """
    threading.Thread(target=_wait_for_eof, args=(stop,), name="until-eof", daemon=True).start()


def _wait_for_eof(stop: Callable[[], None]) -> None:
    # os.read, not sys.stdin: a thread inside the buffered reader holds its lock, and the interpreter would
    # abort when it ends for another reason.
    try:
        while os.read(_STDIN, _CHUNK_BYTES):
            pass
    except OSError:  # stdin was never open: nobody holds us
        pass
    stop()
    time.sleep(GRACE_S)
    os._exit(1)
