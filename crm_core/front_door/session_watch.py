"""Notices that sessions of open connections have ended: signed out in another tab, by an admin, or expired."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress

from starlette.concurrency import run_in_threadpool

from crm_core.errors import CrmError

EVERY_S = 1.0


class SessionWatch:
    """One question a second for all connections of the process. ended: which of these sessions have; may raise
    Unavailable, and then it is asked again."""

    def __init__(self, ended: Callable[[Collection[str]], set[str]]) -> None:
        self._ended = ended
        self._open: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, session_id: str) -> Iterator[asyncio.Event]:
        """An event that is set once the session has ended."""
        event = asyncio.Event()
        self._open[session_id].add(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield event
        finally:
            self._open[session_id].discard(event)
            if not self._open[session_id]:
                del self._open[session_id]

    async def _run(self) -> None:
        while self._open:
            with suppress(CrmError):
                for session_id in await run_in_threadpool(self._ended, list(self._open)):
                    for event in self._open.get(session_id, ()):
                        event.set()
            await asyncio.sleep(EVERY_S)
