"""What a batch of patches changes, within one transaction: the records, then the totals that follow from them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession

from crm_core.customers.document import arrange, arrange_record
from crm_core.customers.fields import fold_items, fold_properties
from crm_core.customers.merge import Patch, merge_patch
from crm_core.customers.profiles import count_visits, load_profiles, sum_orders, update_profiles
from crm_core.customers.totals import NO_TOTALS, Totals, add_events, add_orders, event_totals, order_totals, set_net
from crm_core.infra.mongo import Db, Doc
from crm_core.infra.streams import Stream
from crm_core.schema.fields import RecordSchema
from crm_core.schema.schema import Schema


@dataclass(frozen=True)
class Change:
    """What one stream entry says about one record. version: of the entry."""

    record_id: str
    patch: Patch
    version: int


@dataclass(frozen=True)
class RecordKind:
    """Records that belong to a customer. derive_parts: sets what follows from a record alone, once all that entries say
    of it is in place.

    aggregate: customer id to what ``derive`` needs, beside the baseline, for the totals that follow from them.
    add: the totals of a customer who has further records, from those without them.
    """

    add: Callable[[Mapping[str, Any], Iterable[Doc]], Totals]
    aggregate: Callable[[Db, Iterable[str], ClientSession], Mapping[str, Any]]
    derive: Callable[[Mapping[str, Any], Any], Totals]
    derive_parts: Callable[[Doc], None] = lambda doc: None


def _derive_order(order: Doc) -> None:
    set_net(order)
    fold_items(order)


ORDERS = RecordKind(add_orders, sum_orders, order_totals, _derive_order)
EVENTS = RecordKind(add_events, count_visits, event_totals, fold_properties)

Apply: TypeAlias = Callable[[Db, Sequence[Change], ClientSession], None]
DefaultCountry: TypeAlias = Callable[[], str | None]
"""Asked for the workspace's default country, ISO 3166."""


def appliers(schema: Schema, country: DefaultCountry) -> Mapping[Stream, Apply]:
    """What stores a batch of changes, by the stream that they come from."""
    return {
        Stream.CUSTOMERS: partial(apply_customers, schema.customers, country),
        Stream.ORDERS: partial(apply_records, ORDERS, schema.orders),
        Stream.EVENTS: partial(apply_records, EVENTS, schema.events),
    }


def apply_customers(
    records: RecordSchema, country: DefaultCountry, db: Db, changes: Sequence[Change], session: ClientSession
) -> None:
    """Merge into profiles; totals are derived anew where the baseline changed."""
    found = _load(db, "customers", changes, session)
    baselines = {name: dict(doc.get("baseline", {})) for name, doc in found.items()}
    docs = _merge_all(found, changes)
    stale = [name for name, doc in docs.items() if doc.get("baseline", {}) != baselines.get(name)]
    known = [name for name in stale if name in found]  # a new one has no orders and no events: they make a profile
    orders, visits = sum_orders(db, known, session), count_visits(db, known, session)
    for name in stale:
        baseline = docs[name].get("baseline", {})
        docs[name] |= {**order_totals(baseline, orders[name]), **event_totals(baseline, visits[name])}
    home = country()
    _write(db, "customers", {name: arrange(doc, records, home) for name, doc in docs.items()}, found, session)


def apply_records(
    kind: RecordKind, records: RecordSchema, db: Db, changes: Sequence[Change], session: ClientSession
) -> None:
    """Merge into orders or events, and write the totals of every customer that an entry names or a record leaves."""
    found = _load(db, records.name, changes, session)
    touched: dict[str, list[int]] = {doc["customer_id"]: [] for doc in found.values()}
    left = set(touched)
    for change in changes:
        touched.setdefault(change.patch["customer_id"], []).append(change.version)
    docs = _merge_records(found, changes, kind, records)
    _write(db, records.name, {name: arrange_record(doc) for name, doc in docs.items()}, found, session)
    profiles = load_profiles(db, touched, session)
    changed = left | {docs[name]["customer_id"] for name in found}
    totals = _add_up(kind, [doc for name, doc in docs.items() if name not in found], touched.keys() - changed, profiles)
    totals |= _count_anew(db, kind, changed, profiles, session)
    update_profiles(db, touched, totals, profiles, session)


def _add_up(
    kind: RecordKind, new: Iterable[Doc], customers: Iterable[str], profiles: Mapping[str, Doc]
) -> dict[str, Totals]:
    """The totals of customers of whom nothing changed but that they have new records. In a flow of orders this is
    the rule, and a quarter faster than to count anew."""
    records: defaultdict[str, list[Doc]] = defaultdict(list)
    for doc in new:
        records[doc["customer_id"]].append(doc)
    return {name: kind.add(profiles.get(name, NO_TOTALS), records[name]) for name in customers}


def _count_anew(
    db: Db, kind: RecordKind, customers: Collection[str], profiles: Mapping[str, Doc], session: ClientSession
) -> dict[str, Totals]:
    """The totals of customers one of whose records changed: it may have been their first order, or no longer count."""
    parts = kind.aggregate(db, customers, session)
    return {name: kind.derive(profiles.get(name, {}).get("baseline", {}), parts[name]) for name in customers}


def _merge_all(found: Mapping[str, Doc], changes: Sequence[Change]) -> dict[str, Doc]:
    docs: dict[str, Doc] = {}
    for change in changes:
        doc = docs.setdefault(change.record_id, found.get(change.record_id) or {"_id": change.record_id})
        merge_patch(doc, change.patch, change.version)
    return docs


def _merge_records(
    found: Mapping[str, Doc], changes: Sequence[Change], kind: RecordKind, records: RecordSchema
) -> dict[str, Doc]:
    for doc in found.values():
        if doc.pop("is_undated", False):
            del doc[records.time]
    docs = _merge_all(found, changes)
    for doc in docs.values():
        for name, value in records.defaults.items():
            doc.setdefault(name, value)
        if records.time not in doc:  # its time is that of the first entry
            doc |= {records.time: doc["created_at"], "is_undated": True}
        kind.derive_parts(doc)
    return docs


def _load(db: Db, collection: str, changes: Sequence[Change], session: ClientSession) -> dict[str, Doc]:
    """The records that are there already."""
    ids = {change.record_id for change in changes}
    return {doc["_id"]: doc for doc in db[collection].find({"_id": {"$in": list(ids)}}, session=session)}


def _write(db: Db, collection: str, docs: Mapping[str, Doc], found: Mapping[str, Doc], session: ClientSession) -> None:
    requests: list[Any] = [
        ReplaceOne({"_id": name}, doc) if name in found else InsertOne(doc) for name, doc in docs.items()
    ]
    db[collection].bulk_write(requests, ordered=False, session=session)
