"""Segments: each saved rule with its exact size, found, sorted, counted again, used."""

from crm_core.infra.mongo import Doc
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.conftest import TestClock
from tests.ui.page import Page
from tests.ui.shop import Shop


def save(services: Services, name: str, at_least: int = 1) -> Doc:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": at_least})
    return services.segments.save(name, rule, actor="test")


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
    assert page.metric("Customers match") == str(saved["count"])


def test_a_new_segment_starts_in_the_builder(workspace: Services) -> None:
    page = Page("segments")
    page.click("New segment")
    assert page.title == "Audience builder"
