"""Rules on the items of orders, and on when the first or the last was made, on the board."""

from typing import Any

import pytest

from crm_core.services import Services
from tests.integration.feeding import store_orders
from tests.ui.builder import SAVE, builder_with, matches, rules_of
from tests.ui.shop import Shop, counted

ITEM = "with an item whose name"
LAST = "Date of the last order"
ORDERS = "Orders (with filters)"
BOUGHT = (("c01", ["Lamp 3", "Shade"]), ("c02", ["lamp 4"]), ("c03", ["Bulb"]), ("c03", ["Lamp 3"]))


@pytest.fixture
def lamps(shop: Shop, workspace: Services) -> Services:
    orders: list[dict[str, Any]] = [
        {"id": f"lamp{n}", "customer_id": who, "amount": 9, "items": [{"name": name} for name in names]}
        for n, (who, names) in enumerate(BOUGHT)
    ]
    store_orders(workspace, *orders)
    return workspace


def test_orders_are_counted_by_their_items(lamps: Services) -> None:
    page = builder_with(ORDERS)
    page.choose("Value", 1)
    page.choose(ITEM, "contains")
    assert page.button(SAVE).disabled
    page.choose("Value of the item", "LAMP")
    asked = {"op": "contains", "value": "LAMP"}
    assert rules_of(page) == [{"kind": "orders", "measure": "count", "op": "gte", "value": 1, "item": asked}]
    assert matches(page) == 3
    assert "with an item that contains “LAMP”" in page.words
    page.choose(ITEM, "is one of")
    assert set(page.widget("Values of the item").options) == {"Lamp 3", "Shade", "lamp 4", "Bulb"}
    page.choose("Values of the item", ["Bulb", "Shade"])
    assert matches(page) == 2
    page.choose(ITEM, None)
    assert "item" not in rules_of(page)[0]


def test_orders_none_of_whose_items_has_such_a_name(shop: Shop, lamps: Services) -> None:
    page = builder_with(ORDERS)
    page.choose("Value", 2)
    page.choose(ITEM, "does not contain")
    page.choose("Value of the item", "shade")
    assert "none of whose items has such a name" in page.words
    without = {"c02": 1, "c03": 2}
    assert matches(page) == shop.count(lambda who, orders: len(counted(orders)) + without.get(who["id"], 0) >= 2)


def test_the_last_order_is_compared_as_a_date(shop: Shop) -> None:
    page = builder_with(LAST)
    assert page.widget(LAST).options[0] == "in the last days"
    page.choose(LAST, "has no value")
    assert matches(page) == shop.count(lambda _, orders: not counted(orders))
    page.choose("in category", "Books")
    books = shop.count(lambda _, orders: not [each for each in counted(orders) if each.get("category") == "Books"])
    assert matches(page) == books
    page.choose(LAST, "before")
    assert page.button(SAVE).disabled


def test_another_figure_of_another_type_begins_with_its_own_operators(shop: Shop) -> None:
    page = builder_with(ORDERS)
    page.choose("Value", 2)
    page.choose("in category", "Books")
    page.choose("What of the orders", "Date of the first order")
    page.choose("Days", 3650)
    first = {"kind": "orders", "measure": "first", "op": "in_last_days", "value": 3650, "category": "Books"}
    assert rules_of(page) == [first]
    page.choose("What of the orders", LAST)
    assert rules_of(page) == [{**first, "measure": "last"}]
    page.choose("What of the orders", "Spend on orders")
    page.choose("Value in USD", 5)
    assert rules_of(page) == [{"kind": "orders", "measure": "sum", "op": "gte", "value": 5, "category": "Books"}]
