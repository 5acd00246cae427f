"""Stores batches of stream entries: records, then the totals that follow, in one transaction."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from crm_core.customers.fields import fold_texts
from crm_core.customers.merge import Patch, merge_patch
from crm_core.customers.totals import NO_ORDERS, TOTALS_GROUP, derive_totals
from crm_core.errors import Permanent
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.streams import Entry, Stream, version_time
from crm_core.ingest.patches import customer_patch, load_entry, order_patch

log = logging.getLogger(__name__)

DUPLICATE_KEY = 11000
DEFAULT_STATUS = "confirmed"
Change = tuple[str, Patch, int]
"""Record id, what to change, and the version of the entry that says so."""


class Persister:
    """Handles what the ingest worker reads. digits: minor digits of the workspace's currency."""

    def __init__(self, db: Db, *, digits: int) -> None:
        self._db = db
        self._digits = digits

    def store(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Store entries of one stream; gives {entry id: reason} for those that can never be stored.

        All or nothing, repeated when another worker touched the same customers: each transaction writes
        every customer whose totals it derives, so of two that overlap one starts again. Raises Unavailable.
        """
        changes, refused = self._read(entries)
        apply = self._apply_customers if entries[0].stream == Stream.CUSTOMERS else self._apply_orders
        with translated(), self._db.client.start_session() as session:
            while True:
                try:
                    session.with_transaction(lambda running: apply(changes, running))
                except BulkWriteError as exc:
                    if not _is_duplicate(exc):
                        raise
                    log.info("repeated entries=%d: another worker made the same record", len(entries))
                else:
                    return refused

    def _read(self, entries: Sequence[Entry]) -> tuple[list[Change], dict[str, str]]:
        changes: list[Change] = []
        refused: dict[str, str] = {}
        for entry in entries:
            try:
                record = load_entry(entry)
                if entry.stream == Stream.CUSTOMERS:
                    patch = customer_patch(record, entry, self._digits)
                else:
                    patch = order_patch(record, self._digits)
                changes.append((record["id"], patch, entry.version))
            except Permanent as exc:
                refused[entry.id] = str(exc)
        return changes, refused

    def _apply_customers(self, changes: Sequence[Change], session: ClientSession) -> None:
        customers = self._load("customers", {record_id for record_id, _, _ in changes}, session)
        is_new = {record_id for record_id, doc in customers.items() if not doc.get("revision")}
        for record_id, patch, version in changes:
            merge_patch(customers[record_id], patch, version)
        self._write_customers(customers, is_new, session)

    def _apply_orders(self, changes: Sequence[Change], session: ClientSession) -> None:
        orders = self._load("orders", {record_id for record_id, _, _ in changes}, session)
        is_new = {record_id for record_id, doc in orders.items() if "customer_id" not in doc}
        touched: dict[str, list[int]] = defaultdict(list)
        for record_id, patch, version in changes:
            order = orders[record_id]
            if "customer_id" in order:  # it may be about to change its customer
                touched[order["customer_id"]].append(version)
            merge_patch(order, patch, version)
            touched[order["customer_id"]].append(version)
        for order in orders.values():
            order.setdefault("status", DEFAULT_STATUS)
            if "ordered_at" not in order["versions"] or order.get("ordered_at") is None:
                order["ordered_at"] = order["created_at"]
        self._write("orders", orders, is_new, session)
        self._touch(touched, session)

    def _touch(self, touched: Mapping[str, Sequence[int]], session: ClientSession) -> None:
        """Derive the totals of the customers of these orders, making a profile for an unknown one."""
        customers = self._load("customers", touched, session)
        is_new = {record_id for record_id, doc in customers.items() if not doc.get("revision")}
        for customer_id, versions in touched.items():
            doc = customers[customer_id]
            first, last = version_time(min(versions)), version_time(max(versions))
            doc["created_at"] = min(doc.get("created_at", first), first)
            doc["updated_at"] = max(doc.get("updated_at", last), last)
        self._write_customers(customers, is_new, session)

    def _write_customers(self, customers: dict[str, Doc], is_new: set[str], session: ClientSession) -> None:
        query = {"customer_id": {"$in": list(customers)}, "status": {"$ne": "cancelled"}}
        sums = self._db.orders.aggregate([{"$match": query}, {"$group": TOTALS_GROUP}], session=session)
        by_customer = {row["_id"]: row for row in sums}
        for customer_id, doc in customers.items():
            doc.update(derive_totals(doc.get("baseline", {}), by_customer.get(customer_id, NO_ORDERS)))
            doc["folded"] = fold_texts(doc)
            doc["revision"] = doc.get("revision", 0) + 1  # a write even when nothing else changes: see store()
        self._write("customers", customers, is_new, session)

    def _load(self, collection: str, ids: Iterable[str], session: ClientSession) -> dict[str, Doc]:
        """The stored records, and an empty one for each id that is not there yet."""
        found = {doc["_id"]: doc for doc in self._db[collection].find({"_id": {"$in": list(ids)}}, session=session)}
        return {record_id: found.get(record_id) or {"_id": record_id} for record_id in ids}

    def _write(self, collection: str, docs: Mapping[str, Doc], is_new: set[str], session: ClientSession) -> None:
        requests: list[Any] = [
            InsertOne(doc) if doc_id in is_new else ReplaceOne({"_id": doc_id}, doc) for doc_id, doc in docs.items()
        ]
        self._db[collection].bulk_write(requests, ordered=False, session=session)


def _is_duplicate(exc: BulkWriteError) -> bool:
    return any(error["code"] == DUPLICATE_KEY for error in (exc.details or {}).get("writeErrors", []))
