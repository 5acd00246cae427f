"""The real purchases of CDNOW: what is published of them, and what is stored."""

import hashlib
from collections.abc import Sequence

from bson import json_util

from crm_core.infra.streams import INGESTED
from crm_core.services import Services

CUSTOMERS, PURCHASES, AMOUNT_MINOR = 23_570, 69_659, 250_031_563
BOOKKEEPING = ("versions", "updated_at")
"""What a record that comes again may change: which stream entries wrote it, and when the last one came."""


def check_totals(services: Services) -> None:
    """Once all is stored: the published totals, from the orders and from the customers."""
    services.publisher.wait_until_empty(*INGESTED, timeout_s=120)
    totals = services.overview.totals()
    assert (totals.customers, totals.orders) == (CUSTOMERS, PURCHASES)
    assert totals.revenue_minor == AMOUNT_MINOR
    assert totals.customers_spend_minor == AMOUNT_MINOR
    assert services.monitor.dead_count() == 0


def digest(services: Services, *, ignored: Sequence[str] = BOOKKEEPING) -> str:
    """Of all customers and orders, without these fields."""
    hasher = hashlib.sha256()
    for collection in ("customers", "orders"):
        for document in services.db[collection].find({}, dict.fromkeys(ignored, 0)).sort("_id", 1):
            hasher.update(json_util.dumps(document).encode())
    return hasher.hexdigest()
