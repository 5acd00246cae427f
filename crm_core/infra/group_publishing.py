"""Publishing from the API's event loop: requests that arrive together share one round trip."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import redis.asyncio

from crm_core.errors import Unavailable
from crm_core.infra.streams import Stream, is_outage, redis_translated, to_fields

MAX_TOGETHER = 2000


@dataclass(frozen=True)
class _Wish:
    """What one request wants appended. position: the id of its last entry, once all are."""

    stream: Stream
    payloads: Sequence[bytes]
    origin: str
    position: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def settle(self, answers: Sequence[Any]) -> None:
        """answers: an id or an error for each payload."""
        if self.position.done():  # its caller has gone away
            return
        failed = next((answer for answer in answers if isinstance(answer, Exception)), None)
        if failed is None:
            self.position.set_result(answers[-1].decode())
        else:
            self.position.set_exception(_translate(failed))


class AsyncPublisher:
    """While one write is under way, what comes in gathers for the next. Each caller waits for its own entries."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._waiting: deque[_Wish] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def publish(self, stream: Stream, payloads: Sequence[bytes], *, origin: str = "") -> str:
        """Append each payload as an entry; gives the id of the last. Raises Unavailable when not all were appended."""
        if not payloads:
            raise ValueError("nothing to publish has no position")
        wish = _Wish(stream, payloads, origin)
        self._waiting.append(wish)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await wish.position

    async def backlog(self, stream: Stream) -> int:
        with redis_translated():
            return int(await cast("Awaitable[Any]", self._client.xlen(stream)))

    async def _write(self) -> None:
        while self._waiting:
            wishes = self._gather()
            try:
                answers = await self._append(wishes)
            except Exception as exc:  # for those who wait, whatever it is: none may wait for ever
                answers = [exc] * sum(len(wish.payloads) for wish in wishes)
            for wish in wishes:
                own, answers = answers[: len(wish.payloads)], answers[len(wish.payloads) :]
                wish.settle(own)
        self._writer = None

    def _gather(self) -> list[_Wish]:
        """At least one, and more as long as they make no giant of a write."""
        wishes = [self._waiting.popleft()]
        count = len(wishes[0].payloads)
        while self._waiting and count + len(self._waiting[0].payloads) <= MAX_TOGETHER:
            wishes.append(self._waiting.popleft())
            count += len(wishes[-1].payloads)
        return wishes

    async def _append(self, wishes: Sequence[_Wish]) -> list[Any]:
        pipe = self._client.pipeline(transaction=False)
        for wish in wishes:
            for payload in wish.payloads:
                pipe.xadd(wish.stream, to_fields(payload, wish.origin))
        return list(await pipe.execute(raise_on_error=False))


def _translate(exc: Exception) -> Exception:
    if is_outage(exc):
        return Unavailable("The stream server does not answer. Try again in a moment.")
    return exc
