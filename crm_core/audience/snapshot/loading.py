"""Reads customers with their records from MongoDB into a shard, in chunks, by plain cursors."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as Stored

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.reach import CHANNEL_PLACES, LAYOUT, consent_columns, encode_reach
from crm_core.audience.snapshot.address_columns import NO_KEYS, AddressColumns, Sharers, SuppressedBy
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.needs import Extra, Needs
from crm_core.audience.snapshot.shard import Sends, Shard
from crm_core.audience.snapshot.sharing import AddressHashes
from crm_core.audience.snapshot.suppression_columns import SuppressionColumns
from crm_core.channels.registry import CHANNELS
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.engines.columns import PLAIN_DAYS_MS, PropertyName
from crm_core.rules.engines.encoding import NO_PROPERTIES, Encoder
from crm_core.rules.engines.encoding_messages import HELD_TIMES, UNCOUNTED_RANKS
from crm_core.rules.engines.mongo_records import reached_at
from crm_core.rules.engines.single import READ_OF_ORDERS
from crm_core.rules.fields import ITEMS, Catalogue, CustomerField, FieldType, micros_of
from crm_core.schema.message_states import MessageState

CHUNK = 2000
"""Documents decoded at once: some ms, in which no other thread of the process runs."""
MAX_VALUES = 100_000
NO_CHANNEL = -1
"""The place of a channel that is no more."""


def _in_ms(path: str) -> Doc:
    """A time as the database's own milliseconds, which a double holds exactly: it is decoded fastest."""
    return {"$convert": {"input": f"${path}", "to": "double", "onError": None, "onNull": None}}


def _in_ms_or_days(path: str) -> Doc:
    """The same for a value that may be a plain day, which is kept as a text."""
    date = {"$convert": {"input": f"${path}", "to": "date", "onError": None, "onNull": None}}
    days = {"$cond": [{"$eq": [{"$type": f"${path}"}, "string"]}, PLAIN_DAYS_MS, 0]}
    return {"$add": [{"$toDouble": date}, {"$toDouble": days}]}


def _projected(found: CustomerField) -> Any:
    if found.has_plain_days:
        return _in_ms_or_days(found.path)
    return _in_ms(found.path) if found.type is FieldType.DATE else f"${found.path}"


def _held_time(usual: MessageState, other: MessageState) -> Doc:
    """As ``with_times`` has it."""
    found = reached_at(usual, "$")
    return found if other is usual else {"$cond": [{"$eq": ["$rank", other.rank]}, reached_at(other, "$"), found]}


REACH: Doc = {"address_keys": 1, **{f"consent.{channel}.state": 1 for channel in CHANNELS}}
"""What reach follows from."""
ORDER: Doc = {"_id": 0, "customer_id": 1, **dict.fromkeys(READ_OF_ORDERS, 1), "ordered_at": _in_ms("ordered_at")}
EVENT: Doc = {"_id": 0, "customer_id": 1, "type": 1, "at": _in_ms("at")}
SEND: Doc = {"customer_id": 1, "channel": 1, "address_key": 1, "sent_at": _in_ms("sent_at")}
MESSAGE: Doc = {
    **SEND,
    **dict.fromkeys(("campaign_id", "rank", "reason"), 1),
    **{name: {"$toDouble": _held_time(usual, other)} for name, (usual, other) in HELD_TIMES.items()},
}
Progress = Callable[[int], None]
"""Called with how many records were read since it was called last."""


class Loader:
    """fields: of the catalogue; those that are not held are asked of the database. The others are read side by side,
    not nested.

    reads_sends: whether the messages that were sent are read, for a frequency cap. holds_messages: whether there are
    columns of messages, for rules that count them. holds_items: whether there are columns of the items of orders.
    properties: of events, that have columns.
    """

    def __init__(
        self,
        db: Db,
        fields: Iterable[CustomerField],
        *,
        reads_sends: bool,
        holds_messages: bool = False,
        holds_items: bool = False,
        properties: Mapping[PropertyName, CustomerField] = NO_PROPERTIES,
    ) -> None:
        self._db = db
        self._pseudonyms = Pseudonyms(db)
        self._hashes = AddressHashes(db)
        self.reads_sends = reads_sends
        self.holds_messages = holds_messages
        self.holds_items = holds_items
        self._order: Doc = ORDER | ({ITEMS.path: 1} if holds_items else {})
        self._properties = properties
        micros = [micros_of(name) for (_, name), found in properties.items() if found.type is FieldType.NUMBER]
        self._event: Doc = EVENT | {found.path: _projected(found) for found in (*properties.values(), *micros)}
        held = [found for found in fields if found.is_held and not found.is_average and not found.choices]
        self._fields = [replace(found, path=f"f{number}") for number, found in enumerate(held)]
        values = {flat.path: _projected(found) for flat, found in zip(self._fields, held, strict=True)}
        self._customer: Doc = {**values, **REACH}
        self.layout = repr((self._customer, self._order, self._event, held, properties, MAX_VALUES))
        """Which columns there are, and what they are made of, types included."""

    @classmethod
    def of(cls, db: Db, catalogue: Catalogue, needs: Needs) -> Self:
        """Of all fields, and of those needs that the catalogue knows."""
        known = catalogue.event_properties()
        return cls(
            db,
            catalogue.fields,
            reads_sends=needs.sends,
            holds_messages=Extra.MESSAGES in needs.extras,
            holds_items=Extra.ITEMS in needs.extras,
            properties={name: known[name] for name in sorted(needs.properties & known.keys())},
        )

    def load_all(self, progress: Progress = lambda records: None) -> Shard:
        """Everyone. What changes meanwhile may be read in part: whoever follows the changes reads it again."""
        return self._load(None, None, progress)

    def load_some(
        self, ids: Collection[str], entries: Collection[str] = (), known: NDArray[np.int64] = NO_KEYS
    ) -> Shard:
        """Those of ``ids`` that exist, all as of one moment, whoever has one of these entries among the address keys,
        and whoever else has an address of theirs. known: hashes of the keys whose customers need not be read for that.
        """
        with translated(), self._db.client.start_session(snapshot=True) as session:
            sharers = Sharers(self._db, session, known, self._hashes, reads_sends=self.reads_sends)
            return self._load(sharers.join(ids, entries), session, lambda records: None, known)

    def _load(
        self,
        ids: Sequence[str] | None,
        session: ClientSession | None,
        progress: Progress,
        known: NDArray[np.int64] = NO_KEYS,
    ) -> Shard:
        encoder = Encoder(
            self._fields,
            most_values=MAX_VALUES,
            times=_as_they_are,
            holds_messages=self.holds_messages,
            holds_items=self.holds_items,
            properties=self._properties,
        )
        mine: Doc = {} if ids is None else {"_id": {"$in": list(ids)}}
        theirs: Doc = {} if ids is None else {"customer_id": {"$in": list(ids)}}
        suppressed = SuppressedBy(self._db, ids, session, self._pseudonyms)
        reach = [np.empty(0, dtype=LAYOUT.dtype)]
        addresses, suppressions = AddressColumns(self._hashes), SuppressionColumns()
        for chunk in _chunks(self._db.customers, mine, self._customer, session, in_order=True):
            encoder.add_customers(chunk)
            suppressed.look_up(chunk)
            reach.append(encode_reach(chunk, suppressed.customers, suppressed.entries))
            suppressions.add(chunk, reach[-1], suppressed.customers, suppressed.entries)
            addresses.add(chunk)
            progress(len(chunk))
        table = IdTable.of(list(encoder.rows))
        for chunk in _chunks(self._db.orders, theirs, self._order, session):
            encoder.add_orders(chunk)
            progress(len(chunk))
        for chunk in _chunks(self._db.events, theirs, self._event, session):
            encoder.add_events(chunk)
            progress(len(chunk))
        sends = _Sends(encoder.rows, addresses, is_read=self.reads_sends)
        for chunk in self._messages(theirs, session):
            sends.add(chunk)
            if self.holds_messages:
                encoder.add_messages(chunk)
            progress(len(chunk))
        shared, told = addresses.finish(known)
        columns, facts = encoder.finish(), np.concatenate(reach)
        fields = {**columns.fields, **consent_columns(facts)}
        columns = replace(columns, fields=fields, rows=table)
        return Shard(columns, table, facts, sends.finish(), shared, told, suppressed=suppressions.finish())

    def _messages(self, whose: Doc, session: ClientSession | None) -> Iterator[list[Doc]]:
        if self.holds_messages:
            return _chunks(self._db.messages, {**whose, "rank": {"$nin": UNCOUNTED_RANKS}}, MESSAGE, session)
        if self.reads_sends:
            return _chunks(self._db.messages, {**whose, "sent_at": {"$exists": True}}, SEND, session)
        return iter(())


class _Sends:
    """Gathers the messages that were sent, if they are wanted. rows: of customers."""

    def __init__(self, rows: Mapping[str, int], addresses: AddressColumns, *, is_read: bool) -> None:
        self._rows = rows
        self._addresses = addresses
        self._is_read = is_read
        self._sent: list[tuple[int, int, int]] = []

    def add(self, messages: Sequence[Doc]) -> None:
        if not self._is_read:
            return
        for each in messages:
            sent_at, row = each["sent_at"], self._rows.get(each["customer_id"])
            if sent_at is not None and row is not None:
                place = CHANNEL_PLACES.get(each["channel"], NO_CHANNEL)
                self._sent.append((row, sent_at, place))
                self._addresses.add_send(row, each, place)

    def finish(self) -> Sends:
        table = np.array(self._sent, dtype=np.int64).reshape(-1, 3)
        customers, times, channels = table[:, 0].astype(np.int32), table[:, 1].copy(), table[:, 2].astype(np.int8)
        return Sends(customers, times, channels, is_read=self._is_read)


def _chunks(
    records: Stored[Doc], query: Doc, wanted: Doc, session: ClientSession | None, *, in_order: bool = False
) -> Iterator[list[Doc]]:
    """The next chunk is on its way while the last is worked on."""
    with (
        translated(),
        records.find(query, wanted, batch_size=CHUNK, session=session) as cursor,
        ThreadPoolExecutor(1) as reader,
    ):
        if in_order:
            cursor.sort("_id", 1)
        coming = reader.submit(cursor.to_list, CHUNK)
        while chunk := coming.result():
            coming = reader.submit(cursor.to_list, CHUNK)
            yield chunk


def _as_they_are(values: Sequence[Any]) -> Sequence[Any]:
    return values
