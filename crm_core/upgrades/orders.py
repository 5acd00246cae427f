"""The step that gives orders what rules ask of their items."""

from typing import Any

from pymongo import UpdateOne

from crm_core.customers.fields import fold_items
from crm_core.infra.mongo import Db, Doc
from crm_core.upgrades.upgrade import Upgrade, Walk


def _fold(db: Db, ids: Doc) -> None:
    writes: list[Any] = []
    for row in db.orders.find({"items.0": {"$exists": True}, "folded": {"$exists": False}, **ids}, {"items.name": 1}):
        fold_items(row)
        if "folded" in row:
            writes.append(UpdateOne({"_id": row["_id"]}, {"$set": {"folded": row["folded"]}}))
    if writes:
        db.orders.bulk_write(writes, ordered=False)


ITEMS_OF_ORDERS = Upgrade("items of orders", (Walk("orders", _fold),))
