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


def _customer(at: datetime, **record: Any) -> tuple[datetime, dict[str, Any]]:
    return at, record


def _order(order_id: str, customer_id: str, amount: float, ordered_at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": order_id, "customer_id": customer_id, "amount": amount, "ordered_at": ordered_at.isoformat(), **more}


def _day(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


ASHA = {"name": "Asha Rao", "email": "asha@example.com", "phone": "+91 20 1234", "city": "Pune", "country": "India"}
BELA = {"name": "BELA GROSS", "city": "GROSSSTADT", "country": "india", "tags": ["VIP"], "loyalty_member": False}
CEM = {"name": "Cem (test) .* [x]$", "city": "Großstadt", "category": "books", "total_spend": 75, "order_count": 1}

CUSTOMERS = [
    _customer(_day(6, 14), id="asha", **ASHA, category="Books", tags=["vip", "early"], loyalty_member=True, visits=10),
    _customer(_day(6, 14) - INSTANT, id="bela", **BELA, abandoned_cart=True, visits=3, cart_value=20.5),
    _customer(_day(6, 13), id="cem", **CEM, tags=[], visits=3, cart_value=20.51),
    _customer(_day(6, 12), id="dora"),
    _customer(_day(6, 11), id="gus", total_spend=4.35, order_count=100, visits=0),
    _customer(_day(6, 14), id="asha", abandoned_cart=False, cart_value=0),
]
"""When the entry came, and what it says. Missing is everything that is not named; gus spends 0.0435 an order."""

ORDERS_ACCEPTED = datetime(2026, 6, 14, 12, tzinfo=UTC)
ORDERS = [
    _order("a1", "asha", 100, NOW, category="Books", status="delivered"),
    _order("a2", "asha", 50, THIRTY_DAYS_AGO, category="Music"),
    _order("b1", "bela", 75, THIRTY_DAYS_AGO - INSTANT, category="BOOKS", status="shipped"),
    _order("b2", "bela", 200, _day(6, 1), category="Toys", status="cancelled"),
    _order("e1", "emil", 10, _day(1, 1)),
    _order("e2", "emil", 23.33, _day(1, 2) - INSTANT, category="Straße", status="pending"),
    _order("f1", "fay", 33.33, _day(1, 1) - timedelta(days=1)),
    _order("f2", "fay", 33.33, _day(1, 2)),
    _order("f3", "fay", 33.34, _day(3, 1)),
]
"""emil spends 16.665 an order and fay 33.333…; both are known by their orders alone."""

EVERYBODY = "asha bela cem dora emil fay gus"


@contextmanager
def open_shop(servers: Settings) -> Iterator[Services]:
    """Services over the population, in a database of its own."""
    database = f"test_shop_{uuid.uuid4().hex[:12]}"
    services = build_services(servers.with_servers(mongodb_database=database), clock=lambda: NOW)
    services.persister.store([make_entry(Stream.CUSTOMERS, record, at=at) for at, record in CUSTOMERS])
    services.persister.store([make_entry(Stream.ORDERS, record, at=ORDERS_ACCEPTED) for record in ORDERS])
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


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"kind": "field", "field": name, "op": op} | ({} if value is None else {"value": value})


def group(kind: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}
