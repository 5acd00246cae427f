"""What happened with one customer: orders, events and messages in one list."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Literal, NotRequired, TypeAlias, TypedDict, cast

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.customers.model import Customer, Event, Order
from crm_core.customers.reading import CustomerReader
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.message_states import STATES, MessageState

MAX_LIMIT = 500
TIME_LIMIT_MS = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
NEWEST: Doc = {"at": -1, "kind": 1, "_id": -1}


class Kind(StrEnum):
    ORDER = "order"
    EVENT = "event"
    MESSAGE = "message"


@dataclass(frozen=True)
class _Source:
    """Where entries of a kind are. moment: the field with their time. fields: that are shown."""

    collection: str
    moment: str
    fields: tuple[str, ...]


class OrderEntry(Order):
    kind: Literal[Kind.ORDER]
    at: datetime


class EventEntry(Event):
    kind: Literal[Kind.EVENT]


class MessageEntry(TypedDict):
    """campaign: its name, None for one that was removed. reason: as in the message log. instead: who is written to at
    the customer's address, with the name, of a message that was skipped for that."""

    kind: Literal[Kind.MESSAGE]
    id: str
    at: datetime
    campaign_id: str
    campaign: str | None
    channel: str
    state: MessageState
    reason: NotRequired[str]
    instead: NotRequired[Customer]


Entry: TypeAlias = OrderEntry | EventEntry | MessageEntry


_SOURCES: Mapping[Kind, _Source] = {
    Kind.ORDER: _Source("orders", "ordered_at", ("amount_minor", "refunded_minor", "status", "category", "items")),
    Kind.EVENT: _Source("events", "at", ("type", "properties")),
    Kind.MESSAGE: _Source("messages", "created_at", ("campaign_id", "channel", "rank", "reason", "same_address_as")),
}


@dataclass(frozen=True)
class _Place:
    """Of the last entry of a page."""

    at: datetime
    kind: Kind
    id: str


class Timeline:
    def __init__(self, db: Db, reads: PersonalReads, reader: CustomerReader) -> None:
        self._db = db
        self._reads = reads
        self._reader = reader

    def page(
        self,
        customer_id: str,
        *,
        actor: Actor,
        kinds: Collection[Kind] | None = None,
        limit: int = 25,
        after: str | None = None,
    ) -> tuple[list[Entry], str | None]:
        """A page, newest first, and the cursor to go on after, None on the last page. Raises InvalidInput.

        Of orders there are amount, refunded, status, category and items.
        """
        self._reads.require_one(actor, customer_id)
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidInput(f"A page of the timeline has 1 to {MAX_LIMIT} entries, not {limit}.", field="limit")
        chosen = list(Kind) if kinds is None else [kind for kind in Kind if kind in kinds]
        place = _read_cursor(after) if after else None
        if not chosen:
            return [], None
        stages = _stages(customer_id, chosen, place, limit + 1)
        with translated():
            first = self._db[_SOURCES[chosen[0]].collection]
            rows = list(first.aggregate(stages, maxTimeMS=TIME_LIMIT_MS))
        cursor = _write_cursor(rows[limit - 1]) if len(rows) > limit else None
        shown = rows[:limit]
        self._name_holders(shown, actor)
        return [self._to_entry(row) for row in shown], cursor

    def _name_holders(self, rows: Sequence[Doc], actor: Actor) -> None:
        """Put who has the address of a skipped message in the place of the id."""
        ids = {row["same_address_as"] for row in rows if "same_address_as" in row}
        known = {customer["id"]: customer for customer in self._reader.by_ids(list(ids), stored=["name"])}
        for customer_id in known:
            self._reads.require_one(actor, customer_id)
        for row in rows:
            if holder := known.get(row.pop("same_address_as", "")):
                row["instead"] = holder

    def _to_entry(self, row: Doc) -> Entry:
        campaigns: list[Doc] = row.pop("campaign")
        row["kind"] = Kind(row["kind"])
        match row["kind"]:
            case Kind.ORDER:
                return cast("OrderEntry", self._reader.to_order(row))
            case Kind.EVENT:
                return cast("EventEntry", self._reader.to_event(row))
            case _:
                row["state"] = STATES[row.pop("rank")]
                row["campaign"] = campaigns[0]["name"] if campaigns else None
                return cast("MessageEntry", {"id": row.pop("_id"), **row})


def _stages(customer_id: str, kinds: list[Kind], place: _Place | None, limit: int) -> list[Doc]:
    first, *others = (_of_kind(customer_id, kind, place, limit) for kind in kinds)
    unions = [
        {"$unionWith": {"coll": _SOURCES[kind].collection, "pipeline": stages}}
        for kind, stages in zip(kinds[1:], others, strict=True)
    ]
    names: Doc = {"from": "campaigns", "localField": "campaign_id", "foreignField": "_id", "as": "campaign"}
    names["pipeline"] = [{"$project": {"name": 1}}]
    return [*first, *unions, {"$sort": NEWEST}, {"$limit": limit}, {"$lookup": names}]


def _of_kind(customer_id: str, kind: Kind, place: _Place | None, limit: int) -> list[Doc]:
    """The first ``limit`` of this kind after that place."""
    source = _SOURCES[kind]
    query: Doc = {"customer_id": customer_id}
    if place:
        query = {"$and": [query, {source.moment: {"$lte": place.at}}, _after(kind, source.moment, place)]}
    shown: Doc = {"kind": {"$literal": kind.value}, "at": f"${source.moment}", **dict.fromkeys(source.fields, 1)}
    return [{"$match": query}, {"$project": shown}, {"$sort": {"at": -1, "_id": -1}}, {"$limit": limit}]


def _after(kind: Kind, moment: str, place: _Place) -> Doc:
    """At one moment the kinds follow each other by name, as NEWEST has it."""
    if kind == place.kind:
        return {"$or": [{moment: {"$lt": place.at}}, {"_id": {"$lt": place.id}}]}
    return {} if kind > place.kind else {moment: {"$lt": place.at}}


def _write_cursor(row: Doc) -> str:
    place = [(row["at"] - EPOCH) // MILLISECOND, row["kind"], row["_id"]]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_cursor(text: str) -> _Place:
    """Raises InvalidInput."""
    try:
        ms, kind, entry_id = json.loads(base64.urlsafe_b64decode(text))
        if not isinstance(entry_id, str):
            raise TypeError
        return _Place(EPOCH + ms * MILLISECOND, Kind(kind), entry_id)
    except (binascii.Error, ValueError, TypeError, OverflowError):
        raise InvalidInput(f"{text[:100]!r} is no cursor of a timeline.", field="cursor") from None
