"""What was stored last, and which values are frequent in it."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, cast

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.customers.model import Order
from crm_core.customers.reading import CustomerReader
from crm_core.infra.mongo import Db, Doc, translated

MAX_LOOKED_AT = 50_000


class LatestOrder(Order):
    """customer_name: absent of somebody without one."""

    customer_name: NotRequired[str]


class Overview:
    def __init__(self, db: Db, reads: PersonalReads, reader: CustomerReader) -> None:
        self._db = db
        self._reads = reads
        self._reader = reader

    def is_empty(self, *, actor: Actor) -> bool:
        """Whether there is no customer yet."""
        actor.require(Permission.READ_FIGURES)
        with translated():
            return self._db.customers.find_one({}, {"_id": 1}) is None

    def latest_orders(self, *, actor: Actor, limit: int = 8) -> list[LatestOrder]:
        self._reads.require(actor, "orders.list")
        with translated():  # by the index alone: with the id as well, the database would sort all orders
            rows = list(self._db.orders.find().sort("ordered_at", -1).limit(limit))
        found = self._reader.by_ids([row["customer_id"] for row in rows], stored=["name"])
        names = {customer["id"]: customer["name"] for customer in found if "name" in customer}
        return [self._with_name(self._reader.to_order(row), names) for row in rows]

    @staticmethod
    def _with_name(order: Order, names: Mapping[str, str]) -> LatestOrder:
        name = names.get(order["customer_id"])
        return cast("LatestOrder", {**order, "customer_name": name} if name else order)

    def options(self, path: str, *, actor: Actor, limit: int = 50) -> list[str]:
        """The most frequent values of a text or list field as typed, for the builder's suggestions: among as many
        customers as can be looked at while somebody waits."""
        actor.require(Permission.READ_FIGURES)
        return self._most_frequent("customers", {}, [path], limit)

    def property_values(self, event_type: str, name: str, *, actor: Actor, limit: int = 50) -> list[str]:
        """The same for a property of the latest events."""
        actor.require(Permission.READ_FIGURES)
        return self._most_frequent("events", {"type": event_type}, [f"properties.{name}"], limit)

    def item_names(self, *, actor: Actor, limit: int = 50) -> list[str]:
        """The same for the names of the items of the latest orders."""
        actor.require(Permission.READ_FIGURES)
        return self._most_frequent("orders", {}, ["items", "items.name"], limit)

    def _most_frequent(self, collection: str, query: Doc, paths: Sequence[str], limit: int) -> list[str]:
        """paths: of lists, one in another, to the values."""
        stages: list[Doc] = [
            {"$limit": MAX_LOOKED_AT},
            {"$match": {**query, paths[0]: {"$nin": [None, []]}}},
            *({"$unwind": f"${path}"} for path in paths),
            {"$sortByCount": f"${paths[-1]}"},
            {"$limit": limit},
        ]
        with translated():
            return [row["_id"] for row in self._db[collection].aggregate(stages, hint={"$natural": -1})]
