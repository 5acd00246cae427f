"""How the streams stood over the last hour: the only way to tell a rate afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

import redis
from redis.exceptions import ResponseError

from crm_core.infra.streams import Stream, redis_translated, split_id

KEPT = timedelta(hours=1)


@dataclass(frozen=True)
class Sample:
    """accepted, handled: entries since the stream exists. waiting: the difference."""

    at: datetime
    accepted: int
    waiting: int

    @property
    def handled(self) -> int:
        return self.accepted - self.waiting


@dataclass(frozen=True)
class Throughput:
    """Entries per second over the time that ends at ``at``. waiting: at its end."""

    at: datetime
    accepted: float
    handled: float
    waiting: int


def read_counts(client: redis.Redis, stream: Stream) -> tuple[int, int, str | None]:
    """Entries accepted since the stream exists, those waiting, and the id of the oldest of these.

    An entry is deleted when it is handled, so what Valkey counts of a stream says it all.
    """
    try:
        found = client.xinfo_stream(stream)
    except ResponseError:  # nothing was ever published
        return 0, 0, None
    first = found["first-entry"]
    return found["entries-added"], found["length"], first[0].decode() if first else None


def take_sample(client: redis.Redis, stream: Stream) -> None:
    accepted, waiting, _ = read_counts(client, stream)
    seconds, _ = client.time()
    oldest_ms = (seconds - int(KEPT.total_seconds())) * 1000
    client.xadd(_key(stream), {"a": accepted, "w": waiting}, minid=oldest_ms, approximate=True)


def read_samples(client: redis.Redis, stream: Stream, *, since: datetime) -> list[Sample]:
    with redis_translated():
        rows = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(_key(stream), int(since.timestamp() * 1000))
        )
    return [
        Sample(
            datetime.fromtimestamp(split_id(sample_id.decode())[0] / 1000, UTC),
            int(fields[b"a"]),
            int(fields[b"w"]),
        )
        for sample_id, fields in rows
    ]


def compute_rates(samples: Sequence[Sample], *, step: timedelta) -> list[Throughput]:
    """Rates over intervals of at least ``step``. An interval in which a count fell (a new server) is left out."""
    kept = samples[:1]
    for sample in samples[1:]:
        if sample.at - kept[-1].at >= step:
            kept = [*kept, sample]
    return [
        Throughput(
            after.at,
            (after.accepted - before.accepted) / (after.at - before.at).total_seconds(),
            (after.handled - before.handled) / (after.at - before.at).total_seconds(),
            after.waiting,
        )
        for before, after in pairwise(kept)
        if after.accepted >= before.accepted and after.handled >= before.handled
    ]


def _key(stream: Stream) -> str:
    return f"samples:{stream.label}"
