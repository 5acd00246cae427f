"""How often an entry was begun without being finished: kept in Valkey, so that a worker's own death counts."""

from collections.abc import Sequence

import redis
from redis.client import Pipeline
from redis.exceptions import OutOfMemoryError

from crm_core.infra.streams import Entry, redis_translated


class Tries:
    """Of one consumer group. An entry has a count only from its second delivery on, until it is finished."""

    def __init__(self, client: redis.Redis, group: str) -> None:
        self._client = client
        self._key = f"tries:{group}"

    def of(self, entries: Sequence[Entry]) -> list[int]:
        """How often each was begun before."""
        with redis_translated():
            counts = self._client.hmget(self._key, [_field(entry) for entry in entries])
        return [int(count or 0) for count in counts]

    def begin(self, entries: Sequence[Entry]) -> list[int]:
        """Count one more try of each, before it is made; returns the counts.

        Valkey at its memory limit keeps none: what is in hand has to be handled all the same, since that makes room.
        """
        return self._add(entries, 1)

    def take_back(self, entries: Sequence[Entry]) -> None:
        """The try ended in an outage, which is no entry's fault."""
        self._add(entries, -1)

    def reset(self, entry: Entry) -> None:
        """It has got further: its tries are counted from here."""
        with redis_translated():
            self._client.hdel(self._key, _field(entry))

    def forget(self, pipe: Pipeline, entries: Sequence[Entry]) -> None:
        """Drop the counts in the transaction that acknowledges the entries."""
        pipe.hdel(self._key, *[_field(entry) for entry in entries])

    def _add(self, entries: Sequence[Entry], step: int) -> list[int]:
        with redis_translated():
            pipe = self._client.pipeline(transaction=True)
            for entry in entries:
                pipe.hincrby(self._key, _field(entry), step)
            try:
                return list(pipe.execute())
            except OutOfMemoryError:
                return [count + step for count in self.of(entries)]


def _field(entry: Entry) -> str:
    return f"{entry.stream.label}/{entry.id}"
