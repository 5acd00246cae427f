"""What could not be handled: kept with its reason, its origin and its data."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

import redis
from redis.client import Pipeline
from redis.typing import EncodableT, FieldT

from crm_core.infra.streams import Entry, Stream, redis_translated, version_of, version_time


@dataclass(frozen=True)
class DeadLetter:
    """id: of the letter. entry: as it stood on its stream. group: of the worker that buried it."""

    id: str
    entry: Entry
    group: str
    reason: str

    @property
    def buried_at(self) -> datetime:
        return version_time(version_of(self.id))


def bury(pipe: Pipeline, entry: Entry, group: str, reason: str) -> None:
    """Add the letter in the transaction that acknowledges ``entry``: it is in exactly one place."""
    letter: dict[FieldT, EncodableT] = {
        "stream": entry.stream,
        "id": entry.id,
        "group": group,
        "reason": reason,
        "d": entry.data,
    }
    if entry.origin:
        letter["o"] = entry.origin
    pipe.xadd(Stream.DEAD, letter)


def latest_dead(client: redis.Redis, *, limit: int) -> list[DeadLetter]:
    """The newest first."""
    with redis_translated():
        rows = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrevrange(Stream.DEAD, count=limit))
    return [_to_letter(letter_id.decode(), fields) for letter_id, fields in rows]


def _to_letter(letter_id: str, fields: dict[bytes, bytes]) -> DeadLetter:
    def text(name: bytes) -> str:
        return fields.get(name, b"").decode(errors="replace")

    entry = Entry(Stream(text(b"stream")), text(b"id"), fields.get(b"d", b""), text(b"o"))
    return DeadLetter(letter_id, entry, text(b"group"), text(b"reason"))
