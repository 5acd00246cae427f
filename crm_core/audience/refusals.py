"""Lists of who gets no messages: suppressions, newest first, and customers who denied consent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.audience.model import Suppression, suppressions_in
from crm_core.audience.suppression_rows import erased_row_id
from crm_core.audience.suppressions import Suppressions
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import Customer, customers_in
from crm_core.customers.reading import CustomerReader
from crm_core.customers.searching import CustomerSearch
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.suppressions import address_row_id, customer_row_id

MAX_REACHED = 10_000
MAX_MATCHED = 100
"""Customers whom a search finds by name, with their addresses."""
TIME_LIMIT_MS = 10_000
NEWEST = [("created_at", -1), ("_id", -1)]


@dataclass(frozen=True)
class RefusalFilter:
    """text: an address, a name or an id. channel, reason: empty for all; the reason is asked of suppressions alone."""

    text: str = ""
    channel: str = ""
    reason: str = ""


class Refusals:
    """Each call is for those who may see customers, and reads a page of rows. Raises Forbidden, Unavailable."""

    def __init__(
        self, db: Db, reads: PersonalReads, search: CustomerSearch, reader: CustomerReader, suppressions: Suppressions
    ) -> None:
        self._suppressed = suppressions_in(db)
        self._customers = customers_in(db)
        self._reads, self._search, self._reader, self._suppressions = reads, search, reader, suppressions

    def count_suppressed(self, wanted: RefusalFilter, *, actor: Actor) -> int:
        """Up to 10,001."""
        self._reads.require(actor, "consent.list")
        with translated():
            return self._suppressed.count_documents(self._query(wanted, actor), limit=MAX_REACHED + 1)

    def suppressed(self, wanted: RefusalFilter, *, skip: int, limit: int, actor: Actor) -> list[Suppression]:
        """Newest first."""
        self._reads.require(actor, "consent.list")
        with translated():
            found = self._suppressed.find(self._query(wanted, actor), max_time_ms=TIME_LIMIT_MS)
            return list(found.sort(NEWEST).skip(min(skip, MAX_REACHED)).limit(limit))

    def count_denied(self, wanted: RefusalFilter, *, actor: Actor) -> int:
        """Up to 10,001."""
        self._reads.require(actor, "consent.list")
        with translated():
            return self._customers.count_documents(self._denied_query(wanted, actor), limit=MAX_REACHED + 1)

    def denied(self, wanted: RefusalFilter, *, skip: int, limit: int, actor: Actor) -> list[Customer]:
        """By id."""
        self._reads.require(actor, "consent.list")
        with translated():
            found = self._customers.find(self._denied_query(wanted, actor), max_time_ms=TIME_LIMIT_MS)
            rows = list(found.sort("_id", 1).skip(min(skip, MAX_REACHED)).limit(limit))
        return [self._reader.to_record(row) for row in rows]

    def named(self, rows: Sequence[Suppression], *, actor: Actor) -> Mapping[str, Customer]:
        """The customers of these suppressions that exist, by id."""
        self._reads.require(actor, "consent.list")
        found = self._reader.by_ids([row["customer_id"] for row in rows if "customer_id" in row])
        return {customer["id"]: customer for customer in found}

    def _query(self, wanted: RefusalFilter, actor: Actor) -> Doc:
        parts: Doc = {name: value for name in ("channel", "reason") if (value := getattr(wanted, name))}
        if text := wanted.text.strip():
            parts["_id"] = {"$in": self._row_ids(text, self._found(text, actor))}
        return parts

    def _denied_query(self, wanted: RefusalFilter, actor: Actor) -> Doc:
        query: Doc = {"refused": wanted.channel or {"$exists": True}}
        if text := wanted.text.strip():
            query["_id"] = {"$in": [customer["id"] for customer in self._found(text, actor)]}
        return query

    def _found(self, text: str, actor: Actor) -> Sequence[Customer]:
        return self._search.search(text, actor=actor, limit=MAX_MATCHED)

    def _row_ids(self, text: str, customers: Sequence[Customer]) -> list[str]:
        """Of rows that the text means as an address, and of these customers and their addresses."""
        keys = {(name, self._suppressions.key_of(name, text)) for name, each in CHANNELS.items() if each.address}
        rows = self._reader.rows([customer["id"] for customer in customers], stored=["address_keys"])
        for row in rows.values():
            keys |= {(name, key) for name, channel in CHANNELS.items() if (key := channel.stored_key(row))}
        pseudonyms = self._suppressions.pseudonyms
        addresses = [address_row_id(*each) for each in keys] + [erased_row_id(*each, pseudonyms) for each in keys]
        return addresses + [customer_row_id(name, each) for name in CHANNELS for each in rows]
