"""Audience builder: rules are kept as segments, and segments opened as they were saved."""

import json
from typing import Any

import pytest

from crm_core.rules.loading import dump_rule, load_rule
from crm_core.services import Services
from pages.builder.board.words import ORDERS_LABEL
from tests.actors import TEST
from tests.ui.builder import ADD, SAVE, USE, board_on, builder_with, matches, pick, rule_of, rules_of
from tests.ui.page import Page
from tests.ui.shop import Shop

VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": 1}


def save(services: Services, *rules: Any, name: str = "Saved", kind: str = "all") -> str:
    rule = load_rule({"kind": kind, "rules": list(rules)})
    segment_id: str = services.segments.save(name, rule, actor=TEST)["_id"]
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
    (segment,) = workspace.segments.page(limit=200)[0]
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
    (segment,) = workspace.segments.page(limit=200)[0]
    assert page.title == "New campaign"
    assert page.query == {"segment": segment["_id"], "channel": "in_app"}


@pytest.mark.parametrize(("name", "words"), [("", "needs a name"), ("Saved", "already a segment named 'Saved'")])
def test_a_name_that_will_not_do_is_said_in_the_dialog(shop: Shop, workspace: Services, name: str, words: str) -> None:
    save(workspace, {"kind": "field", "field": "visits", "op": "gt", "value": 1})
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.click(SAVE)
    page.choose("Name", name, dialog=SAVE)
    page.click("Save", dialog=SAVE)
    assert words in page.errors
    assert len(workspace.segments.page(limit=200)[0]) == 1


def test_a_link_to_no_segment_says_so(shop: Shop) -> None:
    page = Page("audience_builder", segment="nope")
    assert "There is no such segment" in page.words
    assert "nope" in page.words


CITY = {"kind": "field", "field": "city", "op": "in", "value": ["Pune"]}
KINDS: list[dict[str, Any]] = [
    {"kind": "any", "rules": [VISITS, {"kind": "none", "rules": [CITY, {"kind": "all", "rules": []}]}]},
    {"kind": "none", "rules": [VISITS]},
    {"kind": "any", "rules": []},
    {"kind": "events", "type": "page_view", "op": "eq", "value": 0},
    {"kind": "field", "field": "attributes.size", "op": "gt", "value": 1},
    {"kind": "list", "customer_ids": ["c01"]},
    {"kind": "orders", "measure": "avg", "op": "gt", "value": 1},
    {"kind": "segment", "segment_id": "Used"},
]


@pytest.mark.parametrize("rule", KINDS, ids=json.dumps)
def test_any_rule_opens_on_the_board_and_is_counted_as_saved(
    shop: Shop, workspace: Services, rule: dict[str, Any]
) -> None:
    Shop([{"id": "sized", "attributes": {"size": 5}}]).store_in(workspace)
    if rule["kind"] == "segment":
        rule = rule | {"segment_id": save(workspace, VISITS, name="Used")}
    segment_id = save(workspace, rule, VISITS)
    page = Page("audience_builder", segment=segment_id)
    assert rules_of(page) == [rule, VISITS]
    assert matches(page) == workspace.segments.get(segment_id)["count"]
    assert not page.errors


def test_a_segment_whose_root_is_no_list_of_all_opens_too(shop: Shop, workspace: Services) -> None:
    page = Page("audience_builder", segment=save(workspace, VISITS, CITY, kind="none"))
    assert rule_of(page) == {"kind": "none", "rules": [VISITS, CITY]}
    assert matches(page) == shop.count(lambda who, _: who["visits"] <= 1 and who.get("city") != "Pune")


def test_a_new_version_is_saved_and_one_of_somebody_else_is_not_overwritten(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS, name="Regulars")
    page, other = (Page("audience_builder", segment=segment_id) for _ in range(2))
    page.choose("Value", 8)
    page.click(SAVE)
    assert "Save as new segment" in page.buttons()
    page.click("Save as version 2", dialog=SAVE)
    assert "Segment Regulars is saved." in page.words
    assert "Segment **Regulars**, version 2" in page.words
    assert "Unsaved changes" not in page.words
    assert workspace.segments.get(segment_id)["rule"]["rules"] == [VISITS | {"value": 8}]
    other.choose("Value", 3)
    other.click(SAVE)
    other.click("Save as version 2", dialog=SAVE)
    assert "This segment is at version 2, not 1: somebody else changed it." in other.errors
    assert workspace.segments.get(segment_id)["rule"]["rules"] == [VISITS | {"value": 8}]
    assert rules_of(other) == [VISITS | {"value": 3}]


def test_an_open_segment_can_be_saved_as_another_one(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS, name="Regulars")
    page = Page("audience_builder", segment=segment_id)
    page.choose("Value", 8)
    page.click(SAVE)
    page.choose("Name", "Frequent", dialog=SAVE)
    page.click("Save as new segment", dialog=SAVE)
    assert workspace.segments.get(segment_id)["rule"]["rules"] == [VISITS]
    made = next(each for each in workspace.segments.page(limit=200)[0] if each["name"] == "Frequent")
    assert made["rule"]["rules"] == [VISITS | {"value": 8}]
    assert page.query == {"segment": made["_id"]}


def test_a_segment_as_it_is_saved_goes_straight_on_to_a_campaign(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS)
    page = Page("audience_builder", segment=segment_id)
    page.click(USE)
    assert page.title == "New campaign"
    assert page.query == {"segment": segment_id, "channel": "in_app"}


def test_a_changed_segment_asks_what_the_campaign_is_to_use(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS)
    page = Page("audience_builder", segment=segment_id)
    page.choose("Value", 8)
    page.click(USE)
    page.click("Save as version 2 and continue", dialog=USE)
    assert page.query == {"segment": segment_id, "channel": "in_app"}
    assert workspace.segments.get(segment_id)["version"] == 2


def test_a_segment_that_somebody_changed_meanwhile_does_not_go_straight_on(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS)
    page = Page("audience_builder", segment=segment_id)
    workspace.segments.change(segment_id, rule=load_rule(CITY), actor=TEST)
    page.click(USE)
    assert page.title == "Audience builder"
    assert "Continue without saving" in page.buttons()


def test_a_campaign_can_be_made_for_rules_that_are_not_saved(shop: Shop, workspace: Services) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.click(USE)
    page.click("Continue without saving", dialog=USE)
    assert page.title == "New campaign"
    rule = workspace.shared_rules.get(page.query["board"])
    assert dump_rule(rule) == {"kind": "all", "rules": [VISITS | {"value": 5}]}
    assert not workspace.segments.page(limit=200)[0]


def test_a_rule_on_a_segment_that_is_gone_is_named_and_can_be_mended(shop: Shop, workspace: Services) -> None:
    used = save(workspace, CITY, name="Used")
    segment_id = save(workspace, VISITS, {"kind": "segment", "segment_id": used})
    workspace.db.segments.delete_one({"_id": used})
    page = Page("audience_builder", segment=segment_id)
    assert f"1.2 Segment: There is no segment with the id '{used}'." in page.errors
    assert page.button(SAVE).disabled
    assert page.button(USE).disabled
    assert len(board_on(page).nodes) == 3
    assert not page.test.metric
    pick(page, 1)
    page.click("Remove")
    assert not page.errors
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 1)
    assert not page.button(SAVE).disabled


def test_a_segment_does_not_offer_itself(shop: Shop, workspace: Services) -> None:
    other = save(workspace, CITY, name="Other")
    segment_id = save(workspace, {"kind": "segment", "segment_id": other}, name="Own")
    page = Page("audience_builder", segment=segment_id)
    assert page.widget("Customers of the segment").options == ["Other"]
    page.choose(ADD, "Segment “Own”")
    assert "cannot contain itself" in page.errors


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
