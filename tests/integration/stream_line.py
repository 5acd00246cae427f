"""A stream with consumers of one group, and handlers that do what a test says."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import redis

from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import Entry, Publisher, Stream

HOUR_MS = 3_600_000


class Crash(BaseException):
    """What ends a worker in the middle of a batch."""


class Recorder:
    """A handler that keeps what it got and does what the test says with it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.poison: set[str] = set()
        self.deadly: set[str] = set()
        self.outage: BaseException | None = None

    def __call__(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        texts = [entry.data.decode() for entry in entries]
        self.batches.append(texts)
        if self.outage:
            raise self.outage
        if self.deadly & set(texts):
            raise Crash
        if self.poison & set(texts):
            raise ZeroDivisionError(texts)
        return {entry.id: f"{entry.data.decode()} is bad" for entry in entries if entry.data.decode() in self.refused}

    @property
    def handled(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


class Line:
    """Streams with consumers of one group."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.publisher = Publisher(client)

    def publish(self, *texts: str, stream: Stream = Stream.ORDERS) -> list[str]:
        return self.publisher.publish(stream, [text.encode() for text in texts])

    def consumer(
        self, handler: Any, name: str = "a", streams: Sequence[Stream] = (Stream.ORDERS,), **how: int
    ) -> Consumer:
        policy = ConsumerPolicy(**{"block_ms": 1, "claim_idle_ms": HOUR_MS, "max_tries": 3} | how)
        return Consumer(self.client, streams=streams, group="test", name=name, handler=handler, policy=policy)

    def waiting(self, stream: Stream = Stream.ORDERS) -> int:
        """Entries that are not acknowledged."""
        return self.publisher.backlog(stream)

    def dead(self) -> list[dict[str, str]]:
        rows: Any = self.client.xrange(Stream.DEAD)
        return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in rows]


def crash(consumer: Consumer, recorder: Recorder) -> None:
    """Let it read a batch and end before it can say that it is done."""
    recorder.outage = Crash()
    with pytest.raises(Crash):
        consumer.run_once()
    recorder.outage = None


def run_until_idle(consumer: Consumer) -> None:
    for _ in range(10):
        consumer.run_once()
