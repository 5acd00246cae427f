"""How a customer's profile follows its orders and events, within the transaction that stores them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from crm_core.customers.document import arrange
from crm_core.customers.merge import note_version
from crm_core.customers.totals import COUNTED, NO_ORDERS, NO_TOTALS, ORDERS_GROUP, VISIT, Totals
from crm_core.infra.mongo import Db, Doc
from crm_core.infra.text import fold

DERIVED = dict.fromkeys(("baseline", "created_at", "updated_at", *NO_TOTALS), 1)


def load_profiles(db: Db, ids: Iterable[str], session: ClientSession) -> dict[str, Doc]:
    """What totals are derived from and written to, of each of these customers that has a profile."""
    return {row["_id"]: row for row in db.customers.find({"_id": {"$in": list(ids)}}, DERIVED, session=session)}


def update_profiles(
    db: Db,
    touched: Mapping[str, Sequence[int]],
    totals: Mapping[str, Totals],
    known: Mapping[str, Doc],
    session: ClientSession,
) -> None:
    """Write the totals of these customers, making a profile with only the id for an unknown one.

    touched: customer id to the versions of the entries that name it, whether or not they were too old to count.
    known: what load_profiles gave. The rest of a profile is neither read nor written: in a flow of orders that is
    most of the work.
    """
    writes: list[Any] = []
    unchanged: list[str] = []
    for customer_id, versions in touched.items():
        before = known.get(customer_id)
        if before is None:
            if versions:
                writes.append(InsertOne(arrange(_widen({"_id": customer_id, **totals[customer_id]}, versions))))
            continue
        after = _widen({**before, **totals[customer_id]}, versions)
        if after == before:
            unchanged.append(customer_id)
        else:
            writes.append(UpdateOne({"_id": customer_id}, {"$set": _difference(before, after)}))
    if writes:
        db.customers.bulk_write(writes, ordered=False, session=session)
    if unchanged:
        _mark(db, unchanged, session)


def _mark(db: Db, ids: Sequence[str], session: ClientSession) -> None:
    """Write these profiles though nothing in them changes.

    Two transactions that touch one customer must conflict, so that the later starts again on fresh data. A write
    that changes nothing is none to MongoDB; and two that each see half of what happened may both change nothing.
    """
    query = {"_id": {"$in": list(ids)}}
    db.customers.update_many(query, {"$set": {"lock": True}}, session=session)
    db.customers.update_many(query, {"$unset": {"lock": ""}}, session=session)


def _widen(profile: Doc, versions: Sequence[int]) -> Doc:
    for version in versions:
        note_version(profile, version)
    return profile


def _difference(before: Doc, after: Doc) -> Doc:
    changed = {name: value for name, value in after.items() if name not in before or before[name] != value}
    if "categories" in changed:
        changed["folded.categories"] = [fold(category) for category in changed["categories"]]
    return changed


def sum_orders(db: Db, ids: Iterable[str], session: ClientSession) -> Mapping[str, Mapping[str, Any]]:
    """The row of ORDERS_GROUP of each customer."""
    rows = _group(db.orders, ids, COUNTED, ORDERS_GROUP, session)
    return defaultdict(lambda: NO_ORDERS, {row["_id"]: row for row in rows})


def count_visits(db: Db, ids: Iterable[str], session: ClientSession) -> Mapping[str, int]:
    rows = _group(db.events, ids, {"type": VISIT}, {"_id": "$customer_id", "visits": {"$sum": 1}}, session)
    return defaultdict(int, {row["_id"]: row["visits"] for row in rows})


def _group(records: Collection[Doc], ids: Iterable[str], query: Doc, group: Doc, session: ClientSession) -> list[Doc]:
    """One row per customer that has such records."""
    if not (wanted := list(ids)):
        return []
    match = {"customer_id": {"$in": wanted}, **query}
    return list(records.aggregate([{"$match": match}, {"$group": group}], session=session, batchSize=len(wanted)))
