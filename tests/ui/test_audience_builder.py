"""Audience builder: every choice on the screen changes whom the rules reach, to the exact count."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

import pytest

from crm_core.schema.statuses import STATUS_NAMES
from pages.builder.board.words import ORDERS_LABEL
from tests.ui.builder import ADD, SAVE, USE, builder_with, matches, pick
from tests.ui.page import Page
from tests.ui.shop import CATEGORIES, NOW, STATUSES, Predicate, Record, Shop, counted, make_shop, ordered_at, spend

Choices = Mapping[str, Any]
Cases = dict[str, tuple[Choices, Predicate]]
"""By the operator's words: what is typed, by the label of its widget, and who is meant."""


def last_order(orders: Sequence[Record]) -> datetime | None:
    return max(map(ordered_at, counted(orders)), default=None)


def on_last_day(test: Callable[[date], bool]) -> Predicate:
    return lambda _, orders: (last := last_order(orders)) is not None and test(last.date())


def not_(predicate: Predicate) -> Predicate:
    return lambda customer, orders: not predicate(customer, orders)


def everybody(_: Record, __: Sequence[Record]) -> bool:
    return True


def compared(value: Callable[[Record, Sequence[Record]], float], unit: str, low: float, high: float) -> Cases:
    """All operators of a number that everyone has. low, high: numbers that some customers have exactly."""

    def against(test: Callable[[float, float], bool]) -> Predicate:
        return lambda customer, orders: test(value(customer, orders), low)

    def within(customer: Record, orders: Sequence[Record]) -> bool:
        return low <= value(customer, orders) <= high

    one, ends = {f"Value{unit}": low}, {f"From{unit}": low, f"To{unit}": high}
    return {
        "more than": (one, against(operator.gt)),
        "at least": (one, against(operator.ge)),
        "less than": (one, against(operator.lt)),
        "at most": (one, against(operator.le)),
        "exactly": (one, against(operator.eq)),
        "not exactly": (one, against(operator.ne)),
        "between": (ends, within),
        "not between": (ends, not_(within)),
    }


SHOP = make_shop()
SPENDS = sorted({spend(SHOP.orders_of(customer)) for customer in SHOP.customers})
DAY = sorted(last.date() for who in SHOP.customers if (last := last_order(SHOP.orders_of(who))))[10]
IS_SET: Cases = {"has a value": ({}, everybody), "has no value": ({}, not_(everybody))}
HAS_CITY: Predicate = lambda customer, _: "city" in customer  # noqa: E731
HAS_TAGS: Predicate = lambda customer, _: "tags" in customer  # noqa: E731
IS_KNOWN: Predicate = lambda customer, _: "loyalty_member" in customer  # noqa: E731


def city(test: Callable[[str], bool]) -> Predicate:
    return lambda customer, _: test(customer.get("city", ""))


def tags(test: Callable[[set[str]], object]) -> Predicate:
    return lambda customer, _: bool(test(set(customer.get("tags", []))))


def ranked(value: Callable[[Record, Sequence[Record]], float]) -> Cases:
    """A quarter from above, a tenth from below, and who ties with the last of them."""
    values = sorted(value(customer, SHOP.orders_of(customer)) for customer in SHOP.customers)
    top, bottom = values[-ceil(len(values) / 4)], values[ceil(len(values) / 10) - 1]
    return {
        "in the top percent": ({"Percent": 25.0}, lambda customer, orders: value(customer, orders) >= top),
        "in the bottom percent": ({"Percent": 10.0}, lambda customer, orders: value(customer, orders) <= bottom),
    }


SOON = {((NOW + timedelta(days)).month, (NOW + timedelta(days)).day) for days in range(301)}
SPEND: Callable[[Record, Sequence[Record]], float] = lambda _, orders: spend(orders)  # noqa: E731
VISITS: Callable[[Record, Sequence[Record]], float] = lambda customer, _: customer["visits"]  # noqa: E731
CASES: dict[str, Cases] = {
    "Total spend": compared(SPEND, " in USD", SPENDS[5], SPENDS[9]) | ranked(SPEND) | IS_SET,
    "Visits": compared(VISITS, "", 4, 7) | ranked(VISITS) | IS_SET,
    ORDERS_LABEL: compared(lambda _, orders: len(counted(orders)), "", 1, 2),
    "City": {
        "is one of": ({"Values": ["Pune", "Oslo"]}, city(lambda name: name in {"Pune", "Oslo"})),
        "is none of": ({"Values": ["Pune", "Oslo"]}, city(lambda name: name not in {"Pune", "Oslo"})),
        "is": ({"Value": "pune"}, city(lambda name: name == "Pune")),
        "is not": ({"Value": "PUNE"}, city(lambda name: name != "Pune")),
        "contains": ({"Value": "O"}, city(lambda name: "o" in name.lower())),
        "does not contain": ({"Value": "o"}, city(lambda name: "o" not in name.lower())),
        "starts with": ({"Value": "o"}, city(lambda name: name.startswith("O"))),
        "does not start with": ({"Value": "o"}, city(lambda name: not name.startswith("O"))),
        "has a value": ({}, HAS_CITY),
        "has no value": ({}, not_(HAS_CITY)),
    },
    "Tags": {
        "include any of": ({"Values": ["vip", "early"]}, tags(lambda found: found & {"vip", "early"})),
        "include all of": ({"Values": ["vip", "early"]}, tags(lambda found: found >= {"vip", "early"})),
        "include none of": ({"Values": ["vip"]}, tags(lambda found: "vip" not in found)),
        "has a value": ({}, HAS_TAGS),
        "has no value": ({}, not_(HAS_TAGS)),
    },
    "Last order": {
        "in the last days": (
            {"Days": 30},
            lambda _, orders: (last_order(orders) or NOW - timedelta(99)) >= NOW - timedelta(30),
        ),
        "more days ago than": ({"Days": 30}, lambda _, orders: (last_order(orders) or NOW) <= NOW - timedelta(30)),
        "in the next days": ({"Days": 30}, not_(everybody)),
        "more days ahead than": ({"Days": 30}, not_(everybody)),
        "anniversary in the next days": ({"Days": 300}, on_last_day(lambda last: (last.month, last.day) in SOON)),
        "before": ({"Value (day in UTC)": DAY}, on_last_day(lambda last: last < DAY)),
        "after": ({"Value (day in UTC)": DAY}, on_last_day(lambda last: last > DAY)),
        "on": ({"Value (day in UTC)": DAY}, on_last_day(lambda last: last == DAY)),
        "between": (
            {"From (day in UTC)": DAY, "To (day in UTC)": DAY + timedelta(7)},
            on_last_day(lambda last: DAY <= last <= DAY + timedelta(7)),
        ),
        "has a value": ({}, on_last_day(lambda _: True)),
        "has no value": ({}, not_(on_last_day(lambda _: True))),
    },
    "Loyalty member": {
        "is": ({"Value": "Yes"}, lambda customer, _: customer.get("loyalty_member") is True),
        "has a value": ({}, IS_KNOWN),
        "has no value": ({}, not_(IS_KNOWN)),
    },
}


@pytest.mark.parametrize("field", CASES)
def test_every_operator_of_a_field_counts_whom_it_says(shop: Shop, field: str) -> None:
    page = builder_with(field)
    assert set(page.widget(field).options) == set(CASES[field])
    for words, (choices, predicate) in CASES[field].items():
        page.choose(field, words)
        for label, value in choices.items():
            page.choose(label, value)
        expected = shop.count(predicate)
        assert matches(page) == expected, words
        assert 0 < expected < len(shop.customers) or (field, words) in ALL_OR_NOBODY


ALL_OR_NOBODY = {
    *((field, words) for field in ("Total spend", "Visits") for words in IS_SET),
    ("Last order", "in the next days"),
    ("Last order", "more days ahead than"),
}


def test_no_is_a_value(shop: Shop) -> None:
    page = builder_with("Loyalty member")
    page.choose("Value", "No")
    assert matches(page) == shop.count(lambda customer, _: customer.get("loyalty_member") is False)


def test_every_filter_of_orders_changes_who_is_counted(shop: Shop) -> None:
    def with_orders(test: Callable[[Record], bool]) -> int:
        return shop.count(lambda _, orders: any(test(order) for order in orders))

    def is_recent(order: Record) -> bool:
        return ordered_at(order) >= NOW - timedelta(days=30)

    page = builder_with(ORDERS_LABEL)
    page.choose(ORDERS_LABEL, "at least")
    page.choose("Value", 1)
    without_filter = with_orders(lambda order: order["status"] != "cancelled")
    assert matches(page) == without_filter
    filters: list[tuple[str, Any, Callable[[Record], bool]]] = [
        ("in the last days", 30, lambda order: order["status"] != "cancelled" and is_recent(order)),
        ("of at least USD", 70.0, lambda order: order["status"] != "cancelled" and order["amount"] >= 70),
        *(
            ("in category", name, lambda order, name=name: order["status"] != "cancelled" and order["category"] == name)
            for name in CATEGORIES
        ),
        *(("with status", name, lambda order, name=name: order["status"] == name) for name in STATUSES),
    ]
    assert set(page.widget("in category").options) == set(CATEGORIES)
    assert set(page.widget("with status").options) == set(STATUS_NAMES)
    for label, value, test in filters:
        page.choose(label, value)
        assert matches(page) == with_orders(test) != without_filter, (label, value)
        page.choose(label, None)
        assert matches(page) == without_filter
    page.choose("in the last days", 30)
    page.choose("with status", "cancelled")
    assert matches(page) == with_orders(lambda order: order["status"] == "cancelled" and is_recent(order))


def test_all_and_any_count_differently(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 5 and who.get("city") == "Pune")
    page.choose("Match", "ANY rule")
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 5 or who.get("city") == "Pune")
    page.choose("Match", "ALL rules")
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 5 and who.get("city") == "Pune")


def test_a_half_edited_condition_is_named_and_not_counted(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    before = matches(page)
    assert not page.button(SAVE).disabled
    page.choose(ADD, "City")
    assert matches(page) == before
    assert "Not counted yet" in page.errors
    assert "City" in page.errors
    assert "Visits" not in page.errors
    assert page.button(SAVE).disabled
    assert page.button(USE).disabled


def test_a_reversed_range_is_not_counted_and_says_why(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Visits", "between")
    page.choose("From", 7)
    page.choose("To", 4)
    assert matches(page) == len(shop.customers)
    assert "The first value must not be above the second" in page.words
    assert page.button(SAVE).disabled
    page.choose("From", 4)
    assert matches(page) == shop.count(lambda who, _: who["visits"] == 4)


def test_a_value_stays_when_the_operator_changes_unless_it_takes_another_kind(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose("Visits", "at most")
    assert matches(page) == shop.count(lambda who, _: who["visits"] <= 5)
    page.choose("Visits", "between")
    assert matches(page) == len(shop.customers)
    assert page.button(SAVE).disabled


def test_each_rule_can_be_edited_and_removed(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    for path in ((0,), (1,), (0,)):
        pick(page, *path)
    page.choose("Value", 8)
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 8 and who.get("city") == "Pune")
    page.click("Remove")
    assert matches(page) == shop.count(lambda who, _: who.get("city") == "Pune")
    page.click("Remove")
    assert matches(page) == len(shop.customers)


def test_values_are_suggested_from_the_data_and_others_may_be_typed(shop: Shop) -> None:
    page = builder_with("City")
    assert set(page.widget("Values").options) == {"Pune", "Goa", "Oslo"}
    page.choose("Values", ["Pune", "Lima"])
    assert matches(page) == shop.count(lambda who, _: who.get("city") == "Pune")


def test_nothing_on_the_board_is_everyone(shop: Shop) -> None:
    page = Page("audience_builder")
    assert matches(page) == len(shop.customers)
    assert "Everyone" in page.words
    assert page.button(SAVE).disabled
    assert page.button(USE).disabled
