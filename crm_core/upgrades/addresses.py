"""The step that gives customers and messages the keys of their addresses."""

from typing import Any

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from crm_core.channels.registry import CHANNELS
from crm_core.customers.document import REACH_PARTS, reach_of
from crm_core.customers.rekeying import STATE_ID
from crm_core.infra.mongo import DUPLICATE_KEY, INDEXES, Db, Doc
from crm_core.upgrades.upgrade import Upgrade, Walk

_SKIPPED = 6
_SHOWN = ("email", "phone", "country", "attributes", "consent")
_UNIQUE = next(index for index in INDEXES["messages"] if "address_key" in index.document["key"])
_ADDRESSED = [name for name, channel in CHANNELS.items() if channel.address]


def _key_customers(db: Db, ids: Doc) -> None:
    country = _default_country(db)
    writes: list[Any] = []
    for row in db.customers.find({name: {"$exists": False} for name in REACH_PARTS} | ids, _SHOWN):
        if found := {name: value for name, value in reach_of(row, country).items() if value}:
            writes.append(UpdateOne({"_id": row["_id"]}, {"$set": found}))
    if writes:
        db.customers.bulk_write(writes, ordered=False)


def _default_country(db: Db) -> str | None:
    stored = db.workspace.find_one({"_id": "settings"}) or {}
    country: str | None = stored.get("values", {}).get("default_country")
    return country


def _key_messages(db: Db, ids: Doc) -> None:
    """By the address that the customer has now: which one a message went to was not kept. Of two to one address the
    first has it."""
    db.messages.create_indexes([_UNIQUE])
    query = {"channel": {"$in": _ADDRESSED}, "rank": {"$nin": [0, _SKIPPED]}, "address_key": {"$exists": False}}
    rows = list(db.messages.find({**query, **ids}, {"customer_id": 1, "channel": 1}).sort("_id"))
    people = {"_id": {"$in": [row["customer_id"] for row in rows]}}
    customers = {row["_id"]: row for row in db.customers.find(people, {"address_keys": 1})}
    keys = {row["_id"]: CHANNELS[row["channel"]].stored_key(customers.get(row["customer_id"], {})) for row in rows}
    writes: list[Any] = [UpdateOne({"_id": row}, {"$set": {"address_key": key}}) for row, key in keys.items() if key]
    try:
        if writes:
            db.messages.bulk_write(writes, ordered=False)
    except BulkWriteError as exc:
        if any(error["code"] != DUPLICATE_KEY for error in (exc.details or {})["writeErrors"]):
            raise


def _note_country(db: Db) -> None:
    state = {"country": _default_country(db)}
    db.workspace.update_one({"_id": STATE_ID}, {"$setOnInsert": state}, upsert=True)


KEYS_OF_ADDRESSES = Upgrade(
    "keys of addresses", (Walk("customers", _key_customers), Walk("messages", _key_messages)), _note_country
)
