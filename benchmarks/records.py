"""The customers and orders that ingestion is measured with, and the bodies that carry them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_json

from crm_core.demo.generator import generate_demo

Records = Sequence[dict[str, Any]]

START = datetime(2026, 1, 1, tzinfo=UTC)
CATEGORIES = ("Books", "Music", "Games", "Grocery", "Electronics")


def make_customers(count: int) -> Records:
    """The demo's customers, with all that it knows about them."""
    return list(generate_demo(customers=count, seed=1, now=START).customer_records())


def make_orders(prefix: str, count: int, customer_ids: Sequence[str]) -> Records:
    """Orders of customers at random: the worst case for totals, since hardly two in a batch share a customer."""
    chance = random.Random(prefix)
    return [
        {
            "id": f"{prefix}-{number:07}",
            "customer_id": chance.choice(customer_ids),
            "amount": chance.randrange(100, 50_000) / 100,
            "status": "delivered",
            "category": chance.choice(CATEGORIES),
            "ordered_at": (START + timedelta(minutes=chance.randrange(250_000))).isoformat(),
        }
        for number in range(count)
    ]


def to_single(records: Records) -> list[bytes]:
    """A body for each record."""
    return [to_json(record) for record in records]


def to_batches(records: Records, *, size: int) -> list[bytes]:
    """A body for each ``size`` records."""
    return [to_json(records[at : at + size]) for at in range(0, len(records), size)]
