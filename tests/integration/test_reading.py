"""Customers and their orders as API and pages show them."""

from decimal import Decimal

import pytest

from crm_core.errors import NotFound
from crm_core.services import Services
from tests.integration.population import EVERYBODY


def test_pages_of_customers_hold_everybody_once_in_the_order_of_their_ids(shop: Services) -> None:
    ids: list[str] = []
    after = None
    for size in (3, 3, 1):
        items, after = shop.customers.page(limit=3, after=after)
        assert len(items) == size
        ids += [record["id"] for record in items]
    assert after is None
    assert " ".join(ids) == EVERYBODY


def test_a_page_that_ends_with_the_last_customer_is_the_last(shop: Services) -> None:
    items, after = shop.customers.page(limit=7, after=None)
    assert (len(items), after) == (7, None)


def test_a_customer_s_orders_come_newest_first_and_say_whether_there_are_more(shop: Services) -> None:
    orders, more = shop.customers.orders("fay", limit=2)
    assert ([order["id"] for order in orders], more) == (["f3", "f2"], True)
    orders, more = shop.customers.orders("fay", limit=3)
    assert ([order["id"] for order in orders], more) == (["f3", "f2", "f1"], False)
    assert shop.customers.orders("dora") == ([], False)


def test_the_shown_average_is_rounded_to_the_currency_and_absent_without_orders(shop: Services) -> None:
    averages = {record["id"]: record["avg_order_value"] for record in shop.customers.by_ids(["fay", "gus", "dora"])}
    assert averages == {"fay": Decimal("33.33"), "gus": Decimal("0.04"), "dora": None}


def test_customers_are_given_in_the_order_asked_for_without_unknown_ones(shop: Services) -> None:
    assert [record["id"] for record in shop.customers.by_ids(["gus", "nobody", "asha"])] == ["gus", "asha"]


def test_an_unknown_customer_is_not_found(shop: Services) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        shop.customers.customer("nobody")
