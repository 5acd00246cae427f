"""Campaigns: all of them, the newest first, found by name and by state."""

from crm_core.campaigns.states import MessageState
from crm_core.services import Services
from tests.conftest import TestClock
from tests.ui.deliveries import draft, launched
from tests.ui.page import Page

DELIVERED, CLICKED = (MessageState.DELIVERED, None), (MessageState.CLICKED, None)
FAILED, PENDING = (MessageState.FAILED, "unreachable"), (MessageState.PENDING, None)


def names(page: Page) -> list[str]:
    return list(page.links)


def test_without_a_campaign_the_next_step_is_one(workspace: Services) -> None:
    page = Page("campaigns")
    assert "No campaign yet" in page.words
    page.click("New campaign", place=1)
    assert page.title == "New campaign"
    page = Page("campaigns")
    page.click("New campaign", place=0)
    assert page.title == "New campaign"


def test_campaigns_are_linked_the_newest_first(workspace: Services) -> None:
    ids = {name: draft(workspace, name) for name in ("First", "Second", "*Third*")}
    page = Page("campaigns")
    assert page.links == {name.strip("*"): f"campaign={ids[name]}" for name in ("*Third*", "Second", "First")}


def test_a_card_says_how_far_the_campaign_is(workspace: Services, clock: TestClock) -> None:
    launched(workspace, {DELIVERED: 2, CLICKED: 1, FAILED: 1, PENDING: 4})
    clock.advance(minutes=5)
    page = Page("campaigns")
    assert "8 customers · 37.5 % delivered · 12.5 % opened · 12.5 % clicked · 1 failed · 4 pending" in page.words
    assert page.progress == [37]
    assert "Launched 5 minutes ago · a rule of its own" in page.words
    assert "sending" in page.words


def test_search_finds_a_part_of_the_name_and_means_it_literally(workspace: Services) -> None:
    for name in ("Spring sale", "Spring news", "Autumn (all)"):
        draft(workspace, name)
    page = Page("campaigns")
    page.choose("Search", "SPRING")
    assert names(page) == ["Spring news", "Spring sale"]
    page.choose("Search", "(all")
    assert names(page) == ["Autumn (all)"]
    page.choose("Search", "*")
    assert not names(page)
    assert "No campaign fits “*”." in page.words


def test_only_campaigns_of_the_chosen_state_are_shown(workspace: Services) -> None:
    draft(workspace, "Not yet")
    launched(workspace, {PENDING: 1}, name="Under way")
    launched(workspace, {DELIVERED: 1}, name="Over", is_done=True)
    page = Page("campaigns")
    for state, name in (("Draft", "Not yet"), ("Sending", "Under way"), ("Completed", "Over")):
        page.choose("State", state)
        assert names(page) == [name]
    page.choose("State", "Preparing")
    assert not names(page)
    assert "No campaign fits in state preparing." in page.words
    page.choose("Search", "v")
    page.choose("State", "Completed")
    assert names(page) == ["Over"]
    page.choose("State", "All")
    assert names(page) == ["Over"]


def test_a_page_holds_ten(workspace: Services) -> None:
    for number in range(12):
        draft(workspace, f"Wave {number:02}")
    page = Page("campaigns")
    first = names(page)
    page.choose("campaigns_page", 2)
    assert [*first, *names(page)] == [f"Wave {number:02}" for number in reversed(range(12))]
    page.choose("Search", "Wave 1")
    assert names(page) == ["Wave 11", "Wave 10"]
