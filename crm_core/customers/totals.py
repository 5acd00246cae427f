"""How a customer's totals follow from the imported baseline and the orders: one pure function."""

from collections.abc import Mapping
from typing import Any

from crm_core.infra.mongo import Doc

TOTALS_GROUP: Doc = {
    "_id": "$customer_id",
    "spend_minor": {"$sum": "$amount_minor"},
    "count": {"$sum": 1},
    "first": {"$min": "$ordered_at"},
    "last": {"$max": "$ordered_at"},
    "categories": {"$addToSet": "$category"},
}
"""The ``$group`` stage over a customer's orders that are not cancelled."""

NO_ORDERS: Mapping[str, Any] = {"spend_minor": 0, "count": 0, "first": None, "last": None, "categories": []}


def derive_totals(baseline: Mapping[str, Any], orders: Mapping[str, Any]) -> Doc:
    """The derived fields of a customer. orders: what TOTALS_GROUP gives. Amounts in minor units.

    The average is not among them: it is compared as sum against value times count, never rounded.
    """
    return {
        "total_spend_minor": baseline.get("total_spend_minor", 0) + orders["spend_minor"],
        "order_count": baseline.get("order_count", 0) + orders["count"],
        "visits": baseline.get("visits", 0),
        "first_order_at": orders["first"],
        "last_order_at": orders["last"],
        "categories": sorted(category for category in orders["categories"] if category),
    }
