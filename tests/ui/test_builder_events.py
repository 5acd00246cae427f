"""Rules on properties of events, on the board."""

from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.integration.feeding import make_entry
from tests.ui.builder import builder_with, matches, rules_of
from tests.ui.shop import NOW, Shop
from tests.ui.test_builder_board import choose_new, store_events

CARTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("c01", {"category": "Books", "value": 120}),
    ("c01", {"category": "Toys", "value": 5.5}),
    ("c02", {"category": "Books", "value": 20}),
    ("c03", {}),
)
ONLY = "only events with"


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


@pytest.mark.parametrize(
    ("typed", "count"),
    [("", 3), ('category = "books"', 2), ('category = "books", value > 100', 1), ("value is not set", 1)],
)
def test_events_are_counted_by_their_properties(carts: Services, typed: str, count: int) -> None:
    page = builder_with("Event cart")
    page.choose("Value", 1)
    page.choose(ONLY, typed)
    assert matches(page) == count
    assert page.widget(ONLY).value == typed


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


def test_what_is_no_condition_is_refused_in_words(carts: Services) -> None:
    page = builder_with("Event cart")
    page.choose("Value", 1)
    page.choose(ONLY, "colour = 3")
    assert "have no property 'colour'" in page.words
    page.choose(ONLY, "value = 3) >= 1 OR events(cart")
    assert "is no condition on properties" in page.words
    assert "properties" not in rules_of(page)[0]


def test_another_type_has_other_properties(carts: Services) -> None:
    store_events(carts, ("c05", "signup"))
    page = builder_with("Event cart")
    page.choose("Value", 1)
    page.choose(ONLY, "value > 1")
    choose_new(page, "Type of event", "signup")
    assert rules_of(page) == [{"kind": "events", "type": "signup", "op": "gte", "value": 1}]
    assert matches(page) == 1
