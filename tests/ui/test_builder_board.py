"""Audience builder: groups in groups, rules of every kind, moves by buttons and by drags, undo and redo."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.parsing import parse_rows
from crm_core.ingest.scalars import ValidationContext
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from pages.builder.board.chips import BIN, EDIT, PALETTE
from pages.builder.board.palette import ANY_EVENT
from pages.builder.board.words import PICKED_LABEL
from tests.actors import TEST
from tests.ui.builder import ADD, SAVE, board_on, builder_with, matches, pick, rule_of, rules_of
from tests.ui.page import Page
from tests.ui.shop import NOW, Shop, counted, spend

ROOT = "ALL of these must be true"
VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": 5}
CITY = {"kind": "field", "field": "city", "op": "in", "value": ["Pune"]}


def store_events(services: Services, *events: tuple[str, str]) -> None:
    """Customer and type of each."""
    rows = [
        {"id": f"e{number}", "customer_id": customer, "type": kind, "at": "2026-06-14T10:00:00Z"}
        for number, (customer, kind) in enumerate(events)
    ]
    batch = parse_rows(Stream.EVENTS, rows, ValidationContext(NOW, services.workspace.digits(), "USD"))
    assert not batch.rejected
    entries = [Entry(Stream.EVENTS, f"{place + 1}-0", data) for place, data in enumerate(batch.payloads)]
    assert not services.persister.store(entries)


def test_groups_nest_and_each_has_its_own_meaning(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "Group: NONE of these")
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    page.choose(ADD, "Loyalty member")
    page.choose("Value", "Yes")
    loyal = {"kind": "field", "field": "loyalty_member", "op": "is", "value": True}
    assert rule_of(page) == {"kind": "all", "rules": [VISITS, {"kind": "none", "rules": [CITY, loyal]}]}

    def is_meant(who: Any, _: object) -> bool:
        return who["visits"] > 5 and who.get("city") != "Pune" and not who.get("loyalty_member")

    assert matches(page) == shop.count(is_meant)
    assert "not a single rule in this group is true" in page.words
    page.choose("Match in group 1.2", "ANY rule")
    assert matches(page) == shop.count(
        lambda who, _: who["visits"] > 5 and (who.get("city") == "Pune" or who.get("loyalty_member") is True)
    )


def test_a_group_whose_choice_is_taken_back_stays_what_it_is(shop: Shop) -> None:
    page = builder_with("Visits", "Group: ANY of these")
    before = board_on(page)
    page.choose("Match in group 1.2", None)
    assert (board_on(page).root, page.widget("Match in group 1.2").value) == (before.root, "any")


def test_what_can_be_measured_of_orders(shop: Shop) -> None:
    page = builder_with("Spend on orders")
    page.choose("Value in USD", 80)
    assert matches(page) == shop.count(lambda _, orders: spend(orders) >= 80)
    page.choose("What of the orders", "Largest of orders")
    assert rules_of(page) == [{"kind": "orders", "measure": "max", "op": "gte", "value": 80}]
    largest = shop.count(lambda _, orders: max((o["amount"] for o in counted(orders)), default=0) >= 80)
    assert matches(page) == largest > 0


def test_events_are_suggested_from_the_data_and_others_may_be_typed(shop: Shop, workspace: Services) -> None:
    store_events(workspace, ("c01", "page_view"), ("c01", "page_view"), ("c02", "page_view"), ("c03", "sign_up"))
    page = builder_with("Event page view")
    page.choose("Value", 2)
    assert matches(page) == 1
    assert set(page.widget("Type of event").options) == {"page_view", "sign_up"}
    choose_new(page, "Type of event", "Sign up")
    page.choose("Value", 1)
    page.choose("in the last days", 7)
    assert rules_of(page) == [{"kind": "events", "type": "sign_up", "op": "gte", "value": 1, "within_days": 7}]
    assert matches(page) == 1


def test_a_type_of_event_that_cannot_be_is_refused_in_words(shop: Shop) -> None:
    page = builder_with(ANY_EVENT)
    page.choose("Value", 1)
    assert page.button(SAVE).disabled
    choose_new(page, "Type of event", "3 times!")
    assert "cannot be a type of event" in page.words
    assert not rules_of(page)


def test_customers_of_another_segment(shop: Shop, workspace: Services) -> None:
    used = workspace.segments.save("Regulars", load_rule(VISITS), actor=TEST)
    page = builder_with("Segment “Regulars”")
    assert rules_of(page) == [{"kind": "segment", "segment_id": used["_id"]}]
    assert matches(page) == used["count"]
    assert "Is in the segment “Regulars”" in page.words


def test_picked_customers_are_found_by_name_or_typed(shop: Shop) -> None:
    page = builder_with(PICKED_LABEL)
    page.choose("Customer ids", "c01, c02\nc02\nnobody")
    assert rules_of(page) == [{"kind": "list", "customer_ids": ["c01", "c02", "nobody"]}]
    assert "3 ids, 2 of them known." in page.words
    assert matches(page) == 2
    page.choose("Customer ids", "c01\n" + "x" * 255)
    assert "at most 254 characters" in page.words
    assert matches(page) == 2


def test_custom_attributes_are_fields_with_values_from_the_data(shop: Shop, workspace: Services) -> None:
    Shop([{"id": "a1", "attributes": {"plan": "gold"}}, {"id": "a2", "attributes": {"plan": "free"}}]).store_in(
        workspace
    )
    page = builder_with("Plan")
    assert set(page.widget("Values").options) == {"gold", "free"}
    page.choose("Values", ["gold"])
    assert matches(page) == 1


def test_names_and_addresses_are_not_suggested(shop: Shop) -> None:
    page = builder_with("Name")
    assert not page.widget("Values").options


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "field", "field": "attributes.plan", "op": "eq", "value": 5},
        {"kind": "field", "field": "attributes.plan", "op": "between", "value": [1, 5]},
        {"kind": "field", "field": "attributes.gone", "op": "contains", "value": "x"},
        {"kind": "field", "field": "visits", "op": "gt", "value": 1e300},
        {"kind": "field", "field": "visits", "op": "gt", "value": "many"},
        {"kind": "field", "field": "visits", "op": "between", "value": ["a", "b"]},
        {"kind": "field", "field": "created_at", "op": "between", "value": [5, 1]},
        {"kind": "field", "field": "created_at", "op": "in_last_days", "value": "x"},
        {"kind": "field", "field": "created_at", "op": "in_last_days", "value": 10**9},
        {"kind": "field", "field": "loyalty_member", "op": "is", "value": "yes"},
        {"kind": "field", "field": "city", "op": "in", "value": "Pune"},
        {"kind": "field", "field": "city", "op": "like", "value": "Pune"},
        {"kind": "orders", "op": "gte", "value": [1, 2], "min_amount": 1e300},
        {"kind": "events", "type": "visit", "op": "contains", "value": True},
    ],
    ids=json.dumps,
)
def test_whatever_a_link_holds_is_shown_and_named_as_wrong(shop: Shop, workspace: Services, rule: Any) -> None:
    Shop([{"id": "a1", "attributes": {"plan": "gold"}}]).store_in(workspace)
    page = Page("audience_builder", board=workspace.shared_rules.share(load_rule(rule), actor=TEST))
    assert rules_of(page) in ([rule], [{"kind": "orders", "measure": "count", **rule}], [])
    assert "1.1" in page.errors
    assert page.button(SAVE).disabled
    page.click("Remove")
    assert not page.errors


def test_rules_are_moved_by_buttons(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    page.click("Move up")
    assert rules_of(page) == [CITY, VISITS]
    assert page.button("Move up").disabled
    page.click("Put into a new group")
    assert rules_of(page) == [{"kind": "any", "rules": [CITY]}, VISITS]
    pick(page, 1)
    page.click("Move into the group beside it")
    assert rules_of(page) == [{"kind": "any", "rules": [CITY, VISITS]}]
    page.click("Move out of its group")
    assert rules_of(page) == [{"kind": "any", "rules": [CITY]}, VISITS]
    page.click("Duplicate")
    assert rules_of(page) == [{"kind": "any", "rules": [CITY]}, VISITS, VISITS]
    pick(page, 0)
    page.click("Dissolve the group")
    assert rules_of(page) == [CITY, VISITS, VISITS]
    page.click("Remove")
    assert rules_of(page) == [VISITS, VISITS]


def test_undo_and_redo_reach_the_widgets_which_do_not_write_old_values_back(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose("Value", 8)
    page.choose("Visits", "at most")
    page.click("Undo")
    page.click("Undo")
    assert rules_of(page) == [VISITS]
    assert page.widget("Value").value == 5
    assert page.widget("Visits").value == "gt"
    page.run()
    assert rules_of(page) == [VISITS]
    page.click("Redo")
    assert page.widget("Value").value == 8
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 8)
    for _ in range(3):
        page.click("Undo")
    assert not board_on(page).nodes[1:]
    assert page.button("Undo").disabled


def test_all_rules_are_cleared_at_once_and_come_back(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "City")
    page.click("Clear all rules")
    assert rules_of(page) == []
    assert matches(page) == len(shop.customers)
    page.click("Undo")
    assert rules_of(page) == [VISITS]


def test_the_palette_is_searched_and_the_list_offers_all(shop: Shop) -> None:
    page = Page("audience_builder")
    page.choose("Search the fields", "order last")
    assert drawn(page)[PALETTE] == ["Last order", "Date of the last order"]
    page.choose("Search the fields", "")
    page.choose("Show", "Behaviour")
    assert drawn(page)[PALETTE] == ["Abandoned cart", "Cart value", "Visits"]
    page.choose("Search the fields", "zzz")
    assert "Nothing here has “zzz” in its name." in page.words
    page.choose("Search the fields", "")
    page.choose("Show", "Attributes")
    assert "There is nothing of this kind yet." in page.words
    page.choose(ADD, "City")
    assert board_on(page).nodes[1:]


def test_who_never_ordered_is_a_rule_and_added_to_the_inactive_with_a_click(shop: Shop) -> None:
    page = builder_with("Never ordered")
    never = {"kind": "field", "field": "last_order_at", "op": "is_not_set"}
    assert rules_of(page) == [never]
    assert matches(page) == shop.count(lambda _, orders: not counted(orders))
    page = builder_with("Inactive for N days")
    page.choose("Days", 90)
    assert "Leaves out customers who have never ordered." in page.words
    inactive = matches(page)
    page.click("Or never ordered")
    idle = {"kind": "field", "field": "last_order_at", "op": "more_than_days_ago", "value": 90}
    assert rules_of(page) == [{"kind": "any", "rules": [idle, never]}]
    assert matches(page) == inactive + shop.count(lambda _, orders: not counted(orders))
    assert "Leaves out customers who have never ordered." not in page.words


def test_a_field_is_compared_with_another_one_and_with_a_value_again(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Compared with another field", "order_count")
    rule = {"kind": "field", "field": "visits", "op": "gt", "other_field": "order_count"}
    assert rules_of(page) == [rule]
    assert matches(page) == shop.count(lambda who, orders: who["visits"] > len(counted(orders)))
    page.choose("Visits", "between")
    assert not rules_of(page)
    page.choose("Visits", "gte")
    page.choose("Value", 5.0)
    assert rules_of(page) == [{"kind": "field", "field": "visits", "op": "gte", "value": 5}]


def test_who_ranks_highest_is_a_percentage(shop: Shop) -> None:
    page = builder_with("Total spend")
    page.choose("Total spend", "in_top_percent")
    page.choose("Percent", 100.0)
    assert rules_of(page) == [{"kind": "field", "field": "total_spend", "op": "in_top_percent", "value": 100}]
    assert matches(page) == len(shop.customers)
    page.choose("Percent", 0.01)
    most = max(spend(shop.orders_of(who)) for who in shop.customers)
    assert matches(page) == shop.count(lambda _, orders: spend(orders) == most)


def test_a_rule_is_dragged_in_and_a_field_dropped_in_the_bin_comes_back(shop: Shop) -> None:
    """As the board tells of it: what the mouse does is tested in a browser."""
    page = Page("audience_builder")
    fields, before = drawn(page)[PALETTE], board_key(page)
    without_city = [text for text in fields if text != "City"]
    drag(page, {PALETTE: without_city, BIN: ["City"]})
    assert drawn(page)[PALETTE] == fields
    assert board_key(page) != before  # only another component shows what is drawn: this one has it in the bin
    assert not rules_of(page)
    drag(page, {PALETTE: without_city, ROOT: ["City"]})
    assert drawn(page)[PALETTE] == fields
    assert drawn(page)[ROOT] == ["City\nis one of … choose a value below"]
    page.choose("Values", ["Pune"])
    assert matches(page) == shop.count(lambda who, _: who.get("city") == "Pune")
    drag(page, {PALETTE: fields, ROOT: [], BIN: drawn(page)[ROOT]})
    assert matches(page) == len(shop.customers)


def test_a_drag_between_groups_changes_the_rule_and_one_onto_edit_selects(shop: Shop) -> None:
    page = nested(shop)
    inner = "1.2 · ANY of these"
    visits, city = "Visits\nmore than 5", "City\nis one of “Pune”"
    fields = drawn(page)[PALETTE]
    drag(page, {PALETTE: fields, ROOT: ["Group 1.2\nANY of 1 rule below"], inner: [city, visits]})
    assert rules_of(page) == [{"kind": "any", "rules": [CITY, VISITS]}]
    inner = "1.1 · ANY of these"
    drag(page, {PALETTE: fields, ROOT: drawn(page)[ROOT], inner: [visits], EDIT: [city]})
    assert rules_of(page) == [{"kind": "any", "rules": [CITY, VISITS]}]
    assert page.widget("Values").value == ["Pune"]
    assert drawn(page)[inner] == [city, visits]


def test_a_new_order_does_not_draw_the_board_anew(shop: Shop) -> None:
    page = builder_with("Visits", "City")
    before, texts = board_key(page), drawn(page)[ROOT]
    drag(page, {PALETTE: drawn(page)[PALETTE], ROOT: texts[::-1]})
    assert board_key(page) == before
    assert drawn(page)[ROOT] == texts[::-1]
    page.run()
    assert drawn(page)[ROOT] == texts[::-1]
    page.click("Undo")
    assert board_key(page) != before
    assert drawn(page)[ROOT] == texts


def test_a_drag_that_makes_no_sense_draws_the_board_anew(shop: Shop) -> None:
    page = nested(shop)
    rules, shown, before = rules_of(page), drawn(page), board_key(page)
    drag(page, {**shown, ROOT: shown[ROOT][:1], "1.2 · ANY of these": [*shown["1.2 · ANY of these"], shown[ROOT][1]]})
    assert rules_of(page) == rules
    assert board_key(page) != before
    drag(page, {**shown, BIN: ["never heard of"]})
    assert rules_of(page) == rules
    assert drawn(page) == shown


def choose_new(page: Page, label: str, typed: str) -> None:
    """Type into a list what it does not offer, and press Enter."""
    page.widget(label).options.append(typed)
    page.choose(label, typed)


def nested(shop: Shop) -> Page:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "Group: ANY of these")
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    assert rules_of(page) == [VISITS, {"kind": "any", "rules": [CITY]}]
    assert shop.customers
    return page


def board_key(page: Page) -> str:
    return str(_component(page).key)


def drawn(page: Page) -> dict[str, Sequence[str]]:
    """The board's containers as they were handed to the component: header to chips."""
    return {part["header"]: part["items"] for part in json.loads(_component(page).proto.json_args)["items"]}


def _component(page: Page) -> Any:
    (board,) = page.test.get("component_instance")
    return board


def drag(page: Page, after: dict[str, Sequence[str]]) -> None:
    page.test.session_state[board_key(page)] = [
        {"header": header, "items": list(after.get(header, []))} for header in drawn(page)
    ]
    page.run()
