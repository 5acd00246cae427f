"""How data of each earlier form become those of the next. A step says what it finds by, so that it can be interrupted.

Steps know stored documents alone, not the code of today, which goes on changing. A new one is added at the end.
"""

from datetime import timedelta
from typing import Any

from pymongo import UpdateOne

from crm_core.customers.model import customers_in
from crm_core.customers.search_words import customer_words
from crm_core.infra.mongo import Db, Doc
from crm_core.upgrades.version import Upgrade

BATCH = 2_000
INTERRUPTED = "ClientNest was updated while this waited or ran. What it had accepted stays; ask for it again."


def _drop_index(db: Db) -> int:
    """Every write of a row would keep it up to date, and nothing asks it any more."""
    if "campaign_id_1_rank_1_reason_1" in db.messages.index_information():
        db.messages.drop_index("campaign_id_1_rank_1_reason_1")
    return 0


def _name_channels(db: Db) -> int:
    """There was one channel before rows named theirs."""
    return _some(db, "messages", {"channel": None}, {"$set": {"channel": "in_app"}})


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
_TAKEN_BACK = (
    *("scheduled_at", "scheduled_by", "confirmed_everyone", "paused_at", "paused_by", "pause_reason"),
    *("retry", "finished_at", "archived_at", "plan_lease", "closed_at", "plan_after"),
)


def _complete_campaigns(db: Db) -> int:
    """Options that came later have the value that nobody chose; the seed was the id."""
    missing: list[Doc] = [{name: {"$exists": False}} for name in (*_COMPLETE, "seed")]
    defaults = {name: {"$ifNull": [f"${name}", value]} for name, value in _COMPLETE.items()}
    return _some(db, "campaigns", {"$or": missing}, [{"$set": defaults | {"seed": {"$ifNull": ["$seed", "$_id"]}}}])


def _remove_nulls(db: Db) -> int:
    """What a change takes back is absent."""
    return sum(_some(db, "campaigns", {name: {"$type": "null"}}, {"$unset": {name: ""}}) for name in _TAKEN_BACK)


def _keep_versions(db: Db) -> int:
    """Every segment has a row for its present version."""
    kept = {row["_id"] for row in db.segment_versions.find({}, {"_id": 1})}
    rows: list[Doc] = [
        {
            "_id": f"{segment['_id']}:{segment['version']}",
            "segment_id": segment["_id"],
            "version": segment["version"],
            "rule": segment["rule"],
            "created_at": segment["updated_at"],
            "created_by": segment["created_by"],
        }
        for segment in db.segments.find()
    ]
    missing = [row for row in rows if row["_id"] not in kept]
    if missing:
        db.segment_versions.insert_many(missing, ordered=False)
    return len(missing)


def _name_actor_kinds(db: Db) -> int:
    is_key: Doc = {"$eq": [{"$substrCP": ["$actor", 0, 4]}, "key:"]}
    is_system: Doc = {"$in": ["$actor", ["system", "command line"]]}
    kind = {"$cond": [is_key, "key", {"$cond": [is_system, "system", "user"]}]}
    return _some(db, "audit", {"actor_kind": None}, [{"$set": {"actor_kind": kind, "actor_id": "$actor"}}])


def _gather_jobs(db: Db) -> int:
    """Imports and rehearsals had collections of their own."""
    unfinished: Doc = {"$in": ["$state", ["queued", "running"]]}
    ended: Doc = {
        "state": {"$cond": [unfinished, "failed", "$state"]},
        "failure": {"$cond": [unfinished, INTERRUPTED, {"$ifNull": ["$failure", "$$REMOVE"]}]},
        "finished_at": {"$ifNull": ["$finished_at", "$created_at"]},
        "runs": {"$ifNull": ["$runs", 0]},
        "total": {"$ifNull": ["$total", 0]},
    }
    expiry = {"$add": ["$created_at", int(timedelta(days=30).total_seconds() * 1000)]}
    count = 0
    for collection, more in (
        ("imports", {"records": "$kind", "kind": "import"}),
        ("rehearsals", {"kind": "rehearsal", "expires_at": expiry}),
    ):
        if found := db[collection].estimated_document_count():
            db[collection].aggregate([{"$set": ended | more}, {"$merge": {"into": "jobs"}}])
            db[collection].drop()
            count += found
    return count + _some(db, "jobs", {"runs": None}, [{"$set": ended}])


def _add_search_words(db: Db) -> int:
    """Of customers that were stored before there was a search."""
    query: Doc = {"folded.search": {"$exists": False}}
    rows = customers_in(db).find(query, {"name": 1, "email": 1, "phone": 1}).limit(BATCH)
    writes: list[Any] = [
        UpdateOne({"_id": row["_id"]}, {"$set": {"folded.search": customer_words(row)}}) for row in rows
    ]
    if writes:
        db.customers.bulk_write(writes, ordered=False)
    return len(writes)


def _keep_plain_days(db: Db) -> int:
    """A date among the attributes without a time of day was kept as its first instant in UTC."""
    text_lengths: Doc = {"$map": {"input": {"$objectToArray": {"$ifNull": ["$attributes", {}]}}, "in": _KEY_AND_LENGTH}}
    is_instant: Doc = {"$eq": [{"$type": "$$this.v"}, "date"]}
    is_plain: Doc = {"$in": [{"k": "$$this.k", "length": len("2026-01-31")}, "$$lengths"]}
    found: Doc = {
        "$map": {"input": {"$objectToArray": "$folded.dates"}, "in": {"$and": [is_instant, is_plain]}},
    }
    query: Doc = {
        "folded.dates": {"$exists": True},
        "$expr": {"$let": {"vars": {"lengths": text_lengths}, "in": {"$anyElementTrue": [found]}}},
    }
    writes: list[Any] = []
    for row in db.customers.find(query, {"attributes": 1, "folded.dates": 1}).limit(BATCH):
        attributes = row["attributes"]
        plain = [name for name in row["folded"]["dates"] if len(attributes[name]) == len("2026-01-31")]
        days = {f"folded.dates.{name}": attributes[name] for name in plain}
        writes.append(UpdateOne({"_id": row["_id"]}, {"$set": days}))
    if writes:
        db.customers.bulk_write(writes, ordered=False)
    return len(writes)


_KEY_AND_LENGTH: Doc = {
    "k": "$$this.k",
    "length": {"$cond": [{"$eq": [{"$type": "$$this.v"}, "string"]}, {"$strLenCP": "$$this.v"}, 0]},
}


def _some(db: Db, collection: str, query: Doc, change: Doc | list[Doc]) -> int:
    """Change some of those that ``query`` finds, which it then finds no more."""
    ids = [row["_id"] for row in db[collection].find(query, {"_id": 1}).limit(BATCH)]
    if ids:
        db[collection].update_many({"_id": {"$in": ids}, **query}, change)
    return len(ids)


STEPS = (
    Upgrade("an index that nothing asks any more", _drop_index),
    Upgrade("channels of messages", _name_channels),
    Upgrade("options of campaigns", _complete_campaigns),
    Upgrade("what was taken back of campaigns", _remove_nulls),
    Upgrade("versions of segments", _keep_versions),
    Upgrade("kinds of actors in the audit log", _name_actor_kinds),
    Upgrade("imports and rehearsals as jobs", _gather_jobs),
    Upgrade("search words of customers", _add_search_words),
    Upgrade("plain days among attributes", _keep_plain_days),
)
"""Upgrade n brings data of version n to version n + 1."""
