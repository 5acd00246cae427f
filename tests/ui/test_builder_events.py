"""Rules on properties of events, on the board."""

from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.integration.feeding import make_entry
from tests.ui.builder import SAVE, builder_with, matches, rules_of
from tests.ui.shop import NOW, Shop
from tests.ui.test_builder_board import choose_new, store_events

CARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("c01", {"category": "Books", "value": 120}),
    ("c01", {"category": "Toys", "value": 5.5}),
    ("c02", {"category": "Books", "value": 20}),
    ("c03", {}),
)
ONLY, MORE = "only events with", "and with"


@pytest.fixture
def carts(shop: Shop, workspace: Services) -> Services:
    entries = [
        make_entry(
            Stream.EVENTS,
            {"id": f"cart{n}", "customer_id": who, "type": "cart", "at": NOW.isoformat(), "properties": properties},
        )
        for n, (who, properties) in enumerate(CARTS)
    ]
    assert not workspace.persister.store(entries)
    return workspace


def test_properties_are_chosen_from_those_that_were_seen(carts: Services) -> None:
    page = builder_with("Event cart")
    page.choose("Value", 1)
    assert matches(page) == 3
    assert page.widget(ONLY).options == ["category", "value"]
    page.choose(ONLY, "category")
    assert page.button(SAVE).disabled
    assert set(page.widget("Values of category").options) == {"Books", "Toys"}
    page.choose("Values of category", ["Books"])
    assert matches(page) == 2
    assert page.widget(MORE).options == ["value"]
    page.choose(MORE, "value")
    page.choose("whose value", "more than")
    page.choose("Value of value", 100)
    assert matches(page) == 1
    books = {"name": "category", "op": "in", "value": ["Books"]}
    asked = [books, {"name": "value", "op": "gt", "value": 100}]
    assert rules_of(page) == [{"kind": "events", "type": "cart", "op": "gte", "value": 1, "properties": asked}]
    page.choose(ONLY, None)
    assert rules_of(page)[0]["properties"] == asked[1:]
    page.choose("whose value", "has no value")
    assert matches(page) == 1
    page.choose(ONLY, None)
    assert "properties" not in rules_of(page)[0]


def test_a_number_among_the_properties_is_measured(carts: Services) -> None:
    page = builder_with("Event cart")
    page.choose("What of the events", "Sum of value")
    page.choose("Value", 125.5)
    assert matches(page) == 1
    assert rules_of(page) == [
        {"kind": "events", "type": "cart", "measure": "sum", "property": "value", "op": "gte", "value": 125.5}
    ]
    page.choose("What of the events", "Number of events")
    assert "measure" not in rules_of(page)[0]


def test_a_property_that_no_event_had_may_be_typed_and_is_said_not_to_be_there(carts: Services) -> None:
    page = builder_with("Event cart")
    page.choose("Value", 1)
    choose_new(page, ONLY, "Colour")
    assert "have no property 'colour'" in page.words
    choose_new(page, ONLY, "$where")
    assert "cannot be a property" in page.words
    choose_new(page, ONLY, "category")
    page.choose("Values of category", ["toys"])
    assert matches(page) == 1


def test_another_type_has_other_properties(carts: Services) -> None:
    store_events(carts, ("c05", "signup"))
    page = builder_with("Event cart")
    page.choose("Value", 1)
    page.choose(ONLY, "value")
    page.choose("whose value", "has a value")
    choose_new(page, "Type of event", "signup")
    assert rules_of(page) == [{"kind": "events", "type": "signup", "op": "gte", "value": 1}]
    assert matches(page) == 1
