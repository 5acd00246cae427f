"""Customers and their orders as API and pages show them."""

from decimal import Decimal

import pytest

from crm_core.errors import InvalidInput, NotFound
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.population import EVERYBODY, NOW


def test_pages_of_customers_hold_everybody_once_in_the_order_of_their_ids(shop: Services) -> None:
    ids: list[str] = []
    after = None
    for size in (3, 3, 1):
        items, after = shop.customers.page(limit=3, after=after, actor=TEST)
        assert len(items) == size
        ids += [record["id"] for record in items]
    assert after is None
    assert " ".join(ids) == EVERYBODY


def test_a_page_that_ends_with_the_last_customer_is_the_last(shop: Services) -> None:
    items, after = shop.customers.page(limit=7, after=None, actor=TEST)
    assert (len(items), after) == (7, None)


def test_a_customer_s_orders_come_newest_first_page_by_page(shop: Services) -> None:
    orders, after = shop.customers.orders("fay", limit=2, actor=TEST)
    assert ([order["id"] for order in orders], after) == (["f3", "f2"], "f2")
    orders, after = shop.customers.orders("fay", limit=2, after=after, actor=TEST)
    assert ([order["id"] for order in orders], after) == (["f1"], None)
    assert shop.customers.orders("fay", limit=3, actor=TEST)[1] is None
    assert shop.customers.orders("dora", actor=TEST) == ([], None)


def test_orders_of_one_moment_are_on_one_page_each(services: Services) -> None:
    services.db.orders.insert_many(
        {"_id": name, "customer_id": "a", "ordered_at": NOW, "amount_minor": 1} for name in "abcde"
    )
    found: list[str] = []
    after = None
    for _ in range(3):
        orders, after = services.customers.orders("a", limit=2, after=after, actor=TEST)
        found += [order["id"] for order in orders]
    assert ("".join(found), after) == ("edcba", None)


def test_another_s_order_is_no_cursor(shop: Services) -> None:
    with pytest.raises(InvalidInput, match="'f3' is no cursor"):
        shop.customers.orders("gus", after="f3", actor=TEST)


def test_the_shown_average_is_rounded_to_the_currency_and_absent_without_orders(shop: Services) -> None:
    averages = {record["id"]: record["avg_order_value"] for record in shop.customers.by_ids(["fay", "gus", "dora"])}
    assert averages == {"fay": Decimal("33.33"), "gus": Decimal("0.04"), "dora": None}


def test_customers_are_given_in_the_order_asked_for_without_unknown_ones(shop: Services) -> None:
    assert [record["id"] for record in shop.customers.by_ids(["gus", "nobody", "asha"])] == ["gus", "asha"]


def test_an_unknown_customer_is_not_found(shop: Services) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        shop.customers.customer("nobody", actor=TEST)
