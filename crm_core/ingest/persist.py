"""Stores batches of stream entries: records, then the totals that follow, in one transaction."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pymongo
from pymongo import InsertOne, ReplaceOne, UpdateOne
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

TIME_LIMIT_S = 20.0
"""Of one batch, tries included; after 30 s another worker takes over its entries. The driver would try for 120 s."""
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
        if not changes:
            return refused
        apply = self._apply_customers if entries[0].stream == Stream.CUSTOMERS else self._apply_orders
        with translated(), pymongo.timeout(TIME_LIMIT_S), self._db.client.start_session() as session:
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
            touched[patch["customer_id"]].append(version)
            if "customer_id" in order:  # it may lose the order
                touched.setdefault(order["customer_id"], [])
            _merge_order(order, patch, version)
        self._write("orders", orders, is_new, session)
        self._touch(touched, session)

    def _touch(self, touched: Mapping[str, Sequence[int]], session: ClientSession) -> None:
        """Derive the totals of these customers, making a profile for an unknown one.

        touched: customer id to the versions of the entries that name it, whether or not they were too old to count.
        The rest of a profile is neither read nor written: in a flow of orders that is most of the work.
        """
        rows = self._db.customers.find({"_id": {"$in": list(touched)}}, {"baseline": 1}, session=session)
        baselines = {row["_id"]: row.get("baseline", {}) for row in rows}
        sums = self._sum_orders(touched, session)
        updates = [
            UpdateOne(
                {"_id": customer_id},
                _derived_update(derive_totals(baselines.get(customer_id, {}), sums[customer_id]), versions),
                upsert=True,
            )
            for customer_id, versions in touched.items()
        ]
        self._db.customers.bulk_write(updates, ordered=False, session=session)

    def _write_customers(self, customers: dict[str, Doc], is_new: set[str], session: ClientSession) -> None:
        sums = self._sum_orders(customers, session)
        for customer_id, doc in customers.items():
            doc.update(derive_totals(doc.get("baseline", {}), sums[customer_id]))
            doc["folded"] = fold_texts(doc)
            doc["revision"] = doc.get("revision", 0) + 1  # a write even when nothing else changes: see store()
        self._write("customers", customers, is_new, session)

    def _sum_orders(self, customer_ids: Iterable[str], session: ClientSession) -> Mapping[str, Mapping[str, Any]]:
        """What TOTALS_GROUP gives for each customer."""
        query = {"customer_id": {"$in": list(customer_ids)}, "status": {"$ne": "cancelled"}}
        rows = self._db.orders.aggregate([{"$match": query}, {"$group": TOTALS_GROUP}], session=session)
        return defaultdict(lambda: NO_ORDERS, {row["_id"]: row for row in rows})

    def _load(self, collection: str, ids: Iterable[str], session: ClientSession) -> dict[str, Doc]:
        """The stored records, and an empty one for each id that is not there yet."""
        found = {doc["_id"]: doc for doc in self._db[collection].find({"_id": {"$in": list(ids)}}, session=session)}
        return {record_id: found.get(record_id) or {"_id": record_id} for record_id in ids}

    def _write(self, collection: str, docs: Mapping[str, Doc], is_new: set[str], session: ClientSession) -> None:
        requests: list[Any] = [
            InsertOne(doc) if doc_id in is_new else ReplaceOne({"_id": doc_id}, doc) for doc_id, doc in docs.items()
        ]
        self._db[collection].bulk_write(requests, ordered=False, session=session)


def _derived_update(totals: Doc, versions: Sequence[int]) -> Doc:
    """The update of a profile by its orders; it writes even when no total changes: see store()."""
    update: Doc = {
        "$set": {**totals, "folded.categories": fold_texts({"categories": totals["categories"]})["categories"]},
        "$inc": {"revision": 1},
    }
    if versions:
        update["$min"] = {"created_at": version_time(min(versions))}
        update["$max"] = {"updated_at": version_time(max(versions))}
    return update


def _merge_order(order: Doc, patch: Patch, version: int) -> None:
    """Merge, and fill in what no entry says: the status, and as time of the order that of its first entry."""
    if order.pop("is_undated", False):
        del order["ordered_at"]
    merge_patch(order, patch, version)
    order.setdefault("status", DEFAULT_STATUS)
    if "ordered_at" not in order:
        order.update(ordered_at=order["created_at"], is_undated=True)


def _is_duplicate(exc: BulkWriteError) -> bool:
    return any(error["code"] == DUPLICATE_KEY for error in (exc.details or {}).get("writeErrors", []))
