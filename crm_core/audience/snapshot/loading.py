"""Reads customers with their records from MongoDB into a shard, in chunks, by plain cursors."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as Stored

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.reach import CHANNEL_PLACES, LAYOUT, encode_reach
from crm_core.audience.snapshot.address_columns import NO_KEYS, AddressColumns, Sharers, SuppressedBy
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.shard import Sends, Shard
from crm_core.channels.registry import CHANNELS
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.engines.columns import PLAIN_DAYS_MS
from crm_core.rules.engines.encoding import Encoder
from crm_core.rules.engines.single import READ_OF_EVENTS, READ_OF_ORDERS
from crm_core.rules.fields import CustomerField, FieldType

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


REACH: Doc = {"address_keys": 1, **{f"consent.{channel}.state": 1 for channel in CHANNELS}}
"""What reach follows from."""
ORDER: Doc = {"_id": 0, "customer_id": 1, **dict.fromkeys(READ_OF_ORDERS, 1), "ordered_at": _in_ms("ordered_at")}
EVENT: Doc = {"_id": 0, "customer_id": 1, **dict.fromkeys(READ_OF_EVENTS, 1), "at": _in_ms("at")}
SEND: Doc = {"customer_id": 1, "channel": 1, "address_key": 1, "sent_at": _in_ms("sent_at")}
Progress = Callable[[int], None]
"""Called with how many records were read since it was called last."""


class Loader:
    """fields: of the catalogue; those that are not held are asked of the database. The others are read side by side,
    not nested.

    reads_sends: whether the messages that were sent are read, for a frequency cap.
    """

    def __init__(self, db: Db, fields: Iterable[CustomerField], *, reads_sends: bool) -> None:
        self._db = db
        self._pseudonyms = Pseudonyms(db)
        self.reads_sends = reads_sends
        held = [found for found in fields if found.is_held and not found.is_average]
        self._fields = [replace(found, path=f"f{number}") for number, found in enumerate(held)]
        values = {flat.path: _projected(found) for flat, found in zip(self._fields, held, strict=True)}
        self._customer: Doc = {**values, **REACH}

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
            sharers = Sharers(self._db, session, known, reads_sends=self.reads_sends)
            return self._load(sharers.join(ids, entries), session, lambda records: None, known)

    def _load(
        self,
        ids: Sequence[str] | None,
        session: ClientSession | None,
        progress: Progress,
        known: NDArray[np.int64] = NO_KEYS,
    ) -> Shard:
        encoder = Encoder(self._fields, most_values=MAX_VALUES, times=_as_they_are)
        mine: Doc = {} if ids is None else {"_id": {"$in": list(ids)}}
        theirs: Doc = {} if ids is None else {"customer_id": {"$in": list(ids)}}
        suppressed = SuppressedBy(self._db, ids, session, self._pseudonyms)
        reach = [np.empty(0, dtype=LAYOUT.dtype)]
        addresses = AddressColumns()
        for chunk in _chunks(self._db.customers, mine, self._customer, session, in_order=True):
            encoder.add_customers(chunk)
            suppressed.look_up(chunk)
            reach.append(encode_reach(chunk, suppressed.customers, suppressed.entries))
            addresses.add(chunk)
            progress(len(chunk))
        table = IdTable.of(list(encoder.rows))
        for chunk in _chunks(self._db.orders, theirs, ORDER, session):
            encoder.add_orders(chunk)
            progress(len(chunk))
        for chunk in _chunks(self._db.events, theirs, EVENT, session):
            encoder.add_events(chunk)
            progress(len(chunk))
        sends = self._sends(theirs, encoder.rows, session, addresses)
        shared, told = addresses.finish(known)
        return Shard(replace(encoder.finish(), rows=table), table, np.concatenate(reach), sends, shared, told)

    def _sends(
        self, whose: Doc, rows: Mapping[str, int], session: ClientSession | None, addresses: AddressColumns
    ) -> Sends:
        sent: list[tuple[int, int, int]] = []
        if self.reads_sends:
            for chunk in _chunks(self._db.messages, {**whose, "sent_at": {"$exists": True}}, SEND, session):
                for each in chunk:
                    if (row := rows.get(each["customer_id"])) is not None:
                        place = CHANNEL_PLACES.get(each["channel"], NO_CHANNEL)
                        sent.append((row, each["sent_at"], place))
                        addresses.add_send(row, each, place)
        table = np.array(sent, dtype=np.int64).reshape(-1, 3)
        return Sends(
            table[:, 0].astype(np.int32), table[:, 1].copy(), table[:, 2].astype(np.int8), is_read=self.reads_sends
        )


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
