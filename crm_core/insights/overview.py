"""The figures of the overview page, each counted from the data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TypedDict
from zoneinfo import ZoneInfo

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.customers.model import Order
from crm_core.customers.reading import CustomerReader
from crm_core.customers.totals import COUNTED, NET, orders_only
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

MAX_LOOKED_AT = 50_000


@dataclass(frozen=True)
class Totals:
    """Amounts in minor units. customers_spend_minor: the customers' totals, baseline included."""

    customers: int
    orders: int
    revenue_minor: int
    customers_spend_minor: int
    as_of: datetime

    @property
    def average_minor(self) -> int:
        """Revenue by orders, to the nearest minor unit; 0 without orders."""
        return round(Fraction(self.revenue_minor, self.orders)) if self.orders else 0


class MonthRevenue(TypedDict):
    """month: when it begins. revenue_minor: in minor units."""

    month: datetime
    revenue_minor: int
    orders: int


class Overview:
    """zone: asked each time, where a month begins."""

    def __init__(
        self, db: Db, reads: PersonalReads, reader: CustomerReader, clock: Clock, zone: Callable[[], ZoneInfo]
    ) -> None:
        self._db = db
        self._reads = reads
        self._reader = reader
        self._clock = clock
        self._zone = zone

    def totals(self, *, actor: Actor) -> Totals:
        """Orders that count, and what they and returns add up to."""
        actor.require(Permission.READ_FIGURES)
        as_of = self._clock()
        orders: Doc = {"_id": None, "count": {"$sum": orders_only(1)}, "revenue": {"$sum": NET}}
        customers: Doc = {"_id": None, "count": {"$sum": 1}, "spend": {"$sum": "$total_spend_minor"}}
        with translated():
            counted = next(self._db.orders.aggregate([{"$match": COUNTED}, {"$group": orders}]), {})
            people = next(self._db.customers.aggregate([{"$group": customers}]), {})
        return Totals(
            customers=people.get("count", 0),
            orders=counted.get("count", 0),
            revenue_minor=counted.get("revenue", 0),
            customers_spend_minor=people.get("spend", 0),
            as_of=as_of,
        )

    def revenue_by_month(self, *, actor: Actor) -> list[MonthRevenue]:
        """In order, by months of the workspace's time zone; no row for a month without orders and returns."""
        actor.require(Permission.READ_FIGURES)
        zone = self._zone()
        month = {"$dateTrunc": {"date": "$ordered_at", "unit": "month", "timezone": str(zone)}}
        stages: list[Doc] = [
            {"$match": COUNTED},
            {"$group": {"_id": month, "revenue_minor": {"$sum": NET}, "orders": {"$sum": orders_only(1)}}},
            {"$sort": {"_id": 1}},
        ]
        with translated():
            rows = list(self._db.orders.aggregate(stages))
        return [
            {
                "month": row["_id"].astimezone(zone),
                "revenue_minor": row["revenue_minor"],
                "orders": row["orders"],
            }
            for row in rows
        ]

    def latest_orders(self, *, actor: Actor, limit: int = 8) -> list[Order]:
        """With the ids of their customers."""
        self._reads.require(actor, "orders.list")
        with translated():
            rows = list(self._db.orders.find().sort([("ordered_at", -1), ("_id", -1)]).limit(limit))
        return [self._reader.to_order(row) for row in rows]

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
