"""How a customer's totals follow from the imported baseline, the orders and the events: pure functions.

The average order value is not among them: it is compared as sum against value times count, never rounded.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias, TypedDict

from crm_core.infra.mongo import Doc
from crm_core.schema.statuses import NOT_COUNTED, RETURNS, SPEND_STATUSES

VISIT = "visit"
"""The type of the events that count as visits."""

NET: Doc = {"$ifNull": ["$net_minor", "$amount_minor"]}
"""What an order adds to the spend, as an expression."""

COUNTED: Doc = {"status": {"$nin": list(NOT_COUNTED)}}
"""The filter for the orders that follow into totals, returns included."""


def orders_only(value: Any) -> Doc:
    """The expression for ``value`` of an order that counts as one, and nothing for a return."""
    return {"$cond": [{"$in": ["$status", list(RETURNS)]}, None, value]}


ORDERS_GROUP: Doc = {
    "_id": "$customer_id",
    "spend_minor": {"$sum": NET},
    "count": {"$sum": orders_only(1)},
    "first": {"$min": orders_only("$ordered_at")},
    "last": {"$max": orders_only("$ordered_at")},
    "categories": {"$addToSet": orders_only("$category")},
}
"""The ``$group`` stage over those. A return whose order is unknown is less spend, and no order."""

NO_ORDERS: Mapping[str, Any] = {"spend_minor": 0, "count": 0, "first": None, "last": None, "categories": []}


class OrderTotals(TypedDict):
    """What follows from the orders, as a customer keeps it. Amounts in minor units; moments None without an order."""

    total_spend_minor: int
    order_count: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    categories: list[str]


class EventTotals(TypedDict):
    """What follows from the events."""

    visits: int


Totals: TypeAlias = OrderTotals | EventTotals


def order_totals(baseline: Mapping[str, Any], orders: Mapping[str, Any]) -> OrderTotals:
    """What follows from the orders. orders: a row of ORDERS_GROUP. Amounts in minor units."""
    return {
        "total_spend_minor": baseline.get("total_spend_minor", 0) + orders["spend_minor"],
        "order_count": baseline.get("order_count", 0) + orders["count"],
        "first_order_at": orders["first"],
        "last_order_at": orders["last"],
        "categories": sorted(category for category in orders["categories"] if category),
    }


def add_orders(totals: Mapping[str, Any], orders: Iterable[Doc]) -> OrderTotals:
    """The same for a customer with ``totals`` who has further orders. Law: adding one by one is deriving from all."""
    taken = [order for order in orders if order["status"] in SPEND_STATUSES]
    counted = [order for order in taken if order["status"] not in RETURNS]
    moments = [order["ordered_at"] for order in counted]
    first, last = totals["first_order_at"], totals["last_order_at"]
    return {
        "total_spend_minor": totals["total_spend_minor"] + sum(map(net_of, taken)),
        "order_count": totals["order_count"] + len(counted),
        "first_order_at": min([*moments, first] if first else moments, default=None),
        "last_order_at": max([*moments, last] if last else moments, default=None),
        "categories": sorted(
            {*totals["categories"], *(order["category"] for order in counted if order.get("category"))}
        ),
    }


def net_of(order: Mapping[str, Any]) -> int:
    """What a stored order adds to the spend."""
    net: int = order.get("net_minor", order["amount_minor"])
    return net


def set_net(order: Doc) -> None:
    """Keep with an order what it adds to the spend, where that is not its amount.

    An amount that was lowered after a refund may be below it: nothing is left then.
    """
    amount = order["amount_minor"]
    net = -amount if order["status"] in RETURNS else max(amount - order.get("refunded_minor", 0), 0)
    if net == amount:
        order.pop("net_minor", None)
    else:
        order["net_minor"] = net


def event_totals(baseline: Mapping[str, Any], visits: int) -> EventTotals:
    """What follows from the events. visits: how many of them are visits."""
    return {"visits": baseline.get("visits", 0) + visits}


def add_events(totals: Mapping[str, Any], events: Iterable[Doc]) -> EventTotals:
    """The same for a customer with ``totals`` who has further events."""
    return {"visits": totals["visits"] + sum(event["type"] == VISIT for event in events)}


NO_TOTALS: Doc = {**order_totals({}, NO_ORDERS), **event_totals({}, 0)}
"""Those of a customer of whom nothing is known."""
