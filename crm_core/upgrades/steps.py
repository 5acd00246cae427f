"""How data of each earlier form become those of the next.

Steps know stored documents alone, not the code of today, which goes on changing. A new one is added at the end.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from pymongo import UpdateOne

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.customers.model import customers_in
from crm_core.customers.search_words import customer_words
from crm_core.infra.mongo import Db, Doc
from crm_core.infra.names import name_key
from crm_core.upgrades.addresses import KEYS_OF_ADDRESSES
from crm_core.upgrades.events import PROPERTIES_OF_EVENTS
from crm_core.upgrades.orders import ITEMS_OF_ORDERS
from crm_core.upgrades.upgrade import Upgrade, Walk, walk

INTERRUPTED = "ClientNest was updated while this waited or ran. What it had accepted stays; ask for it again."


def _drop_index(db: Db) -> None:
    """Every write of a row would keep it up to date, and nothing asks it any more."""
    if "campaign_id_1_rank_1_reason_1" in db.messages.index_information():
        db.messages.drop_index("campaign_id_1_rank_1_reason_1")


_COMPLETE: Doc = {
    "subject": None,
    "variants": [],
    "exclude_segments": [],
    "exclude_recent_days": None,
    "holdout_percent": 0,
    "quiet_hours": "defer",
    "intent": None,
    "tags": [],
}
_DEFAULTS = {name: {"$ifNull": [f"${name}", value]} for name, value in _COMPLETE.items()}
"""Options that came later have the value that nobody chose; the seed was the id."""

_TAKEN_BACK = (
    *("scheduled_at", "scheduled_by", "confirmed_everyone", "paused_at", "paused_by", "pause_reason"),
    *("retry", "finished_at", "archived_at", "plan_lease", "closed_at", "plan_after"),
)


def _remove_nulls(db: Db, ids: Doc) -> None:
    """What a change takes back is absent."""
    for name in _TAKEN_BACK:
        db.campaigns.update_many({name: {"$type": "null"}, **ids}, {"$unset": {name: ""}})


def _keep_versions(db: Db, ids: Doc) -> None:
    """Every segment has a row for its present version."""
    rows: list[Doc] = [
        {
            "_id": f"{segment['_id']}:{segment['version']}",
            "segment_id": segment["_id"],
            "version": segment["version"],
            "rule": segment["rule"],
            "created_at": segment["updated_at"],
            "created_by": segment["created_by"],
        }
        for segment in db.segments.find(ids)
    ]
    writes: list[Any] = [UpdateOne({"_id": row["_id"]}, {"$setOnInsert": row}, upsert=True) for row in rows]
    db.segment_versions.bulk_write(writes, ordered=False)


_IS_KEY: Doc = {"$eq": [{"$substrCP": ["$actor", 0, 4]}, "key:"]}
_IS_SYSTEM: Doc = {"$in": ["$actor", ["system", "command line"]]}
_ACTOR_KIND: Doc = {"$cond": [_IS_KEY, "key", {"$cond": [_IS_SYSTEM, "system", "user"]}]}

_IS_UNFINISHED: Doc = {"$in": ["$state", ["queued", "running"]]}
_ENDED: Doc = {
    "state": {"$cond": [_IS_UNFINISHED, "failed", "$state"]},
    "failure": {"$cond": [_IS_UNFINISHED, INTERRUPTED, {"$ifNull": ["$failure", "$$REMOVE"]}]},
    "finished_at": {"$ifNull": ["$finished_at", "$created_at"]},
    "runs": {"$ifNull": ["$runs", 0]},
    "total": {"$ifNull": ["$total", 0]},
}
_MONTH_MS = int(timedelta(days=30).total_seconds() * 1000)
_MONTH_AFTER: Doc = {"$add": ["$created_at", _MONTH_MS]}


def _to_jobs(collection: str, more: Doc) -> Walk:
    """Imports and rehearsals had collections of their own."""

    def copy(db: Db, ids: Doc) -> None:
        db[collection].aggregate([{"$match": ids}, {"$set": _ENDED | more}, {"$merge": {"into": "jobs"}}])

    return Walk(collection, copy)


def _drop_copied(db: Db) -> None:
    db.imports.drop()
    db.rehearsals.drop()


def _add_search_words(db: Db, ids: Doc) -> None:
    """Of customers that were stored before there was a search."""
    rows = customers_in(db).find({"folded.search": {"$exists": False}, **ids}, {"name": 1, "email": 1, "phone": 1})
    _write(db, [UpdateOne({"_id": row["_id"]}, {"$set": {"folded.search": customer_words(row)}}) for row in rows])


_DAY_LENGTH = len("2026-01-31")
_LENGTH: Doc = {"$cond": [{"$eq": [{"$type": "$$this.v"}, "string"]}, {"$strLenCP": "$$this.v"}, 0]}
_KEY_AND_LENGTH: Doc = {"k": "$$this.k", "length": _LENGTH}
_LENGTHS: Doc = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$attributes", {}]}}, "in": _KEY_AND_LENGTH}}
_IS_INSTANT: Doc = {"$eq": [{"$type": "$$this.v"}, "date"]}
_IS_PLAIN: Doc = {"$in": [{"k": "$$this.k", "length": _DAY_LENGTH}, "$$lengths"]}
_ARE_MISTAKEN: Doc = {
    "$map": {"input": {"$objectToArray": {"$ifNull": ["$folded.dates", {}]}}, "in": {"$and": [_IS_INSTANT, _IS_PLAIN]}},
}
_HAS_MISTAKEN: Doc = {"$let": {"vars": {"lengths": _LENGTHS}, "in": {"$anyElementTrue": [_ARE_MISTAKEN]}}}


def _keep_plain_days(db: Db, ids: Doc) -> None:
    """A date among the attributes without a time of day was kept as its first instant in UTC."""
    query: Doc = {"folded.dates": {"$exists": True}, "$expr": _HAS_MISTAKEN, **ids}
    writes: list[Any] = []
    for row in db.customers.find(query, {"attributes": 1, "folded.dates": 1}):
        attributes = row["attributes"]
        plain = [name for name in row["folded"]["dates"] if len(attributes[name]) == _DAY_LENGTH]
        days = {f"folded.dates.{name}": attributes[name] for name in plain}
        writes.append(UpdateOne({"_id": row["_id"]}, {"$set": days}))
    _write(db, writes)


def _write(db: Db, writes: list[Any]) -> None:
    if writes:
        db.customers.bulk_write(writes, ordered=False)


def _give_keys_owners(db: Db, ids: Doc) -> None:
    """API keys were all made on the command line, under names that others could have as well."""
    taken = {row["name_key"] for row in db.api_keys.find({"name_key": {"$exists": True}}, {"name_key": 1})}
    for row in db.api_keys.find({"owner": None, **ids}):
        name = next(name for name in _numbered(row["name"]) if name_key(name) not in taken)
        taken.add(name_key(name))
        values = {"name": name, "name_key": name_key(name), "owner": "operator", "created_by": "command line"}
        db.api_keys.update_one({"_id": row["_id"]}, {"$set": values})


def _hide_customers(db: Db, ids: Doc) -> None:
    """The audit log named customers whose suppression was changed by their ids."""
    pseudonyms = Pseudonyms(db)
    query: Doc = {"action": {"$in": ["suppression.add", "suppression.lift"]}, "target": {"$not": {"$regex": "^hash:"}}}
    for row in db.audit.find({**query, **ids}, {"target": 1}):
        db.audit.update_one({"_id": row["_id"]}, {"$set": {"target": pseudonyms.of(row["target"])}})


def _numbered(name: str) -> Iterator[str]:
    """shop, shop (2), shop (3) …"""
    yield name
    yield from (f"{name} ({number})" for number in count(2))


STEPS = (
    Upgrade("an index that nothing asks any more", finish=_drop_index),
    Upgrade("channels of messages", (walk("messages", {"channel": None}, {"$set": {"channel": "in_app"}}),)),
    Upgrade(
        "options of campaigns",
        (walk("campaigns", {}, [{"$set": _DEFAULTS | {"seed": {"$ifNull": ["$seed", "$_id"]}}}]),),
    ),
    Upgrade("what was taken back of campaigns", (Walk("campaigns", _remove_nulls),)),
    Upgrade("versions of segments", (Walk("segments", _keep_versions),)),
    Upgrade(
        "kinds of actors in the audit log",
        (walk("audit", {"actor_kind": None}, [{"$set": {"actor_kind": _ACTOR_KIND, "actor_id": "$actor"}}]),),
    ),
    Upgrade(
        "imports and rehearsals as jobs",
        (
            _to_jobs("imports", {"records": "$kind", "kind": "import"}),
            _to_jobs("rehearsals", {"kind": "rehearsal", "expires_at": _MONTH_AFTER}),
            walk("jobs", {"runs": None}, [{"$set": _ENDED}]),
        ),
        _drop_copied,
    ),
    Upgrade("search words of customers", (Walk("customers", _add_search_words),)),
    Upgrade("plain days among attributes", (Walk("customers", _keep_plain_days),)),
    Upgrade("owners of API keys", (Walk("api_keys", _give_keys_owners),)),
    Upgrade(
        "expiry of jobs",
        (walk("jobs", {"expires_at": None}, [{"$set": {"expires_at": {"$add": ["$$NOW", _MONTH_MS]}}}]),),
    ),
    Upgrade("customers in the audit log", (Walk("audit", _hide_customers),)),
    KEYS_OF_ADDRESSES,
    PROPERTIES_OF_EVENTS,
    ITEMS_OF_ORDERS,
)
"""Upgrade n brings data of version n to version n + 1."""
