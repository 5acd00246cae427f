"""A small shop, known to the last order. What a page should show is computed from these records, not by the app."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.parsing import parse_rows
from crm_core.ingest.scalars import ValidationContext
from crm_core.services import Services

Record = Mapping[str, Any]
Predicate = Callable[[Record, Sequence[Record]], bool]
"""Whether a customer with these orders, cancelled ones included, is meant."""

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CITIES = ("Pune", "Goa", "Oslo", None)
CATEGORIES = ("Books", "Music", "Toys")
STATUSES = ("confirmed", "shipped", "delivered", "cancelled", "pending")
TAGS: Sequence[list[str]] = (["vip"], ["vip", "early"], ["early"], [])


@dataclass(frozen=True)
class Shop:
    customers: Sequence[Record]
    orders: Sequence[Record] = field(default=())

    def count(self, predicate: Predicate) -> int:
        return sum(predicate(customer, self.orders_of(customer)) for customer in self.customers)

    def orders_of(self, customer: Record) -> list[Record]:
        return [order for order in self.orders if order["customer_id"] == customer["id"]]

    def store_in(self, services: Services) -> None:
        """As the ingest worker does it, but at once."""
        for stream, records in ((Stream.CUSTOMERS, self.customers), (Stream.ORDERS, self.orders)):
            if records:
                batch = parse_rows(stream, records, ValidationContext(NOW, services.workspace.digits(), "USD"))
                assert not batch.rejected, batch.rejected[0]
                first_ms = int(NOW.timestamp() * 1000)
                entries = [Entry(stream, f"{first_ms}-{place}", data) for place, data in enumerate(batch.payloads)]
                assert not services.persister.store(entries)


def make_shop(size: int = 40) -> Shop:
    """No two of its customers are alike: each attribute has a period of its own."""
    orders = [_order(number, number % size) for number in range(size * 2) if number % size % 5]
    return Shop([_customer(number) for number in range(size)], orders)


def counted(orders: Sequence[Record]) -> list[Record]:
    """Those that are not cancelled."""
    return [order for order in orders if order["status"] != "cancelled"]


def spend(orders: Sequence[Record]) -> float:
    cents: int = sum(round(order["amount"] * 100) for order in counted(orders))
    return cents / 100


def ordered_at(order: Record) -> datetime:
    return datetime.fromisoformat(order["ordered_at"])


def _customer(number: int) -> dict[str, Any]:
    optional = {
        "city": CITIES[number % 4],
        "loyalty_member": (True, False, None)[number % 3],
        "tags": TAGS[number // 2 % 4] or None,
    }
    given = {name: value for name, value in optional.items() if value is not None}
    return {"id": f"c{number:02}", "name": f"Asha{number} Rao", "visits": number % 11, **given}


def _order(number: int, customer: int) -> dict[str, Any]:
    return {
        "id": f"o{number:03}",
        "customer_id": f"c{customer:02}",
        "amount": (number * 1733 % 9000 + 500) / 100,
        "category": CATEGORIES[number % 3],
        "status": STATUSES[number // 3 % 5],
        "ordered_at": (NOW - timedelta(days=number * 7 % 120, hours=1)).isoformat(),
    }
