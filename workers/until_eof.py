"""Lets a worker die with its supervisor, which holds the other end of our stdin and writes nothing."""

import os
import threading
from collections.abc import Callable

_STDIN = 0
_CHUNK_BYTES = 65_536


def stop_at_eof(stop: Callable[[], None]) -> None:
    """Call ``stop`` from a daemon thread as soon as stdin ends, however the process at its other end died."""
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
