"""The real purchases of CDNOW: what is published of them, and what is stored."""

import hashlib
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from crm_core.infra.streams import INGESTED, Stream, redis_translated
from crm_core.services import Services

CUSTOMERS, PURCHASES, AMOUNT_MINOR = 23_570, 69_659, 250_031_563
BOOKKEEPING = ("versions", "updated_at", "predicted")
"""What a record that comes again may change: which stream entries wrote it, when the last one came, and what the jobs
worker predicts meanwhile."""


def forget(services: Services) -> None:
    """Customers and orders of whoever came before."""
    for name in ("customers", "orders"):
        services.db[name].delete_many({})


def count_handled(services: Services) -> int:
    """Orders that were taken from the stream since it began."""
    with redis_translated():
        if not services.redis.exists(Stream.ORDERS):
            return 0
        stream: Any = services.redis.xinfo_stream(Stream.ORDERS)
    return int(stream["entries-added"]) - int(stream["length"])


def check_totals(services: Services) -> None:
    """Once all is stored: the published totals, from the orders and from the customers."""
    services.publisher.wait_until_empty(*INGESTED, timeout_s=120)
    assert _sum(services, "customers", "$total_spend_minor") == (CUSTOMERS, AMOUNT_MINOR)
    assert _sum(services, "orders", "$amount_minor") == (PURCHASES, AMOUNT_MINOR)
    assert services.monitor.dead_count() == 0


def _sum(services: Services, collection: str, amount: str) -> tuple[int, int]:
    """How many there are, and what they add up to."""
    (row,) = services.db[collection].aggregate([{"$group": {"_id": None, "n": {"$sum": 1}, "sum": {"$sum": amount}}}])
    return row["n"], row["sum"]


def read_totals(file: Path) -> dict[str, tuple[int, int]]:
    """What the file says: customer id to the number of purchases and their sum in cents."""
    totals: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for line in file.read_text().splitlines():
        customer, _, _, dollars = line.split()
        count, cents = totals[customer]
        totals[customer] = count + 1, cents + int(Decimal(dollars) * 100)
    return dict(totals)


def totals_by_customer(services: Services) -> dict[str, tuple[int, int]]:
    """The same as it is stored."""
    rows = services.db.customers.find({}, {"order_count": 1, "total_spend_minor": 1})
    return {row["_id"]: (row["order_count"], row["total_spend_minor"]) for row in rows}


def digest(services: Services) -> str:
    """Of all customers and orders, without our bookkeeping."""
    hasher = hashlib.sha256()
    raw = services.db.with_options(codec_options=CodecOptions(RawBSONDocument))
    for collection in ("customers", "orders"):
        for document in raw[collection].find({}, dict.fromkeys(BOOKKEEPING, 0)).sort("_id", 1):
            hasher.update(document.raw)
    return hasher.hexdigest()
