"""How a customer's totals follow from the imported baseline, the orders and the events: pure functions.

The average order value is not among them: it is compared as sum against value times count, never rounded.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from crm_core.infra.mongo import Doc

VISIT = "visit"
"""The type of the events that count as visits."""

NOT_COUNTED = "cancelled"
"""The status of the orders that do not count."""

ORDERS_GROUP: Doc = {
    "_id": "$customer_id",
    "spend_minor": {"$sum": "$amount_minor"},
    "count": {"$sum": 1},
    "first": {"$min": "$ordered_at"},
    "last": {"$max": "$ordered_at"},
    "categories": {"$addToSet": "$category"},
}
"""The ``$group`` stage over a customer's orders that count."""

NO_ORDERS: Mapping[str, Any] = {"spend_minor": 0, "count": 0, "first": None, "last": None, "categories": []}


def order_totals(baseline: Mapping[str, Any], orders: Mapping[str, Any]) -> Doc:
    """What follows from the orders. orders: what ORDERS_GROUP gives. Amounts in minor units."""
    return {
        "total_spend_minor": baseline.get("total_spend_minor", 0) + orders["spend_minor"],
        "order_count": baseline.get("order_count", 0) + orders["count"],
        "first_order_at": orders["first"],
        "last_order_at": orders["last"],
        "categories": sorted(category for category in orders["categories"] if category),
    }


def add_orders(totals: Mapping[str, Any], orders: Iterable[Doc]) -> Doc:
    """The same for a customer with ``totals`` who has further orders. Law: adding one by one is deriving from all."""
    counted = [order for order in orders if order["status"] != NOT_COUNTED]
    moments = [order["ordered_at"] for order in counted]
    first, last = totals["first_order_at"], totals["last_order_at"]
    return {
        "total_spend_minor": totals["total_spend_minor"] + sum(order["amount_minor"] for order in counted),
        "order_count": totals["order_count"] + len(counted),
        "first_order_at": min([*moments, first] if first else moments, default=None),
        "last_order_at": max([*moments, last] if last else moments, default=None),
        "categories": sorted(
            {*totals["categories"], *(order["category"] for order in counted if order.get("category"))}
        ),
    }


def event_totals(baseline: Mapping[str, Any], visits: int) -> Doc:
    """What follows from the events. visits: how many of them are visits."""
    return {"visits": baseline.get("visits", 0) + visits}


def add_events(totals: Mapping[str, Any], events: Iterable[Doc]) -> Doc:
    """The same for a customer with ``totals`` who has further events."""
    return {"visits": totals["visits"] + sum(event["type"] == VISIT for event in events)}


NO_TOTALS: Doc = {**order_totals({}, NO_ORDERS), **event_totals({}, 0)}
"""Those of a customer of whom nothing is known."""
