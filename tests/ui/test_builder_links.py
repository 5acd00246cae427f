"""Audience builder: segments and shared rules opened by link; what is not saved is never lost without a question."""

import pytest

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.ui.builder import ADD, builder_with, matches, rule_of, rules_of
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.test_builder_segments import save

UNSAVED = "Unsaved changes"
ASKED = "Your board has unsaved changes."
DISCARD, KEEP = "Discard and open", "Keep my board"
VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": 5}
CITY = {"kind": "field", "field": "city", "op": "in", "value": ["Pune"]}


def shared(services: Services, *rules: object) -> str:
    return services.shared_rules.share(load_rule({"kind": "any", "rules": list(rules)}), actor=TEST)


def test_a_shared_link_opens_the_rule_on_anybodys_board(shop: Shop, workspace: Services) -> None:
    page = Page("audience_builder", board=shared(workspace, VISITS, {"kind": "none", "rules": [CITY]}))
    assert rule_of(page) == {"kind": "any", "rules": [VISITS, {"kind": "none", "rules": [CITY]}]}
    assert "Rules from a shared link" in page.words
    assert UNSAVED not in page.words
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 5 or who.get("city") != "Pune")


def test_share_shows_a_link_that_opens_the_same_rules_and_holds_nothing_of_them(
    shop: Shop, workspace: Services
) -> None:
    page = builder_with("E-mail")
    page.choose("Values", ["asha@example.com"])
    page.click("Share")
    (link,) = [each.value for each in page.test.code]
    assert "asha" not in link
    assert rules_of(Page("audience_builder", board=link.partition("?board=")[2])) == rules_of(page)


@pytest.mark.parametrize("query", [{"board": "nope"}, {"segment": "nope"}])
def test_a_link_to_nothing_says_so_and_keeps_the_board(shop: Shop, query: dict[str, str]) -> None:
    page = Page("audience_builder", **query)
    assert "The id in the link is “nope”. It may have been removed, or the link is incomplete." in page.words
    assert "All segments" in page.links
    page.choose(ADD, "Visits")
    page.choose("Value", 5)
    assert rules_of(page) == [VISITS]
    page.go_to("audience_builder", **query)
    page.click(DISCARD)
    assert "The id in the link is “nope”." in page.words
    assert rules_of(page) == [VISITS]


def test_changes_are_noted_until_they_are_undone(shop: Shop, workspace: Services) -> None:
    page = Page("audience_builder", segment=save(workspace, VISITS, name="Regulars"))
    assert "Segment **Regulars**, version 1" in page.words
    assert UNSAVED not in page.words
    page.choose("Value", 8)
    assert UNSAVED in page.words
    page.click("Undo")
    assert UNSAVED not in page.words
    page.choose(ADD, "City")
    assert UNSAVED in page.words  # half edited as it is


def test_over_unsaved_changes_it_is_asked_and_the_board_can_be_kept(shop: Shop, workspace: Services) -> None:
    first, second = save(workspace, VISITS, name="First"), save(workspace, CITY, name="Second")
    page = Page("audience_builder", segment=first)
    page.choose("Value", 8)
    page.go_to("audience_builder", segment=second)
    assert ASKED in page.words
    assert rules_of(page) == [VISITS | {"value": 8}]
    page.click(KEEP)
    assert ASKED not in page.words
    assert page.query == {"segment": first}
    assert rules_of(page) == [VISITS | {"value": 8}]
    page.go_to("audience_builder", board=shared(workspace, CITY))
    assert ASKED in page.words
    page.click(DISCARD)
    assert rule_of(page) == {"kind": "any", "rules": [CITY]}
    assert UNSAVED not in page.words
    page.click("Undo")
    assert rules_of(page) == [VISITS | {"value": 8}]


def test_without_changes_nothing_is_asked(shop: Shop, workspace: Services) -> None:
    first, second = save(workspace, VISITS, name="First"), save(workspace, CITY, name="Second")
    page = Page("audience_builder", segment=first)
    page.go_to("audience_builder", segment=second)
    assert ASKED not in page.words
    assert rules_of(page) == [CITY]


def test_a_new_segment_over_unsaved_changes_is_asked_for_too(shop: Shop) -> None:
    page = builder_with("Visits")
    page.choose("Value", 5)
    page.go_to("segments")
    page.click("New segment")
    page.follow_to("audience_builder")
    assert ASKED in page.words
    page.click(DISCARD)
    assert rules_of(page) == []
    assert page.query == {}
    assert UNSAVED not in page.words


def test_the_address_names_what_is_open(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS)
    page = Page("audience_builder", segment=segment_id)
    page.go_to("segments")
    page.go_to("audience_builder")
    assert page.query == {"segment": segment_id}
    page.click("Clear all rules")
    assert page.query == {"segment": segment_id}


def test_two_browser_tabs_do_not_disturb_each_other(shop: Shop, workspace: Services) -> None:
    segment_id = save(workspace, VISITS)
    one, other = (Page("audience_builder", segment=segment_id) for _ in range(2))
    one.choose("Value", 8)
    other.choose(ADD, "City")
    other.choose("Values", ["Pune"])
    one.run()
    assert rules_of(one) == [VISITS | {"value": 8}]
    assert rules_of(other) == [VISITS, CITY]
    one.click("Undo")
    assert rules_of(other) == [VISITS, CITY]
