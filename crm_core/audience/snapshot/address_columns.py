"""Reads what the snapshot keeps of addresses: who shares one, and which are suppressed."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pymongo.client_session import ClientSession

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.model import Suppression, suppressions_in
from crm_core.audience.snapshot.shard import AddressSends, SharedRows
from crm_core.audience.snapshot.sharing import ADDRESS_PLACES, AddressHashes, find_shared
from crm_core.audience.suppression_rows import erased_row_id
from crm_core.channels.registry import CHANNELS
from crm_core.infra.mongo import Db, Doc
from crm_core.schema.suppressions import ERASED, address_row_id

Reasons: TypeAlias = dict[str, set[str]]
"""Of suppressions, by channel."""
NO_KEYS: Final[NDArray[np.int64]] = np.empty(0, dtype=np.int64)
NO_PLACE = -1
"""Of an address of a channel that is no more."""


class AddressColumns:
    """The addresses of customers that are read, and of the messages that they got, as hashes."""

    def __init__(self, hashes: AddressHashes) -> None:
        self._hashes = hashes
        self._size = 0
        self._rows, self._places, self._keys = array("i"), array("b"), array("q")
        self._sends: list[tuple[int, int, int, int]] = []

    def add(self, customers: Sequence[Mapping[str, Any]]) -> None:
        entries: list[str] = []
        for row, customer in enumerate(customers, self._size):
            for entry in customer.get("address_keys", ()):
                self._rows.append(row)
                self._places.append(ADDRESS_PLACES.get(entry[: entry.index(":")], NO_PLACE))
                entries.append(entry)
        self._keys.frombytes(self._hashes.of(entries).tobytes())
        self._size += len(customers)

    def add_send(self, row: int, message: Mapping[str, Any], place: int) -> None:
        """place: of its channel in CHANNEL_PLACES."""
        if (channel := CHANNELS.get(message["channel"])) and (key := message.get("address_key")):
            self._sends.append((row, self._hashes.one(channel.entry(key)), message["sent_at"], place))

    def finish(self, known: NDArray[np.int64]) -> tuple[SharedRows, AddressSends]:
        """What is to be kept. known: as in ``find_shared``."""
        rows, places, keys = (np.array(each) for each in (self._rows, self._places, self._keys))
        sends = np.array(self._sends, dtype=np.int64).reshape(-1, 4)
        told = AddressSends(sends[:, 0].astype(np.int32), sends[:, 1], sends[:, 2], sends[:, 3].astype(np.int8))
        return find_shared(rows.astype(np.int32), places.astype(np.int8), keys.astype(np.int64), told, known)


class Sharers:
    """Finds who has to be read again with customers that changed."""

    def __init__(
        self, db: Db, session: ClientSession, known: NDArray[np.int64], hashes: AddressHashes, *, reads_sends: bool
    ) -> None:
        self._db = db
        self._session = session
        self._hashes = hashes
        self._known = known
        self._reads_sends = reads_sends

    def join(self, ids: Iterable[str], entries: Collection[str]) -> list[str]:
        """ids, who has one of these entries, who shares an address with one of them, and so on; in order.

        Of an address that is known to be shared the others are there already.
        """
        found = {*ids, *self._holders(entries)}
        new, asked = set(found), set(entries)
        while new:
            unknown = self._unknown(self._entries_of(new)) - asked
            asked |= unknown
            new = self._holders(unknown) - found
            found |= new
        return sorted(found)

    def _unknown(self, entries: set[str]) -> set[str]:
        named = list(entries)
        are_known = np.isin(self._hashes.of(named), self._known)
        return {each for each, is_known in zip(named, are_known, strict=True) if not is_known}

    def _entries_of(self, ids: Collection[str]) -> set[str]:
        """Of their addresses, and of those at which they got messages."""
        query: Doc = {"_id": {"$in": list(ids)}, "address_keys": {"$exists": True}}
        rows = self._db.customers.find(query, {"_id": 0, "address_keys": 1}, session=self._session)
        found = {entry for row in rows for entry in row["address_keys"]}
        if self._reads_sends:
            sent: Doc = {"customer_id": {"$in": list(ids)}, "address_key": {"$exists": True}}
            shown = {"_id": 0, "address_key": 1, "channel": 1}
            for row in self._db.messages.find(sent, shown, session=self._session):
                if channel := CHANNELS.get(row["channel"]):
                    found.add(channel.entry(row["address_key"]))
        return found

    def _holders(self, entries: Collection[str]) -> set[str]:
        if not entries:
            return set()
        query = {"address_keys": {"$in": list(entries)}}
        return {row["_id"] for row in self._db.customers.find(query, {"_id": 1}, session=self._session)}


class SuppressedBy:
    """Suppressions of customers that are read. customers: id to channel to reasons. entries: of ``address_keys`` to the
    same."""

    def __init__(
        self, db: Db, ids: Collection[str] | None, session: ClientSession | None, pseudonyms: Pseudonyms
    ) -> None:
        self.customers: dict[str, Reasons] = {}
        self.entries: dict[str, Reasons] = {}
        self._rows, self._session, self._pseudonyms = suppressions_in(db), session, pseudonyms
        self._asks_each = ids is not None
        self._erased: dict[str, str] = {}
        for row in self._find({} if ids is None else {"customer_id": {"$in": list(ids)}}):
            self._note(row)

    def look_up(self, customers: Iterable[Mapping[str, Any]]) -> None:
        """Those of the addresses of these customers, but for what was read of all."""
        if not self._asks_each and not self._erased:
            return
        asked: dict[str, tuple[str, str]] = {}
        for customer in customers:
            for name, channel in CHANNELS.items():
                if channel.address and (key := channel.stored_key(customer)):
                    place = (channel.entry(key), name)
                    asked[erased_row_id(name, key, self._pseudonyms)] = place
                    asked[address_row_id(name, key)] = place
        known = self._among(asked) if self._asks_each else self._erased
        for each in known.keys() & asked.keys():
            entry, name = asked[each]
            _add(self.entries, entry, name, known[each])

    def _among(self, ids: Collection[str]) -> dict[str, str]:
        """Id to reason."""
        return {row["_id"]: row["reason"] for row in self._find({"_id": {"$in": list(ids)}})}

    def _find(self, query: Doc) -> Iterable[Suppression]:
        shown = {"customer_id": 1, "channel": 1, "address_key": 1, "reason": 1}
        return self._rows.find(query, shown, session=self._session)

    def _note(self, row: Suppression) -> None:
        if "customer_id" in row:
            _add(self.customers, row["customer_id"], row["channel"], row["reason"])
        elif row["_id"].startswith(ERASED):
            self._erased[row["_id"]] = row["reason"]
        elif channel := CHANNELS.get(row["channel"]):
            _add(self.entries, channel.entry(row["address_key"]), row["channel"], row["reason"])


def _add(known: dict[str, Reasons], whose: str, channel: str, reason: str) -> None:
    known.setdefault(whose, {}).setdefault(channel, set()).add(reason)
