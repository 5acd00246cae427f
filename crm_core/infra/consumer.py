"""The worker loop over one or several streams: claim stale, read new, handle a batch, acknowledge."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import redis
import structlog
from redis.exceptions import OutOfMemoryError, ResponseError

from crm_core.errors import Permanent, Unavailable
from crm_core.infra.backoff import compute_patience
from crm_core.infra.dead_letters import bury
from crm_core.infra.heartbeat import Activity
from crm_core.infra.samples import take_sample
from crm_core.infra.streams import Entry, Stream, redis_translated
from crm_core.infra.tries import Tries
from crm_core.infra.turns import Turns

log = structlog.stdlib.get_logger(__name__)

Handler = Callable[[Sequence[Entry]], Mapping[str, str] | None]
"""Handles a batch; returns {entry id: reason} for entries that can never be handled. Raises Permanent when one of
the batch is such and it cannot say which: each is then handled by itself."""


@dataclass(frozen=True)
class ConsumerPolicy:
    """How a worker reads. Times in milliseconds. claim_idle_ms: after this long without a sign of life of the worker
    that read them, another takes over its entries."""

    batch: int = 500
    block_ms: int = 500
    claim_idle_ms: int = 15_000
    max_tries: int = 5


class Consumer:
    """Reads streams of one group in batches and acknowledges after the handler returned.

    An entry is deleted when it is acknowledged, so a stream's length is its backlog and trimming can
    never drop an unread entry. A restart under the same name first takes up what the name left pending.
    An entry whose handling failed, or ended the worker, is tried again by itself, and buried after the last try.
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
        self.activity = Activity(group, name)
        self._client = client
        self._streams = tuple(streams)
        self._group = group
        self._name = name
        self._handler = handler
        self._policy = policy or ConsumerPolicy()
        self._tries = Tries(client, group)
        self._stop = threading.Event()
        self._own_after: dict[Stream, str] | None = dict.fromkeys(streams, "0")
        self._owes, self._together, self._turns = False, self._policy.batch, Turns()
        self._in_hand: Sequence[Entry] = ()
        self._has_groups = False

    def stop(self) -> None:
        """Ask the loop to end after the batch in hand."""
        self._stop.set()

    @property
    def stopping(self) -> threading.Event:
        """Set by ``stop``; a handler that waits for something gives up when it is, with Unavailable."""
        return self._stop

    def run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self.run_once()
                failures = 0
            except Unavailable as exc:
                if self._stop.is_set():
                    break
                failures += 1
                self.activity.state = "outage"
                log.warning("outage", group=self._group, tries=failures, error=str(exc))
                self._stop.wait(compute_patience(failures, exc))

    def run_once(self) -> int:
        """One batch; returns how many entries it read. Raises Unavailable and buries nothing in an outage."""
        with redis_translated():
            self._ensure_groups()
            batch, again = self._read_if_groups()
        self.activity.state = "busy" if batch else "idle"
        self._in_hand = batch
        try:
            for stream in self._streams:
                if entries := [entry for entry in batch if entry.stream == stream]:
                    if again and self._own_after is not None:  # those of later streams are read anew after an outage
                        self._own_after[stream] = entries[-1].id
                    self._handle(entries, again=again)
        except Unavailable:
            self._note_outage(again=again)
            raise
        finally:
            self._in_hand = ()
        if batch:
            self._turns.note_success(again=again)
        if again:
            self._together = min(2 * self._together, self._policy.batch)
        return len(batch)

    def _note_outage(self, *, again: bool) -> None:
        """What is in hand is taken up again at once, then one by one, since it may be that only these entries meet the
        outage, then twice as many with each success: one that always meets it is alone soon, however many were read
        with it, and after an outage of all there is no delay. What is new comes in between, as ``Turns`` says."""
        self._turns.note_outage(again=again)
        self._owes, self._together = True, 1 if again else self._together
        if self._own_after is None:
            self._own_after = dict.fromkeys(self._streams, "0")

    def tend(self) -> None:
        """Renew what is in hand, so that nobody claims it, and note how the streams stand. For another thread."""
        with redis_translated():
            for stream in self._streams:
                if ids := [entry.id for entry in self._in_hand if entry.stream == stream]:
                    self._renew(stream, ids)
            for stream in self._streams:  # last, since a full server has no room for it
                take_sample(self._client, stream)

    def _renew(self, stream: Stream, ids: Sequence[str]) -> None:
        """Reset the idle time of those that are still ours; one that was claimed meanwhile stays where it is."""
        try:
            pending: Any = self._client.xpending_range(
                stream, self._group, min=ids[0], max=ids[-1], count=len(ids), consumername=self._name
            )
        except ResponseError as exc:  # somebody emptied the server: nothing is in hand any more
            if not str(exc).startswith("NOGROUP"):
                raise
            return
        if owned := {row["message_id"].decode() for row in pending} & set(ids):
            self._client.xclaim(stream, self._group, self._name, 0, cast("Any", sorted(owned)), justid=True)

    def _ensure_groups(self) -> None:
        if self._has_groups:
            return
        for stream in self._streams:
            try:
                self._client.xgroup_create(stream, self._group, id="0", mkstream=True)
            except OutOfMemoryError:  # said before anybody looks whether there is one already
                if not self._has_group(stream):
                    raise
            except ResponseError as exc:
                if not str(exc).startswith("BUSYGROUP"):
                    raise
        self._has_groups = True

    def _has_group(self, stream: Stream) -> bool:
        try:
            groups: Any = self._client.xinfo_groups(stream)
        except ResponseError:  # there is no such stream
            return False
        return any(group["name"].decode() == self._group for group in groups)

    def _read_if_groups(self) -> tuple[list[Entry], bool]:
        """Nothing when somebody emptied the server; the groups are then made anew."""
        try:
            return self._read()
        except ResponseError as exc:
            if not str(exc).startswith("NOGROUP"):
                raise
            self._has_groups = False
            return [], False

    def _read(self) -> tuple[list[Entry], bool]:
        """A batch, and whether it was delivered before."""
        if self._turns.take() and (batch := self._read_new(block_ms=None)):
            return batch, False
        if self._own_after is not None:
            if batch := self._read_group(self._own_after, count=self._together, again=True):
                return batch, True
            self._own_after = None
        for stream in self._streams:
            if claimed := self._claim(stream):
                return claimed, True
        batch = self._read_new(block_ms=None if self._owes else self._policy.block_ms)
        if batch or not self._owes:
            return batch, False
        self._owes, self._own_after = False, dict.fromkeys(self._streams, "0")
        return self._read()

    def _read_new(self, *, block_ms: int | None) -> list[Entry]:
        return self._read_group(dict.fromkeys(self._streams, ">"), count=self._policy.batch, block_ms=block_ms)

    def _read_group(
        self, after: Mapping[Stream, str], *, count: int, block_ms: int | None = None, again: bool = False
    ) -> list[Entry]:
        answer = self._client.xreadgroup(self._group, self._name, cast("Any", after), count=count, block=block_ms)
        found = cast("list[tuple[bytes, Any]]", answer or [])
        return [entry for stream, rows in found for entry in _entries(Stream(stream.decode()), rows, again=again)]

    def _claim(self, stream: Stream) -> list[Entry]:
        _, rows, _ = cast(
            "tuple[Any, Any, Any]",
            self._client.xautoclaim(
                stream, self._group, self._name, self._policy.claim_idle_ms, count=self._policy.batch
            ),
        )
        return _entries(stream, rows, again=True)

    def _handle(self, entries: Sequence[Entry], *, again: bool) -> None:
        """Those of one stream. again: delivered before, by us or to a worker that did not finish them."""
        if again:
            if any(self._tries.of(entries)):
                self._handle_each(entries)
                return
            self._tries.begin(entries)
        try:
            refused = self._handler(entries) or {}
        except Unavailable:
            if again:
                self._tries.take_back(entries)
            raise
        except Exception as exc:  # the one broad catch: whatever a handler raises, the loop goes on
            if len(entries) == 1:
                self._fail(entries[0], 1 if again else self._tries.begin(entries)[0], exc)
            else:
                self._handle_each([replace(entry, again=True) for entry in entries])
            return
        self._finish(entries, refused, counted=again)

    def _handle_each(self, entries: Sequence[Entry]) -> None:
        """One by one: a bad entry then holds up none of its batch."""
        for entry in entries:
            (tries,) = self._tries.begin([entry])
            if tries > self._policy.max_tries:
                reason = f"failed {tries - 1} times, or ended its worker while it was handled"
                self._finish([entry], {entry.id: reason}, counted=True)
                continue
            try:
                refused = self._handler([entry]) or {}
            except Unavailable:
                self._tries.take_back([entry])
                raise
            except Exception as exc:
                self._fail(entry, tries, exc)
            else:
                self._finish([entry], refused, counted=True)

    def _fail(self, entry: Entry, tries: int, exc: Exception) -> None:
        """Leave it pending for another try; bury it after the last one, or at once when it can never succeed."""
        if isinstance(exc, Permanent):
            self._finish([entry], {entry.id: str(exc)}, counted=True)
            return
        self.activity.failed += 1
        log.error("failed", stream=entry.stream, entry=entry.id, tries=tries, exc_info=exc)
        if tries >= self._policy.max_tries:
            reason = f"failed {tries} times; the worker's log has the error"
            self._finish([entry], {entry.id: reason}, counted=True)

    def _finish(self, entries: Sequence[Entry], refused: Mapping[str, str], *, counted: bool) -> None:
        """Bury what was refused and acknowledge all, in one step. counted: whether their tries were."""
        stream, ids = entries[0].stream, [entry.id for entry in entries]
        with redis_translated():
            pipe = self._client.pipeline(transaction=True)
            for entry in entries:
                if entry.id in refused:
                    bury(pipe, entry, self._group, refused[entry.id])
            pipe.xack(stream, self._group, *ids)
            pipe.xdel(stream, *ids)
            if counted:
                self._tries.forget(pipe, entries)
            pipe.execute()
        self.activity.handled += len(entries)
        self.activity.refused += len(refused)
        for entry_id, reason in refused.items():
            log.warning("buried", stream=stream, entry=entry_id, reason=reason)
        log.debug("handled", stream=stream, entries=len(entries), first=ids[0], last=ids[-1])


def _entries(stream: Stream, rows: Any, *, again: bool) -> list[Entry]:
    """Without those deleted meanwhile. An entry without data is somebody else's; its handler refuses it."""
    return [
        Entry(stream, entry_id.decode(), fields.get(b"d", b""), fields.get(b"o", b"").decode(errors="replace"), again)
        for entry_id, fields in rows
        if fields
    ]
