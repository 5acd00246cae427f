"""Segments: each saved rule with its exact size, found, sorted, counted again, used."""

from typing import Any

import pytest

from crm_core.audience.model import Segment
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import make_entry
from tests.ui.page import Page
from tests.ui.shop import Shop


def save(services: Services, name: str, at_least: int = 1) -> Segment:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": at_least})
    return services.segments.save(name, rule, actor=TEST)


def names(page: Page) -> list[str]:
    """In the order of the page."""
    shown = [markdown.value for markdown in page.test.markdown]
    return [text.strip("*") for text in shown if text.startswith("**")]


def sizes(page: Page) -> list[int]:
    return [int(metric.value) for metric in page.test.metric]


def test_without_segments_the_next_step_is_an_audience(workspace: Services) -> None:
    page = Page("segments")
    assert "No segment yet" in page.words
    page.click("Build an audience")
    assert page.title == "Audience builder"


def test_each_segment_is_shown_in_words_with_its_exact_size(shop: Shop, workspace: Services) -> None:
    save(workspace, "Regulars", at_least=5)
    page = Page("segments")
    assert names(page) == ["Regulars"]
    assert "Visited at least 5 times" in page.words
    assert sizes(page) == [shop.count(lambda who, _: who["visits"] >= 5)]


SENTENCES: list[tuple[dict[str, Any], str, int]] = [
    (
        {"kind": "events", "type": "page_view", "op": "gte", "value": 2, "within_days": 30},
        "Had at least 2 “page view” events in the last 30 days",
        1,
    ),
    ({"kind": "field", "field": "attributes.shoe_size", "op": "gt", "value": 42}, "Shoe size is more than 42", 2),
    ({"kind": "list", "customer_ids": ["a", "b", "nobody"]}, "Is one of 3 customers picked by hand", 2),
    (
        {"kind": "orders", "measure": "sum", "op": "gt", "value": 10, "category": "Books"},
        "Spent more than $10 on orders in “Books”",
        1,
    ),
]


@pytest.mark.parametrize(("rule", "sentence", "size"), SENTENCES, ids=[rule["kind"] for rule, _, _ in SENTENCES])
def test_every_kind_of_condition_is_shown_in_words_with_its_size(
    workspace: Services, rule: dict[str, Any], sentence: str, size: int
) -> None:
    Shop(
        [{"id": who, "attributes": {"shoe_size": number}} for who, number in (("a", 40), ("b", 43), ("c", 44))],
        [{"id": "o1", "customer_id": "a", "amount": 11, "category": "books"}],
    ).store_in(workspace)
    visits = [{"id": f"e{n}", "customer_id": "c", "type": "page_view", "at": "2026-06-01T00:00:00Z"} for n in range(2)]
    assert not workspace.persister.store([make_entry(Stream.EVENTS, record) for record in visits])
    workspace.segments.save("Some", load_rule(rule), actor=TEST)
    page = Page("segments")
    assert sentence in page.words
    assert sizes(page) == [size]


def test_a_segment_that_uses_others_names_them(shop: Shop, workspace: Services) -> None:
    used = save(workspace, "Regulars *of* Pune", at_least=5)
    rule = {"kind": "none", "rules": [{"kind": "segment", "segment_id": used["_id"]}]}
    workspace.segments.save("The others", load_rule(rule), actor=TEST)
    page = Page("segments")
    page.choose("Sort by", "Name")
    assert names(page) == ["Regulars \\*of\\* Pune", "The others"]
    assert "Not: is in the segment “Regulars *of* Pune”" in page.words
    few = shop.count(lambda who, _: who["visits"] >= 5)
    assert sizes(page) == [few, len(shop.customers) - few]


def test_a_segment_whose_rule_became_impossible_is_listed_and_says_why(shop: Shop, workspace: Services) -> None:
    Shop([{"id": "a", "attributes": {"size": 5}}]).store_in(workspace)
    rule = {"kind": "field", "field": "attributes.size", "op": "gt", "value": 1}
    impossible = workspace.segments.save("Impossible", load_rule(rule), actor=TEST)
    user = {"kind": "segment", "segment_id": impossible["_id"]}
    workspace.segments.save("User", load_rule(user), actor=TEST)
    save(workspace, "Sound", at_least=5)
    Shop([{"id": "b", "attributes": {"size": "large"}}]).store_in(workspace)
    page = Page("segments")
    assert sorted(names(page)) == ["Impossible", "Sound", "User"]
    assert page.words.count("This rule cannot be evaluated any more") == 2
    assert "the values of attributes.size are of several types; declare its type" in page.words
    assert "Visited at least 5 times" in page.words
    page.choose("Search", "Impossible")
    page.click("Count again")
    assert "declare its type" in page.errors
    assert workspace.segments.get(impossible["_id"]) == impossible


def test_a_name_is_read_as_it_was_typed(workspace: Services) -> None:
    save(workspace, "$5 *off* :red[now]")
    assert "**$5 *off* :red[now]**" in Page("segments").words


def test_search_finds_a_part_of_the_name_and_means_it_literally(workspace: Services) -> None:
    for name in ("Loyal", "Disloyal", "New (2026)"):
        save(workspace, name)
    page = Page("segments")
    page.choose("Search", "LOYAL")
    assert sorted(names(page)) == ["Disloyal", "Loyal"]
    page.choose("Search", "(20")
    assert names(page) == ["New (2026)".replace("(", "\\(").replace(")", "\\)")]
    page.choose("Search", ".*")
    assert not names(page)
    assert "No segment has “.*” in its name." in page.words
    page.choose("Search", "")
    assert len(names(page)) == 3


def test_segments_are_sorted_by_time_size_and_name(shop: Shop, workspace: Services, clock: TestClock) -> None:
    for name, at_least in (("B", 3), ("C", 9), ("A", 6)):
        save(workspace, name, at_least)
        clock.advance(minutes=1)
    page = Page("segments")
    assert names(page) == ["A", "C", "B"]
    page.choose("Sort by", "Largest")
    assert names(page) == ["B", "A", "C"]
    assert sizes(page) == sorted(sizes(page), reverse=True)
    page.choose("Sort by", "Name")
    assert names(page) == ["A", "B", "C"]


def test_a_page_holds_ten_and_a_search_leads_back_to_the_first(workspace: Services) -> None:
    for number in range(23):
        save(workspace, f"Segment {number:02}")
    page = Page("segments")
    page.choose("Sort by", "Name")
    seen = names(page)
    for place in (2, 3):
        page.choose("segments_page", place)
        seen += names(page)
    assert seen == [f"Segment {number:02}" for number in range(23)]
    page.choose("Search", "Segment 0")
    assert len(names(page)) == 10
    page.choose("Search", "Segment 07")
    assert names(page) == ["Segment 07"]


def test_count_again_counts_the_customers_of_now(shop: Shop, workspace: Services, clock: TestClock) -> None:
    saved = save(workspace, "Regulars", at_least=5)
    page = Page("segments")
    Shop([{"id": "new1", "visits": 5}, {"id": "new2", "visits": 4}]).store_in(workspace)
    clock.advance(hours=2)
    page.run()
    assert sizes(page) == [saved["count"]]
    assert "Counted 2 hours ago" in page.words
    page.click("Count again")
    assert sizes(page) == [saved["count"] + 1]
    assert "Counted just now" in page.words
    assert workspace.segments.get(saved["_id"])["count"] == saved["count"] + 1


def test_a_segment_goes_on_to_the_builder_and_to_a_campaign(workspace: Services) -> None:
    saved = save(workspace, "Regulars")
    for button, title in (("Open in builder", "Audience builder"), ("Use in campaign", "New campaign")):
        page = Page("segments")
        page.click(button)
        assert page.title == title
        assert page.query == {"segment": saved["_id"]}


def test_a_segment_opens_as_it_is_saved_after_it_was_changed_in_the_builder(shop: Shop, workspace: Services) -> None:
    saved = save(workspace, "Regulars", at_least=5)
    page = Page("segments")
    page.click("Open in builder")
    page.follow_to("audience_builder")
    page.choose("Value", 9)
    assert page.metric("Customers match") != str(saved["count"])
    page.go_to("segments")
    page.click("Open in builder")
    page.follow_to("audience_builder")
    page.click("Discard and open")
    assert page.metric("Customers match") == str(saved["count"])


def test_a_new_segment_starts_in_the_builder(workspace: Services) -> None:
    page = Page("segments")
    page.click("New segment")
    assert page.title == "Audience builder"


def test_an_error_stays_in_its_card(workspace: Services) -> None:
    gone = save(workspace, "Gone")
    nested = load_rule({"kind": "any", "rules": [{"kind": "segment", "segment_id": gone["_id"]}]})
    workspace.segments.save("A", nested, actor=TEST)
    save(workspace, "B")
    workspace.db.segments.delete_one({"_id": gone["_id"]})
    page = Page("segments")
    page.choose("Sort by", "Name")
    page.click("Count again")
    assert "no segment" in page.errors
    assert names(page) == ["A", "B"]
