"""The step that gives events what rules ask of their properties."""

from typing import Any

from pymongo import UpdateOne

from crm_core.customers.event_properties import EventProperties
from crm_core.customers.fields import fold_properties
from crm_core.infra.mongo import Db, Doc
from crm_core.upgrades.upgrade import Upgrade, Walk


def _fold(db: Db, ids: Doc) -> None:
    writes: list[Any] = []
    query: Doc = {"properties": {"$exists": True}, "folded": {"$exists": False}, **ids}
    rows = list(db.events.find(query, {"type": 1, "properties": 1}))
    for row in rows:
        fold_properties(row)
        if "folded" in row:
            writes.append(UpdateOne({"_id": row["_id"]}, {"$set": {"folded": row["folded"]}}))
    EventProperties(db).note((row["type"], row.get("properties") or {}) for row in rows)
    if writes:
        db.events.bulk_write(writes, ordered=False)


PROPERTIES_OF_EVENTS = Upgrade("properties of events", (Walk("events", _fold),))
