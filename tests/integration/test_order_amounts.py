"""Refunds, returns and statuses of orders: what a customer has spent, and what the shop has taken."""

from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.insights.timeline import Kind
from crm_core.services import Services
from tests.actors import TEST
from tests.insights import rows
from tests.integration.feeding import make_entries, read_bytes, store, store_orders

DAY = "2026-05-0{}"


def order(order_id: str, amount: float, status: str = "confirmed", **more: Any) -> dict[str, Any]:
    return {"id": order_id, "customer_id": "c1", "amount": amount, "status": status, **more}


def totals(services: Services) -> tuple[Any, ...]:
    customer = services.customers.customer("c1", actor=TEST)
    return customer["total_spend"], customer["order_count"]


@pytest.mark.parametrize(
    ("status", "spend", "count"),
    [
        *((status, 70, 1) for status in ("pending", "confirmed", "shipped", "delivered")),
        *((status, 0, 0) for status in ("cancelled", "refunded", "voided")),
        ("returned", -100, 0),
    ],
)
def test_an_order_counts_by_its_status(services: Services, status: str, spend: int, count: int) -> None:
    store_orders(services, order("o1", 100, status, refunded=30))
    assert totals(services) == (spend, count)
    shown = rows(services, "kpis", from_="2020-01-01")[0]
    assert (shown["revenue"], shown["orders"], shown["customers"]) == (spend * 100, count, count)


def test_a_return_is_no_first_or_last_order_and_no_category(services: Services) -> None:
    store_orders(
        services,
        order("o1", 10, ordered_at=DAY.format(2), category="Books"),
        order("r1", 4, "returned", ordered_at=DAY.format(1), category="Toys"),
        order("r2", 5, "returned", ordered_at=DAY.format(3), category="Games"),
    )
    customer = services.customers.customer("c1", actor=TEST)
    assert (customer["total_spend"], customer["order_count"], customer["categories"]) == (Decimal(1), 1, ["Books"])
    assert customer["first_order_at"] == customer["last_order_at"]
    assert customer["last_order_at"] == datetime.fromisoformat(f"{DAY.format(2)}T00:00:00Z")
    assert customer["avg_order_value"] == 1


def test_a_refund_that_comes_later_lowers_the_total_and_can_be_taken_back(services: Services) -> None:
    steps: tuple[dict[str, Any], ...] = ({}, {"refunded": 25.5}, {"refunded": None})
    entries = make_entries(*((Stream.ORDERS, order("o1", 100, **more)) for more in steps))
    found = []
    for entry in entries:
        store(services, [entry])
        found.append(totals(services))
    assert found == [(100, 1), (Decimal("74.5"), 1), (100, 1)]


def test_an_amount_below_an_earlier_refund_leaves_nothing_to_count(services: Services) -> None:
    store(services, make_entries(*((Stream.ORDERS, each) for each in (order("o1", 100, refunded=80), order("o1", 50)))))
    assert totals(services) == (0, 1)


def test_refunds_and_returns_end_the_same_in_whatever_order_they_arrive(services: Services) -> None:
    records = (
        order("o1", 100, refunded=30),
        order("o1", 90, "returned"),
        order("o1", 80, "delivered", refunded=5),
        order("o1", 70, "paid"),
    )
    entries = make_entries(*((Stream.ORDERS, each) for each in records))
    ends = set()
    for shuffled in permutations(entries):
        services.db.orders.delete_many({})
        services.db.customers.delete_many({})
        store(services, shuffled)
        ends.add(str(read_bytes(services)))
        assert totals(services) == (65, 1)
    assert len(ends) == 1


def test_revenue_of_a_month_is_net_of_refunds_and_returns(services: Services) -> None:
    store_orders(
        services,
        order("o1", 100, refunded=30, ordered_at="2026-04-03"),
        order("o2", 60, "voided", ordered_at="2026-04-04"),
        order("r1", 20, "returned", ordered_at="2026-05-01"),
    )
    shown = rows(services, "revenue_by_month", from_="2026-04-10", to="2026-05-02")
    assert [(row["month"].month, row["revenue"], row["orders"]) for row in shown] == [(4, 7000, 1), (5, -2000, 0)]


def test_an_order_is_answered_with_what_was_given_and_no_more(services: Services) -> None:
    store_orders(services, order("o1", 100, "Fulfilled", refunded=30, currency="usd", ordered_at=DAY.format(1)))
    ((found,), _) = services.customers.orders("c1", actor=TEST)
    assert {"amount": 100, "refunded": 30, "currency": "USD", "status": "shipped"}.items() <= found.items()
    assert "net" not in found


def test_the_default_of_an_item_is_stored_and_answered(services: Services) -> None:
    store_orders(services, order("o1", 9, items=[{"name": "CD"}, {"name": "LP", "quantity": 2, "price": 3}]))
    ((found,), _) = services.customers.orders("c1", actor=TEST)
    assert found["items"] == [{"name": "CD", "quantity": 1}, {"name": "LP", "quantity": 2, "price": 3}]
    assert [item["quantity"] for item in services.db.orders.find_one({})["items"]] == [1, 2]  # type: ignore[index]


def test_an_item_that_was_stored_without_its_default_is_answered_with_it(services: Services) -> None:
    store_orders(services, order("o1", 9, items=[{"name": "CD"}]))
    services.db.orders.update_one({"_id": "o1"}, {"$unset": {"items.0.quantity": ""}})
    ((found,), _) = services.customers.orders("c1", actor=TEST)
    (entry,) = services.timeline.page("c1", actor=TEST)[0]
    assert entry["kind"] is Kind.ORDER
    assert found["items"] == entry["items"] == [{"name": "CD", "quantity": 1}]
