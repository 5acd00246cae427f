"""A campaign to a rule that is not saved: by a link that carries no rule, and back again."""

import pytest

from crm_core.audience.shared_rules import KEPT
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.ui.page import Page
from tests.ui.shop import Shop

LAUNCH, CONFIRM = "Launch …", "Launch now"
BACK, INSTEAD = "Back to the builder", "Take a saved segment instead"


def visits(at_least: int) -> AnyRule:
    return load_rule({"kind": "field", "field": "visits", "op": "gte", "value": at_least})


@pytest.fixture
def shared(shop: Shop, workspace: Services) -> str:
    """The id of a rule."""
    return workspace.shared_rules.share(visits(5), actor=TEST)


def named(page: Page) -> Page:
    page.choose("Campaign name", "Spring")
    return page


def test_the_rule_of_a_link_is_counted_said_in_words_and_leads_back_to_the_builder(shop: Shop, shared: str) -> None:
    page = Page("new_campaign", board=shared)
    assert page.metric("Customers match now") == str(shop.count(lambda who, _: who["visits"] >= 5))
    assert "Visited at least 5 times" in page.words
    assert page.links[BACK] == f"board={shared}"
    assert "Still needed: a name." in page.words
    assert not page.errors


def test_a_campaign_to_it_holds_the_rule_and_no_segment(shop: Shop, workspace: Services, shared: str) -> None:
    page = named(Page("new_campaign", board=shared))
    page.click(LAUNCH)
    count = shop.count(lambda who, _: who["visits"] >= 5)
    assert f"Spring goes to {count} customers: Visited at least 5 times" in page.words.replace("*", "")
    assert not workspace.db.campaigns.count_documents({})
    page.click(CONFIRM, dialog=LAUNCH)
    (campaign,) = workspace.db.campaigns.find()
    assert (campaign["state"], campaign["segment_id"], campaign["rule"]) == ("preparing", None, dump_rule(visits(5)))
    assert not workspace.db.segments.count_documents({})


def test_a_saved_segment_can_be_taken_instead(shop: Shop, workspace: Services, shared: str) -> None:
    rare = workspace.segments.save("Rare", visits(9), actor=TEST)
    page = named(Page("new_campaign", board=shared))
    page.click(INSTEAD)
    assert "board" not in page.query
    assert BACK not in page.links
    assert page.widget("Campaign name").value == "Spring"
    page.choose("Segment", "Rare")
    assert page.metric("Customers match now") == str(shop.count(lambda who, _: who["visits"] >= 9))
    page.click(LAUNCH)
    page.click(CONFIRM, dialog=LAUNCH)
    assert workspace.db.campaigns.find_one({}, {"segment_id": 1, "_id": 0}) == {"segment_id": rare["_id"]}


@pytest.mark.parametrize("is_expired", [False, True])
def test_a_link_that_is_incomplete_or_expired_says_so_and_offers_the_segments(
    workspace: Services, shared: str, clock: TestClock, is_expired: bool
) -> None:
    workspace.segments.save("Rare", visits(9), actor=TEST)
    if is_expired:
        clock.now += KEPT
    page = named(Page("new_campaign", board=shared if is_expired else shared[:-1]))
    assert "The link to this rule is incomplete or has expired." in page.errors
    assert "Still needed: a segment." in page.words
    page.choose("Segment", "Rare")
    assert not page.button(LAUNCH).disabled


def test_a_rule_that_nobody_matches_cannot_be_launched_to(workspace: Services, shared: str) -> None:
    nobody = workspace.shared_rules.share(visits(99), actor=TEST)
    page = named(Page("new_campaign", board=nobody))
    assert "Still needed: an audience that has customers." in page.words
    assert page.button(LAUNCH).disabled


def test_a_rule_that_cannot_be_evaluated_says_why_and_leads_back(workspace: Services, shared: str) -> None:
    rule = load_rule({"kind": "segment", "segment_id": "gone"})
    page = named(Page("new_campaign", board=workspace.shared_rules.share(rule, actor=TEST)))
    assert "The rules cannot be evaluated" in page.errors
    assert "Still needed: an audience that can be evaluated." in page.words
    assert BACK in page.links
    assert page.button(LAUNCH).disabled
