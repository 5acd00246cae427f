"""A made-up snapshot: columns of a million customers and five million orders, without a database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

import numpy as np

from crm_core.rules.engines.columns import Coded, Columns, Events, Numbers, Orders, to_ms

CUSTOMERS, ORDERS, EVENTS = 1_000_000, 5_000_000, 1_000_000
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
NOW_MS = to_ms(NOW)
YEARS_MS = 2 * 365 * 86_400_000


def make_columns() -> Columns:
    random = np.random.default_rng(1)
    counts = random.poisson(5, CUSTOMERS)
    missing = random.random(CUSTOMERS) < 0.1
    times = NOW_MS - random.integers(0, YEARS_MS, CUSTOMERS)
    tags = [(f"tag {n}",) for n in range(20)] + [(f"tag {a}", f"tag {b}") for a, b in combinations(range(20), 2)]
    fields: dict[str, Numbers | Coded] = {
        "total_spend": Numbers(random.integers(0, 500_000, CUSTOMERS)),
        "order_count": Numbers(counts),
        "visits": Numbers(random.poisson(4, CUSTOMERS)),
        "last_order_at": Numbers(times, ~missing),
        "city": _coded(random, [f"city {n}" for n in range(500)], CUSTOMERS),
        "tags": _coded(random, tags, CUSTOMERS),
    }
    orders = Orders(
        random.integers(0, CUSTOMERS, ORDERS, dtype=np.int32),
        random.integers(100, 50_000, ORDERS),
        NOW_MS - random.integers(0, YEARS_MS, ORDERS),
        _coded(random, [f"category {n}" for n in range(12)], ORDERS),
        _coded(random, ["confirmed", "shipped", "delivered", "cancelled"], ORDERS),
    )
    events = Events(
        random.integers(0, CUSTOMERS, EVENTS, dtype=np.int32),
        NOW_MS - random.integers(0, YEARS_MS, EVENTS),
        _coded(random, ["visit", "cart_abandoned"], EVENTS),
    )
    return Columns(CUSTOMERS, fields, orders, events, {})


def _coded(random: np.random.Generator, values: Sequence[Any], size: int) -> Coded:
    """A tenth of the values is missing."""
    codes = random.integers(0, len(values), size, dtype=np.int32)
    codes[random.random(size) < 0.1] = -1
    return Coded(codes, values)
