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
class _PendingAppend:
    """What one request wants appended. position: the id of its last entry, once all are."""

    stream: Stream
    payloads: Sequence[bytes]
    origin: str
    position: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def resolve(self, answers: Sequence[Any]) -> None:
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
        self._waiting: deque[_PendingAppend] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def publish(self, stream: Stream, payloads: Sequence[bytes], *, origin: str = "") -> str:
        """Append each payload as an entry; returns the id of the last. Raises Unavailable if not all were."""
        if not payloads:
            raise ValueError("nothing to publish has no position")
        append = _PendingAppend(stream, payloads, origin)
        self._waiting.append(append)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await append.position

    async def backlog(self, stream: Stream) -> int:
        with redis_translated():
            return int(await cast("Awaitable[Any]", self._client.xlen(stream)))

    async def _write(self) -> None:
        while self._waiting:
            pending = self._gather()
            try:
                answers = await self._append(pending)
            except Exception as exc:  # for those who wait, whatever it is: none may wait for ever
                answers = [exc] * sum(len(append.payloads) for append in pending)
            for append in pending:
                own, answers = answers[: len(append.payloads)], answers[len(append.payloads) :]
                append.resolve(own)
        self._writer = None

    def _gather(self) -> list[_PendingAppend]:
        """At least one, and more as long as they make no giant of a write."""
        pending = [self._waiting.popleft()]
        count = len(pending[0].payloads)
        while self._waiting and count + len(self._waiting[0].payloads) <= MAX_TOGETHER:
            pending.append(self._waiting.popleft())
            count += len(pending[-1].payloads)
        return pending

    async def _append(self, pending: Sequence[_PendingAppend]) -> list[Any]:
        pipe = self._client.pipeline(transaction=False)
        for append in pending:
            for payload in append.payloads:
                pipe.xadd(append.stream, to_fields(payload, append.origin))
        return list(await pipe.execute(raise_on_error=False))


def _translate(exc: Exception) -> Exception:
    if is_outage(exc):
        return Unavailable("The stream server does not answer. Try again in a moment.")
    return exc
