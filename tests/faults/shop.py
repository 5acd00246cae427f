"""A made-up file of orders with known totals, and what the database holds of it."""

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_core.infra.streams import Stream
from crm_core.services import Services

COLUMNS = ("id", "customer_id", "amount", "status", "category", "ordered_at")


@dataclass(frozen=True)
class Totals:
    """by_customer: customer id to the number of orders that count and their sum in cents. orders: all of them."""

    orders: int
    amount_cents: int
    by_customer: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Shop:
    """prefix: of all its ids. records: its orders as the API takes them."""

    prefix: str
    records: Sequence[dict[str, Any]]

    @property
    def totals(self) -> Totals:
        """What must be stored, computed from the records alone; a cancelled order counts nowhere."""
        sums: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for record in self.records:
            count, cents = sums[record["customer_id"]]
            if record["status"] != "cancelled":
                sums[record["customer_id"]] = (count + 1, cents + _cents(record))
        return Totals(len(self.records), sum(map(_cents, self.records)), dict(sums))

    def write_csv(self, folder: Path) -> Path:
        file = folder / f"{self.prefix}orders.csv"
        with file.open("w", newline="") as text:
            writer = csv.DictWriter(text, COLUMNS)
            writer.writeheader()
            writer.writerows(self.records)
        return file


def make_shop(prefix: str, *, orders: int = 5_000, customers: int = 800) -> Shop:
    """Every tenth order is cancelled; neighbours in the file belong to different customers."""
    return Shop(
        prefix,
        [
            {
                "id": f"{prefix}o{number:05}",
                "customer_id": f"{prefix}c{number * 7919 % customers:03}",
                "amount": (number * 37 % 20_000 + 1) / 100,
                "status": "cancelled" if number % 10 == 0 else "delivered",
                "category": ("Books", "Music", "Games")[number % 3],
                "ordered_at": f"2026-01-{number % 28 + 1:02}T12:00:00+00:00",
            }
            for number in range(orders)
        ],
    )


def count_orders(services: Services, shop: Shop) -> int:
    return services.db.orders.count_documents(_ids_of(shop))


def stored_totals(services: Services, shop: Shop) -> Totals:
    """What is stored, once the streams are empty: orders from the orders, totals from the customers."""
    services.publisher.wait_until_empty(Stream.CUSTOMERS, Stream.ORDERS, timeout_s=120)
    orders = list(services.db.orders.find(_ids_of(shop), {"amount_minor": 1}))
    customers = services.db.customers.find(_ids_of(shop))
    return Totals(
        len(orders),
        sum(order["amount_minor"] for order in orders),
        {row["_id"]: (row["order_count"], row["total_spend_minor"]) for row in customers},
    )


def _ids_of(shop: Shop) -> dict[str, Any]:
    return {"_id": {"$gte": shop.prefix, "$lt": shop.prefix + "~"}}


def _cents(record: dict[str, Any]) -> int:
    cents: int = round(record["amount"] * 100)
    return cents
