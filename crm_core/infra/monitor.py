"""What the streams and workers are doing, for the Data page, metrics, ``doctor`` and a waiting import."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis

from crm_core.infra.clock import Clock
from crm_core.infra.dead_letters import DeadLetter, latest_dead
from crm_core.infra.heartbeat import WorkerState, read_workers
from crm_core.infra.samples import Throughput, compute_rates, read_counts, read_samples
from crm_core.infra.streams import Stream, redis_translated, version_of, version_time

WORKED = tuple(stream for stream in Stream if stream is not Stream.DEAD)
"""The streams that workers read."""


@dataclass(frozen=True)
class StreamState:
    """accepted: entries since the stream exists. waiting: not yet handled. oldest: the id of the first of these."""

    stream: Stream
    accepted: int
    waiting: int
    oldest: str | None

    @property
    def handled(self) -> int:
        return self.accepted - self.waiting

    def lag(self, now: datetime) -> timedelta:
        """How long the oldest entry has waited; none waits, zero."""
        if self.oldest is None:
            return timedelta()
        return max(timedelta(), now - version_time(version_of(self.oldest)))


class Monitor:
    """Each call reads Valkey as it is now. Raises Unavailable."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def streams(self, streams: Sequence[Stream] = WORKED) -> list[StreamState]:
        with redis_translated():
            return [StreamState(stream, *read_counts(self._client, stream)) for stream in streams]

    def last_id(self, stream: Stream) -> str:
        """Of the last entry that it ever had; ``0-0`` if none."""
        with redis_translated():
            if not self._client.exists(stream):
                return "0-0"
            found: bytes = self._client.xinfo_stream(stream)["last-generated-id"]
            return found.decode()

    def workers(self) -> list[WorkerState]:
        return read_workers(self._client, self._clock())

    def dead_letters(self, *, limit: int = 20) -> list[DeadLetter]:
        """What could not be handled, the newest first."""
        return latest_dead(self._client, limit=limit)

    def dead_count(self) -> int:
        with redis_translated():
            return read_counts(self._client, Stream.DEAD)[1]

    def rates(self, stream: Stream, *, over: timedelta, step: timedelta) -> list[Throughput]:
        """Accepted and handled per second in the last while, as its worker noted it."""
        samples = read_samples(self._client, stream, since=self._clock() - over)
        return compute_rates(samples, step=step)
