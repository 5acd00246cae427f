"""A page's WebSocket that its reader can be cut off from."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from starlette.types import Message, Receive

GRACE_S: Final = 5.0
"""For the page to say that the reader is signed out."""
_DISCONNECT: Final[Message] = {"type": "websocket.disconnect", "code": 1008}


RerunOf = Callable[[bytes | None], bytes]
"""From what a browser said last, the message by which it has that page run again."""


class RevocableSocket:
    """Listens to the browser until ``ended`` is set. Then it asks for a rerun once, hears nothing more, and is gone."""

    def __init__(self, receive: Receive, ended: asyncio.Event, rerun_of: RerunOf) -> None:
        self._receive = receive
        self._rerun_of = rerun_of
        self._has_asked = False
        self._last: bytes | None = None
        self._ended = asyncio.create_task(ended.wait())
        self._next: asyncio.Task[Message] | None = None

    async def receive(self) -> Message:
        if self._next is None:
            self._next = asyncio.create_task(self._hear())
        await asyncio.wait({self._next, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if not self._ended.done():
            message, self._next = self._next.result(), None
            self._last = message.get("bytes") or self._last
            return message
        if not self._has_asked:
            self._has_asked = True
            return {"type": "websocket.receive", "bytes": self._rerun_of(self._last)}
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while (await self._next)["type"] != "websocket.disconnect":
                    self._next = asyncio.create_task(self._hear())
        return _DISCONNECT

    def close(self) -> None:
        """Forget what is still awaited."""
        self._ended.cancel()
        if self._next:
            self._next.cancel()

    async def _hear(self) -> Message:
        return await self._receive()
