"""The worker loop over one or several streams: claim stale, read new, handle a batch, acknowledge."""

import logging
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.exceptions import ResponseError

from crm_core.errors import Unavailable
from crm_core.infra.streams import Entry, Stream, redis_translated

log = logging.getLogger(__name__)

Handler = Callable[[Sequence[Entry]], Mapping[str, str] | None]
"""Handles a batch; gives {entry id: reason} for entries that can never be handled."""


@dataclass(frozen=True)
class ConsumerPolicy:
    """How a worker reads. Times in milliseconds."""

    batch: int = 500
    block_ms: int = 500
    claim_idle_ms: int = 30_000
    max_deliveries: int = 5


class Consumer:
    """Reads streams of one group in batches and acknowledges after the handler returned.

    An entry is deleted when it is acknowledged, so a stream's length is its backlog and trimming can
    never drop an unread entry. A restart under the same name first takes up what the name left pending.
    """

    def __init__(
        self,
        client: redis.Redis,
        *,
        streams: Sequence[Stream],
        group: str,
        name: str,
        handler: Handler,
        policy: ConsumerPolicy | None = None,
    ) -> None:
        self._client = client
        self._streams = tuple(streams)
        self._group = group
        self._name = name
        self._handler = handler
        self._policy = policy or ConsumerPolicy()
        self._stop = threading.Event()
        self._own_pending = True
        self._failures: dict[str, int] = {}
        self._has_groups = False

    def stop(self) -> None:
        """Ask the loop to end after the batch in hand."""
        self._stop.set()

    def run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self.run_once()
                failures = 0
            except Unavailable as exc:
                failures += 1
                log.warning("outage group=%s tries=%d error=%s", self._group, failures, exc)
                self._stop.wait(compute_backoff(failures))

    def run_once(self) -> int:
        """One batch; gives how many entries it read. Raises Unavailable and buries nothing in an outage."""
        with redis_translated():
            self._ensure_groups()
            batch = self._read_if_groups()
        for stream in self._streams:
            if entries := [entry for entry in batch if entry.stream == stream]:
                self._handle(stream, entries)
        return len(batch)

    def _ensure_groups(self) -> None:
        if self._has_groups:
            return
        for stream in self._streams:
            try:
                self._client.xgroup_create(stream, self._group, id="0", mkstream=True)
            except ResponseError as exc:
                if not str(exc).startswith("BUSYGROUP"):
                    raise
        self._has_groups = True

    def _read_if_groups(self) -> list[Entry]:
        """Nothing when somebody emptied the server; the groups are then made anew."""
        try:
            return self._read()
        except ResponseError as exc:
            if not str(exc).startswith("NOGROUP"):
                raise
            self._has_groups = False
            return []

    def _read(self) -> list[Entry]:
        if self._own_pending:
            batch = self._read_group("0", block_ms=None)
            self._own_pending = bool(batch)
            if batch:
                return batch
        for stream in self._streams:
            if claimed := self._claim(stream):
                return claimed
        return self._read_group(">", block_ms=self._policy.block_ms)

    def _read_group(self, after: str, *, block_ms: int | None) -> list[Entry]:
        answer = self._client.xreadgroup(
            self._group,
            self._name,
            dict.fromkeys(self._streams, after),
            count=self._policy.batch,
            block=block_ms,
        )
        found = cast("list[tuple[bytes, Any]]", answer or [])
        return [entry for stream, rows in found for entry in _entries(Stream(stream.decode()), rows)]

    def _claim(self, stream: Stream) -> list[Entry]:
        _, rows, _ = cast(
            "tuple[Any, Any, Any]",
            self._client.xautoclaim(
                stream, self._group, self._name, self._policy.claim_idle_ms, count=self._policy.batch
            ),
        )
        return _entries(stream, rows)

    def _handle(self, stream: Stream, entries: Sequence[Entry]) -> None:
        try:
            refused = self._handler(entries) or {}
        except Unavailable:
            self._own_pending = True  # take the batch up again as soon as the outage is over
            raise
        except Exception:  # the one broad catch: whatever a handler raises, the loop goes on
            if len(entries) == 1:
                self._fail(entries[0])
                return
            for entry in entries:
                self._handle(stream, [entry])
            return
        with redis_translated():
            self._bury([(entry, refused[entry.id]) for entry in entries if entry.id in refused])
            self._acknowledge(stream, [entry.id for entry in entries])

    def _fail(self, entry: Entry) -> None:
        """Leave it pending for another try, or bury it after the last one."""
        tries = self._failures[entry.id] = self._failures.get(entry.id, 0) + 1
        log.exception("failed stream=%s entry=%s tries=%d", entry.stream, entry.id, tries)
        if tries < self._policy.max_deliveries:
            return
        del self._failures[entry.id]
        with redis_translated():
            self._bury([(entry, f"failed {tries} times; the worker's log has the error")])
            self._acknowledge(entry.stream, [entry.id])

    def _bury(self, refused: Sequence[tuple[Entry, str]]) -> None:
        for entry, reason in refused:
            log.warning("buried stream=%s entry=%s reason=%s", entry.stream, entry.id, reason)
            self._client.xadd(
                Stream.DEAD,
                {
                    "stream": entry.stream,
                    "id": entry.id,
                    "group": self._group,
                    "reason": reason,
                    "d": entry.data,
                },
            )

    def _acknowledge(self, stream: Stream, ids: Sequence[str]) -> None:
        pipe = self._client.pipeline(transaction=True)
        pipe.xack(stream, self._group, *ids)
        pipe.xdel(stream, *ids)
        pipe.execute()


def compute_backoff(failures: int, *, cap_s: float = 5.0) -> float:
    """Seconds to wait after that many failures in a row: doubling from 0.1 s, half of it random."""
    ceiling: float = min(cap_s, 0.1 * 2 ** min(failures, 10))
    return ceiling / 2 + random.random() * ceiling / 2


def _entries(stream: Stream, rows: Any) -> list[Entry]:
    """Without those deleted meanwhile. An entry without data is somebody else's; its handler refuses it."""
    return [Entry(stream, entry_id.decode(), fields.get(b"d", b"")) for entry_id, fields in rows if fields]
