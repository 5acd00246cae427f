"""What happened in the database, as the customers to read again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from pymongo.change_stream import DatabaseChangeStream
from pymongo.errors import OperationFailure

from crm_core.audience.snapshot.marks import MARKS
from crm_core.channels.registry import CHANNELS
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.engines.encoding_messages import UNCOUNTED_RANKS
from crm_core.rules.engines.single import READ_OF_MESSAGES
from crm_core.schema.suppressions import ADDRESS, ERASED

AWAIT_MS = 1
"""How long the database waits for a change before it says that there is none. While it waits, each write of anything
wakes it; for messages that was an eighth of its work. The reader asks again after a pause of its own."""
MAX_AT_ONCE = 10_000
TYPES, PROPERTIES = ("attributes",), "event_properties"
"""Collections with the types of values, which columns are made by."""
ENDS = frozenset({"drop", "rename", "dropDatabase", "invalidate"})


class Followed(Enum):
    """Which messages are followed: those that are sent, for a frequency cap; all that rules may count."""

    NONE = auto()
    SENT = auto()
    ALL = auto()


WATCHED_OF_MESSAGES = sorted({"rank", *READ_OF_MESSAGES} - {"campaign_id", "channel", "created_at"})
"""What changes of a message that rules may count."""


class TokenLost(Exception):
    """The database has forgotten the place where the stream was left: everything is to be read again."""


class ColumnsOutdated(Exception):
    """Something changed that columns are made by, or a collection was dropped: everything is to be read again."""


@dataclass
class Changed:
    """ids: of customers that changed. entries: of ``address_keys``; whoever has one changed. is_all: whether these are
    all so far. has_gone: whether a customer was removed. marks: those that were set, by name, with their places."""

    ids: set[str] = field(default_factory=set)
    entries: set[str] = field(default_factory=set)
    is_all: bool = True
    has_gone: bool = False
    marks: dict[str, Any] = field(default_factory=dict)


class Changes:
    """A change stream over what the snapshot is made of. place: where it may be taken up again."""

    def __init__(self, stream: DatabaseChangeStream[Doc]) -> None:
        self._stream = stream

    @property
    def place(self) -> Any:
        return self._stream.resume_token

    def read(self) -> Changed:
        """At most MAX_AT_ONCE. Raises Unavailable, ColumnsOutdated, TokenLost."""
        found = Changed()
        with _explained():
            while len(found.ids) + len(found.entries) < MAX_AT_ONCE:
                change = self._stream.try_next()
                if change is None:
                    return found
                _note(change, found)
        found.is_all = False
        return found


@contextmanager
def watch(db: Db, place: Any = None, *, messages: Followed, with_properties: bool = False) -> Iterator[Changes]:
    """From ``place`` on, or from now on. Orders and events need no watching: storing one writes its customer, in the
    same transaction. with_properties: whether columns depend on the types of events' properties. Raises Unavailable,
    TokenLost."""
    stages = _stages(db.name, messages, [*TYPES, *([PROPERTIES] if with_properties else [])])
    with _explained():
        stream = db.watch(stages, max_await_time_ms=AWAIT_MS, resume_after=place, batch_size=MAX_AT_ONCE)
    with stream:
        yield Changes(stream)


def _stages(database: str, messages: Followed, types: Sequence[str]) -> list[Doc]:
    """Whole names: the part behind the point alone is a regular expression, for each entry of the log, to MongoDB."""
    watched = [{"db": database, "coll": name} for name in ("customers", "suppressions", MARKS, *types)]
    wanted: list[Doc] = [{"ns": {"$in": watched}}, {"operationType": "dropDatabase"}]
    log: Doc = {"ns": {"db": database, "coll": "messages"}}
    match messages:
        case Followed.SENT:
            wanted.append(log | _updated("sent_at"))
        case Followed.ALL:
            counted = {"operationType": "insert", "fullDocument.rank": {"$nin": UNCOUNTED_RANKS}}
            wanted.append(log | {"$or": [counted, *map(_updated, WATCHED_OF_MESSAGES)]})
    return [{"$match": {"$or": wanted}}, {"$project": {"operationType": 1, "ns": 1, "documentKey": 1}}]


def _updated(name: str) -> Doc:
    return {f"updateDescription.updatedFields.{name}": {"$exists": True}}


def _note(change: Doc, found: Changed) -> None:
    if change["operationType"] in ENDS or change["ns"]["coll"] in {*TYPES, PROPERTIES}:
        raise ColumnsOutdated
    key: str = change["documentKey"]["_id"]
    match change["ns"]["coll"]:
        case "customers":
            found.ids.add(key)
            found.has_gone |= change["operationType"] == "delete"
        case _ if change["ns"]["coll"] == MARKS:
            if change["operationType"] == "insert":
                found.marks[key] = change["_id"]
        case _:
            _note_other(key, found)


def _note_other(key: str, found: Changed) -> None:
    """A suppression, or a message."""
    if key.startswith(ERASED):
        raise ColumnsOutdated
    before, _, name = key.partition(":")  # the channel, or the campaign
    if not before.startswith(ADDRESS):
        found.ids.add(name)
    elif channel := CHANNELS.get(before.removeprefix(ADDRESS)):
        found.entries.add(channel.entry(name))


@contextmanager
def _explained() -> Iterator[None]:
    """Source: MongoDB error codes 260, 280, 286: the token cannot be resumed, the stream is dead, its history gone."""
    try:
        with translated():
            yield
    except OperationFailure as exc:
        if exc.code in {260, 280, 286} or exc.has_error_label("NonResumableChangeStreamError"):
            raise TokenLost from exc
        raise
