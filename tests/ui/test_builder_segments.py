"""Audience builder: rules are kept as segments, and segments opened as they were saved."""

import json
from typing import Any

import pytest

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from pages._ui.board import ORDERS_LABEL
from tests.ui.builder import ADD, SAVE, USE, builder_with, matches, rules_of
from tests.ui.page import Page
from tests.ui.shop import Shop


def save(services: Services, *rules: Any, name: str = "Saved", kind: str = "all") -> str:
    rule = load_rule({"kind": kind, "rules": list(rules)})
    segment_id: str = services.segments.save(name, rule, actor="test")["_id"]
    return segment_id


def test_a_saved_segment_is_listed_and_opens_by_its_link(shop: Shop, workspace: Services) -> None:
    page = builder_with("City")
    page.choose("Values", ["Pune"])
    page.choose(ADD, ORDERS_LABEL)
    page.choose("Value", 0)
    page.choose("in category", "Books")
    rules, count = rules_of(page), matches(page)
    page.click(SAVE)
    page.choose("Name", "Readers of *Pune*", dialog=SAVE)
    page.click("Save", dialog=SAVE)
    assert "Segment Readers of *Pune* is saved." in page.words
    (segment,) = workspace.segments.list_all()
    assert (segment["name"], segment["count"], segment["rule"]["rules"]) == ("Readers of *Pune*", count, rules)
    assert page.query == {"segment": segment["_id"]}
    assert "Readers of *Pune*" in Page("segments").words
    opened = Page("audience_builder", segment=segment["_id"])
    assert rules_of(opened) == rules
    assert matches(opened) == count


def test_saving_continues_with_a_campaign_for_it(shop: Shop, workspace: Services) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.click(USE)
    page.choose("Name", "Regulars", dialog=USE)
    page.click("Save and continue", dialog=USE)
    (segment,) = workspace.segments.list_all()
    assert page.title == "New campaign"
    assert page.query == {"segment": segment["_id"]}


@pytest.mark.parametrize(("name", "words"), [("", "needs a name"), ("Saved", "already a segment named 'Saved'")])
def test_a_name_that_will_not_do_is_said_in_the_dialog(shop: Shop, workspace: Services, name: str, words: str) -> None:
    save(workspace, {"kind": "field", "field": "visits", "op": "gt", "value": 1})
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.click(SAVE)
    page.choose("Name", name, dialog=SAVE)
    page.click("Save", dialog=SAVE)
    assert words in page.errors
    assert len(workspace.segments.list_all()) == 1


def test_a_link_to_no_segment_says_so(shop: Shop) -> None:
    page = Page("audience_builder", segment="nope")
    assert "There is no segment with the id 'nope'." in page.errors


VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": 1}
NO_ROOM: list[dict[str, Any]] = [
    {"kind": "any", "rules": [VISITS]},
    {"kind": "none", "rules": [VISITS]},
    {"kind": "events", "type": "page_view", "op": "eq", "value": 0},
    {"kind": "field", "field": "attributes.size", "op": "gt", "value": 1},
    {"kind": "list", "customer_ids": ["c01"]},
    {"kind": "orders", "measure": "avg", "op": "gt", "value": 1},
    {"kind": "segment", "segment_id": "Used"},
]


@pytest.mark.parametrize("rule", NO_ROOM, ids=json.dumps)
def test_a_segment_that_the_board_has_no_room_for_says_so(
    shop: Shop, workspace: Services, rule: dict[str, Any]
) -> None:
    Shop([{"id": "sized", "attributes": {"size": 5}}]).store_in(workspace)
    if rule["kind"] == "segment":
        rule = rule | {"segment_id": save(workspace, VISITS, name="Used")}
    segment_id = save(workspace, VISITS, rule)
    before = workspace.segments.get(segment_id)
    page = Page("audience_builder", segment=segment_id)
    assert "conditions or nested groups that the board cannot show yet" in page.errors
    assert not page.test.metric
    assert workspace.segments.get(segment_id) == before


def test_of_two_segments_opened_one_after_the_other_the_second_is_shown(shop: Shop, workspace: Services) -> None:
    more = {"kind": "field", "field": "visits", "op": "gt", "value": 8}
    fewer = {"kind": "field", "field": "visits", "op": "lte", "value": 2}
    page = Page("audience_builder", segment=save(workspace, more, name="More"))
    assert rules_of(page) == [more]
    page.go_to("audience_builder", segment=save(workspace, fewer, name="Fewer"))
    assert rules_of(page) == [fewer]
    assert matches(page) == shop.count(lambda who, _: who["visits"] <= 2)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "field", "field": "visits", "op": "gte", "value": 2.5},
        {"kind": "field", "field": "visits", "op": "between", "value": [0.5, 3]},
        {"kind": "field", "field": "visits", "op": "gt", "value": -1},
        {"kind": "field", "field": "total_spend", "op": "gt", "value": -0.5},
        {"kind": "field", "field": "total_spend", "op": "lt", "value": 10**15},
        {"kind": "field", "field": "last_order_at", "op": "before", "value": "2200-01-01"},
        {"kind": "field", "field": "city", "op": "in", "value": ["Pune", "Pune", "Lima"]},
        {"kind": "field", "field": "city", "op": "eq", "value": " Pune "},
        {"kind": "orders", "measure": "count", "op": "gte", "value": 0.5},
        {"kind": "orders", "measure": "count", "op": "gte", "value": 1, "category": "bOOks", "min_amount": 5.0},
        {"kind": "orders", "measure": "count", "op": "between", "value": [1, 2], "status": "cancelled"},
    ],
    ids=json.dumps,
)
def test_a_rule_of_the_api_is_opened_as_it_is(shop: Shop, workspace: Services, rule: Any) -> None:
    segment_id = save(workspace, rule)
    page = Page("audience_builder", segment=segment_id)
    assert rules_of(page) == [rule]
    assert matches(page) == workspace.segments.get(segment_id)["count"]


def test_all_rules_can_be_cleared_at_once(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.choose(ADD, "City")
    assert page.test.session_state["builder_board"].conditions
    page.click("Clear all rules")
    assert rules_of(page) == []
    assert matches(page) == len(shop.customers)


def test_a_new_segment_starts_with_no_rules(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.go_to("segments")
    page.click("New segment")
    page.follow_to("audience_builder")
    assert rules_of(page) == []
    page.choose(ADD, "Visits")
    assert "Not counted yet, because no value is chosen: Visits." in page.words + page.errors


def test_from_a_segment_that_the_board_cannot_show_there_is_a_way_on(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS, {"kind": "events", "type": "visit", "op": "gte", "value": 1})
    page = Page("audience_builder", segment=segment_id)
    page.click("Start with an empty board")
    assert rules_of(page) == []
    assert page.query == {}
    page.go_to("audience_builder", segment=segment_id)
    page.click("All segments")
    assert page.title == "Segments"
