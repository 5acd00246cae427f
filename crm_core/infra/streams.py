"""Redis Streams: their names, publishing, and what a stream entry is."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import redis
import redis.asyncio
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisError
from redis.retry import Retry

from crm_core.errors import Unavailable

if TYPE_CHECKING:
    from redis.typing import EncodableT, FieldT

_SEQUENCE_BITS = 20


class Stream(StrEnum):
    CUSTOMERS = "stream:customers"
    ORDERS = "stream:orders"
    EVENTS = "stream:events"
    DELIVERIES = "stream:deliveries"
    RECEIPTS = "stream:receipts"
    JOBS = "stream:jobs"
    SHORT_JOBS = "stream:short-jobs"
    DEAD = "stream:dead"

    @property
    def label(self) -> str:
        """As people read it: ``customers``."""
        return self.removeprefix("stream:").replace("-", " ")


INGESTED = (Stream.CUSTOMERS, Stream.ORDERS, Stream.EVENTS)
"""The streams of records that the ingest worker stores."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream entry as a worker reads it. data: the JSON text that was published. origin: who published it.

    again: whether somebody began with it before, this worker or another that did not finish it.
    """

    stream: Stream
    id: str
    data: bytes
    origin: str = ""
    again: bool = False

    @property
    def version(self) -> int:
        """The stream id as one integer that sorts like it: 44 bits of milliseconds, 20 of sequence."""
        return version_of(self.id)

    @property
    def at(self) -> datetime:
        """When it was accepted, aware UTC."""
        return version_time(self.version)


def split_id(entry_id: str) -> tuple[int, int]:
    """A stream id as its two numbers, which sort like it."""
    millis, _, sequence = entry_id.partition("-")
    return int(millis), int(sequence)


def version_of(entry_id: str) -> int:
    millis, sequence = split_id(entry_id)
    return millis << _SEQUENCE_BITS | sequence


def version_at(moment: datetime) -> int:
    """Of the first entry that could be accepted at that moment."""
    return int(moment.timestamp() * 1000) << _SEQUENCE_BITS


def version_time(version: int) -> datetime:
    return datetime.fromtimestamp((version >> _SEQUENCE_BITS) / 1000, UTC)


def _retry(times: int) -> Retry:
    return Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.5), times)


SOCKET_TIMEOUT_S = 5.0
"""Longer than any command blocks. A server that is frozen counts as away, like one that is gone."""
ASYNC_SOCKET_TIMEOUT_S = 4.0
"""Of the API, which blocks on none: a request waits for the write under way and then for its own, twice as long."""


def connect_redis(url: str, *, timeout_s: float = SOCKET_TIMEOUT_S, retries: int = 3) -> redis.Redis:
    return redis.Redis.from_url(
        url, retry=_retry(retries), socket_connect_timeout=3, socket_timeout=timeout_s, health_check_interval=30
    )


def connect_redis_async(url: str) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        url, socket_connect_timeout=3, socket_timeout=ASYNC_SOCKET_TIMEOUT_S, health_check_interval=30
    )


@contextmanager
def redis_translated() -> Iterator[None]:
    """Turn what a lost, loading or full Valkey raises into Unavailable."""
    try:
        yield
    except (RedisError, OSError) as exc:
        if is_outage(exc):
            raise Unavailable("The stream server does not answer. Try again in a moment.") from exc
        raise


def is_outage(exc: Exception) -> bool:
    """Whether the same command may succeed later: no connection, still loading, read only, out of memory."""
    transient = (
        redis.exceptions.ConnectionError,
        redis.exceptions.TimeoutError,
        BusyLoadingError,
        ReadOnlyError,
        redis.exceptions.OutOfMemoryError,
        OSError,
    )
    return isinstance(exc, transient) or str(exc).startswith(("MISCONF", "LOADING", "MASTERDOWN"))


def to_fields(payload: bytes, origin: str) -> "dict[FieldT, EncodableT]":
    """An entry as Valkey keeps it: short names, since each entry repeats them."""
    return {"d": payload, "o": origin} if origin else {"d": payload}


class Publisher:
    """Appends entries; one call is one round trip. Raises Unavailable when not all were appended."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def publish(self, stream: Stream, payloads: Sequence[bytes], *, origin: str = "") -> list[str]:
        """Append each payload as an entry; returns the ids in order. origin: who publishes, such as ``key:shop``."""
        if not payloads:
            return []
        with redis_translated():
            pipe = self._client.pipeline(transaction=False)
            for payload in payloads:
                pipe.xadd(stream, to_fields(payload, origin))
            return [entry_id.decode() for entry_id in pipe.execute()]

    def backlog(self, *streams: Stream) -> int:
        """Entries not yet acknowledged: acknowledged ones are deleted at once."""
        with redis_translated():
            return sum([self._client.xlen(stream) for stream in streams])

    def wait_until_empty(self, *streams: Stream, timeout_s: float, poll_s: float = 0.05) -> None:
        """Block until workers have handled everything. Raises Unavailable after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self.backlog(*streams):
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.backlog(*streams)} records still wait to be stored after {timeout_s:.0f} s; "
                    "none is lost. Is the ingest worker running?"
                )
            time.sleep(poll_s)
