"""A made-up snapshot: columns of customers with five orders and one event each, without a database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np

from crm_core.rules.engines.coding import as_codes
from crm_core.rules.engines.columns import Coded, Columns, Events, Numbers, Orders, to_ms

CUSTOMERS = 1_000_000
ORDERS_EACH = 5
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
NOW_MS = to_ms(NOW)
YEARS_MS = 2 * 365 * 86_400_000


def make_columns(customers: int = CUSTOMERS) -> Columns:
    """In the types that the encoder chooses."""
    random = np.random.default_rng(1)
    orders = customers * ORDERS_EACH
    counts = random.poisson(5, customers).astype(np.int32)
    missing = random.random(customers) < 0.1
    times = NOW_MS - random.integers(0, YEARS_MS, customers)
    tags = [(f"tag {n}",) for n in range(20)] + [(f"tag {a}", f"tag {b}") for a, b in combinations(range(20), 2)]
    fields: dict[str, Numbers | Coded] = {
        "total_spend": Numbers(random.integers(0, 500_000, customers)),
        "order_count": Numbers(counts),
        "visits": Numbers(random.poisson(4, customers).astype(np.int32)),
        "last_order_at": Numbers(times, ~missing),
        "city": coded(random, [f"city {n}" for n in range(500)], customers),
        "tags": coded(random, tags, customers),
    }
    amounts = random.integers(100, 50_000, orders, dtype=np.int32)
    bought = Orders(
        random.integers(0, customers, orders, dtype=np.int32),
        amounts,
        amounts,
        np.sort(NOW_MS - random.integers(0, YEARS_MS, orders)),
        coded(random, [f"category {n}" for n in range(12)], orders),
        coded(random, ["confirmed", "shipped", "delivered", "cancelled"], orders),
    )
    happened = Events(
        random.integers(0, customers, customers, dtype=np.int32),
        np.sort(NOW_MS - random.integers(0, YEARS_MS, customers)),
        coded(random, ["visit", "cart_abandoned"], customers),
    )
    return Columns(customers, fields, bought, happened, {})


def coded(random: np.random.Generator, values: Sequence[Any], size: int) -> Coded:
    """A tenth of the values is missing."""
    codes = random.integers(0, len(values), size, dtype=np.int32)
    codes[random.random(size) < 0.1] = -1
    return Coded(as_codes(codes, len(values)), values)
