"""Several loops in one worker process: one in the main thread, the others beside it."""

import os
import threading
import time

import structlog

from workers.running import Loop
from workers.until_eof import GRACE_S

log = structlog.stdlib.get_logger(__name__)


class Together:
    """Lives as long as each of its loops. The main one speaks for all in the heartbeat."""

    def __init__(self, main: Loop, *beside: Loop) -> None:
        self.activity = main.activity
        self._main = main
        self._beside = beside
        self._has_died = threading.Event()

    def stop(self) -> None:
        for loop in (self._main, *self._beside):
            loop.stop()

    def tend(self) -> None:
        for loop in (self._main, *self._beside):
            loop.tend()

    def run(self) -> None:
        threads = [
            threading.Thread(target=self._run_beside, args=(loop,), name=loop.activity.name, daemon=True)
            for loop in self._beside
        ]
        for thread in threads:
            thread.start()
        try:
            self._main.run()
        finally:
            self.stop()
            for thread in threads:
                thread.join(GRACE_S)
        if self._has_died.is_set():
            raise SystemExit(1)

    def _run_beside(self, loop: Loop) -> None:
        """Its unexpected end is that of the process, so that whoever supervises it starts both anew.

        The main loop may be in the middle of something long: after 3 s that is left as by ``kill -9``, which all work
        here survives.
        """
        try:
            loop.run()
        except Exception:
            log.exception("died", loop=loop.activity.name)
            self._has_died.set()
            self.stop()
            time.sleep(GRACE_S)
            os._exit(1)
