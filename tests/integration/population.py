"""A small shop written by hand, with a gap, a tie or an edge for every rule to get wrong."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from crm_core.infra.streams import Stream
from crm_core.rules.tree import load_rule
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.integration.feeding import make_entry

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
THIRTY_DAYS_AGO = NOW - timedelta(days=30)
INSTANT = timedelta(milliseconds=1)

CUSTOMERS: list[tuple[datetime, dict[str, Any]]] = [
    (
        datetime(2026, 6, 14, tzinfo=UTC),
        {
            **{"id": "asha", "name": "Asha Rao", "email": "asha@example.com", "phone": "+91 20 1234"},
            **{"city": "Pune", "country": "India", "category": "Books", "tags": ["vip", "early"]},
            **{"loyalty_member": True, "abandoned_cart": False, "visits": 10, "cart_value": 0},
        },
    ),
    (
        datetime(2026, 6, 13, 23, 59, 59, 999000, tzinfo=UTC),
        {
            **{"id": "bela", "name": "BELA GROSS", "city": "GROSSSTADT", "country": "india", "tags": ["VIP"]},
            **{"loyalty_member": False, "abandoned_cart": True, "visits": 3, "cart_value": 20.5},
        },
    ),
    (
        datetime(2026, 6, 13, tzinfo=UTC),
        {
            **{"id": "cem", "name": "Cem (test) .* [x]$", "city": "Großstadt", "category": "books", "visits": 3},
            **{"total_spend": 75, "order_count": 1, "cart_value": 20.51, "tags": []},
        },
    ),
    (datetime(2026, 6, 12, tzinfo=UTC), {"id": "dora"}),
    (datetime(2026, 6, 11, tzinfo=UTC), {"id": "gus", "total_spend": 4.35, "order_count": 100, "visits": 0}),
]
"""When the entry came, and what it says. Missing is everything that is not named; gus spends 0.0435 an order."""

ORDERS: list[dict[str, Any]] = [
    {"id": "a1", "customer_id": "asha", "amount": 100, "category": "Books", "ordered_at": NOW, "status": "delivered"},
    {"id": "a2", "customer_id": "asha", "amount": 50, "category": "Music", "ordered_at": THIRTY_DAYS_AGO},
    {
        **{"id": "b1", "customer_id": "bela", "amount": 75, "category": "BOOKS", "status": "shipped"},
        "ordered_at": THIRTY_DAYS_AGO - INSTANT,
    },
    {
        **{"id": "b2", "customer_id": "bela", "amount": 200, "category": "Toys", "status": "cancelled"},
        "ordered_at": datetime(2026, 6, 1, tzinfo=UTC),
    },
    {"id": "e1", "customer_id": "emil", "amount": 10, "ordered_at": datetime(2026, 1, 1, tzinfo=UTC)},
    {
        **{"id": "e2", "customer_id": "emil", "amount": 23.33, "category": "Straße", "status": "pending"},
        "ordered_at": datetime(2026, 1, 1, 23, 59, 59, 999000, tzinfo=UTC),
    },
    {"id": "f1", "customer_id": "fay", "amount": 33.33, "ordered_at": datetime(2025, 12, 31, tzinfo=UTC)},
    {"id": "f2", "customer_id": "fay", "amount": 33.33, "ordered_at": datetime(2026, 1, 2, tzinfo=UTC)},
    {"id": "f3", "customer_id": "fay", "amount": 33.34, "ordered_at": datetime(2026, 3, 1, tzinfo=UTC)},
]
"""emil spends 16.665 an order and fay 33.333…; both are known by their orders alone, since 10 June."""

EVERYBODY = "asha bela cem dora emil fay gus"


@contextmanager
def open_shop(servers: Settings) -> Iterator[Services]:
    """Services over the population, in a database of its own."""
    database = f"test_shop_{uuid.uuid4().hex[:12]}"
    services = build_services(servers.with_servers(mongodb_database=database), clock=lambda: NOW)
    services.persister.store([make_entry(Stream.CUSTOMERS, record, at=at) for at, record in CUSTOMERS])
    accepted = datetime(2026, 6, 10, tzinfo=UTC)
    records = [order | {"ordered_at": order["ordered_at"].isoformat()} for order in ORDERS]
    services.persister.store([make_entry(Stream.ORDERS, record, at=accepted) for record in records])
    yield services
    services.db.client.drop_database(database)
    services.close()


def match(services: Services, rule: dict[str, Any]) -> str:
    """The ids of those who match, in order; count and preview say the same."""
    tree = load_rule(rule)
    ids = list(services.audience.ids(tree, now=NOW))
    preview = services.audience.preview(tree, sample=50)
    assert preview.count == services.audience.count(tree, now=NOW) == len(ids)
    assert [record["id"] for record in preview.sample] == ids
    return " ".join(ids)


def but(ids: str) -> str:
    """Everybody else."""
    return " ".join(name for name in EVERYBODY.split() if name not in ids.split())
