"""Totals are the baseline plus the orders, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.customers.totals import (
    NO_ORDERS,
    NO_TOTALS,
    VISIT,
    add_events,
    add_orders,
    event_totals,
    order_totals,
    set_net,
)
from crm_core.schema.statuses import STATUS_NAMES

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


def test_a_customer_of_whom_nothing_is_known_has_no_totals() -> None:
    assert NO_TOTALS == {
        "total_spend_minor": 0,
        "order_count": 0,
        "first_order_at": None,
        "last_order_at": None,
        "categories": [],
        "visits": 0,
    }


@given(BASELINES)
def test_without_orders_a_customer_has_what_was_imported(baseline: dict[str, int]) -> None:
    assert order_totals(baseline, NO_ORDERS) == {
        "total_spend_minor": baseline.get("total_spend_minor", 0),
        "order_count": baseline.get("order_count", 0),
        "first_order_at": None,
        "last_order_at": None,
        "categories": [],
    }


@given(BASELINES, ORDERS)
def test_orders_add_to_what_was_imported(baseline: dict[str, int], orders: dict[str, Any]) -> None:
    before, after = order_totals(baseline, NO_ORDERS), order_totals(baseline, orders)
    assert after["total_spend_minor"] - before["total_spend_minor"] == orders["spend_minor"]
    assert after["order_count"] - before["order_count"] == orders["count"]
    assert (after["first_order_at"], after["last_order_at"]) == (orders["first"], orders["last"])


@given(BASELINES, COUNTS)
def test_visits_add_to_what_was_imported(baseline: dict[str, int], visits: int) -> None:
    assert event_totals(baseline, visits) == {"visits": baseline.get("visits", 0) + visits}


STORED = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(STATUS_NAMES),
            "amount_minor": AMOUNTS,
            "refunded_minor": AMOUNTS,
            "ordered_at": st.integers(0, 500).map(lambda days: START + timedelta(days=days)),
        },
        optional={"category": st.sampled_from(["Books", "Music"])},
    ),
    max_size=6,
)


@given(BASELINES, STORED, st.integers(0, 6))
def test_adding_orders_to_totals_is_deriving_from_all_of_them(
    baseline: dict[str, int], orders: list[dict[str, Any]], known: int
) -> None:
    for order in orders:
        set_net(order)
    before = order_totals(baseline, group(orders[:known]))
    assert add_orders(before, orders[known:]) == order_totals(baseline, group(orders))


def group(orders: list[dict[str, Any]]) -> dict[str, Any]:
    """What MongoDB's ORDERS_GROUP gives."""
    counted = [order for order in orders if order["status"] in {"pending", "confirmed", "shipped", "delivered"}]
    returned = [order for order in orders if order["status"] == "returned"]
    spent = sum(max(order["amount_minor"] - order["refunded_minor"], 0) for order in counted)
    return {
        "spend_minor": spent - sum(order["amount_minor"] for order in returned),
        "count": len(counted),
        "first": min((order["ordered_at"] for order in counted), default=None),
        "last": max((order["ordered_at"] for order in counted), default=None),
        "categories": list({order.get("category") for order in counted}),
    }


@given(BASELINES, st.lists(st.sampled_from([VISIT, "cart_abandoned"])), COUNTS)
def test_adding_events_counts_the_visits_among_them(baseline: dict[str, int], types: list[str], visits: int) -> None:
    added = add_events(event_totals(baseline, visits), [{"type": name} for name in types])
    assert added == event_totals(baseline, visits + types.count(VISIT))


@given(ORDERS, st.randoms())
def test_categories_are_sorted_named_once_and_never_empty(orders: dict[str, Any], random: Any) -> None:
    shuffled = orders | {"categories": random.sample(orders["categories"], len(orders["categories"]))}
    categories = order_totals({}, orders)["categories"]
    assert categories == order_totals({}, shuffled)["categories"] == sorted(set(categories))
    assert all(categories)


@given(BASELINES, ORDERS)
def test_deriving_changes_neither_of_its_sources(baseline: dict[str, int], orders: dict[str, Any]) -> None:
    copies = (dict(baseline), dict(orders))
    order_totals(baseline, orders)
    event_totals(baseline, 3)
    assert (baseline, orders) == copies
