"""Totals are the baseline plus the orders, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.customers.totals import NO_ORDERS, derive_totals

START = datetime(2026, 1, 1, tzinfo=UTC)
AMOUNTS = st.integers(0, 10**14)
COUNTS = st.integers(0, 10**9)
BASELINES = st.fixed_dictionaries({}, optional={"total_spend_minor": AMOUNTS, "order_count": COUNTS, "visits": COUNTS})
ORDERS = st.fixed_dictionaries(
    {
        "spend_minor": AMOUNTS,
        "count": st.integers(1, 1000),
        "first": st.integers(0, 500).map(lambda days: START + timedelta(days=days)),
        "last": st.integers(500, 900).map(lambda days: START + timedelta(days=days)),
        "categories": st.lists(st.sampled_from(["Books", "Music", "Toys", None, ""]), unique=True),
    }
)


@given(BASELINES)
def test_without_orders_a_customer_has_what_was_imported(baseline: dict[str, int]) -> None:
    totals = derive_totals(baseline, NO_ORDERS)
    assert totals == {
        "total_spend_minor": baseline.get("total_spend_minor", 0),
        "order_count": baseline.get("order_count", 0),
        "visits": baseline.get("visits", 0),
        "first_order_at": None,
        "last_order_at": None,
        "categories": [],
    }


@given(BASELINES, ORDERS)
def test_orders_add_to_what_was_imported(baseline: dict[str, int], orders: dict[str, Any]) -> None:
    before, after = derive_totals(baseline, NO_ORDERS), derive_totals(baseline, orders)
    assert after["total_spend_minor"] - before["total_spend_minor"] == orders["spend_minor"]
    assert after["order_count"] - before["order_count"] == orders["count"]
    assert after["visits"] == before["visits"]
    assert (after["first_order_at"], after["last_order_at"]) == (orders["first"], orders["last"])


@given(ORDERS, st.randoms())
def test_categories_are_sorted_named_once_and_never_empty(orders: dict[str, Any], random: Any) -> None:
    shuffled = orders | {"categories": random.sample(orders["categories"], len(orders["categories"]))}
    categories = derive_totals({}, orders)["categories"]
    assert categories == derive_totals({}, shuffled)["categories"] == sorted(set(categories))
    assert all(categories)


@given(BASELINES, ORDERS)
def test_deriving_changes_neither_of_its_sources(baseline: dict[str, int], orders: dict[str, Any]) -> None:
    copies = (dict(baseline), dict(orders))
    derive_totals(baseline, orders)
    assert (baseline, orders) == copies
