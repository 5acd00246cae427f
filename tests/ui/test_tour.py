"""The four steps of a newcomer: what each says, where it leads, and that they can be put away and had back."""

import pytest

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import Role
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.campaigns.drafting.definition import FIRST_MESSAGE
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from pages._ui.links import PageName
from pages.tour.choice import WAY_BACK
from pages.tour.steps import STARTER_RULE
from tests.actors import TEST
from tests.conftest import TestClock
from tests.ui.builder import rules_of
from tests.ui.deliveries import launched
from tests.ui.page import Page
from tests.ui.shop import Shop

READER = Actor(ActorKind.USER, LOCAL_ADMIN, "local admin", Role.ADMIN)
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 0})
HEAD, END = "Your first campaign in four steps", "Your first campaign is delivered"
DELIVERED = (MessageState.DELIVERED, None)


def is_ready(page: Page, label: str) -> bool:
    return not page.button(label).disabled


def delivered_by_reader(services: Services) -> str:
    """A campaign of the reader's own, of which two of three got the message."""
    campaign_id = launched(services, {DELIVERED: 2, (MessageState.FAILED, "rejected"): 1}, name="First", is_done=True)
    services.db.campaigns.update_one({"_id": campaign_id}, {"$set": {"created_by": READER.label}})
    return campaign_id


def test_an_empty_workspace_begins_with_the_first_step(workspace: Services) -> None:
    page = Page("overview")
    assert f"{HEAD} · 0 of 4 done" in page.words.replace("*", "").replace(":gray[", "").replace("]", "")
    assert "20,000 customers, two years of their orders and a year of campaigns" in page.words
    assert is_ready(page, "Load demo data")
    assert [is_ready(page, label) for label in ("Open the builder", "Write to them", "Go to the review")] == [False] * 3


def test_the_builder_is_opened_with_a_rule_beside_which_one_is_put(shop: Shop, workspace: Services) -> None:
    page = Page("overview")
    assert f"{len(shop.customers)} customers are here." in page.words
    page.click("Open the builder")
    page.follow_to("audience_builder")
    assert rules_of(page) == STARTER_RULE["rules"]
    assert "Step 2 of 4, build an audience: Drag fields into the rules" in page.words.replace("*", "")


def test_a_segment_of_ones_own_leads_on_to_the_message(shop: Shop, workspace: Services) -> None:
    workspace.segments.save("Anothers", VISITED, actor=TEST)
    assert not is_ready(Page("overview"), "Write to them")
    segment = workspace.segments.save("Visitors", VISITED, actor=READER)
    builder = Page("audience_builder", segment=segment["_id"])
    assert f"“Visitors” holds {segment['count']} customers." in builder.words
    builder.click("Write to them")
    builder.follow_to("new_campaign")
    assert builder.query == {"segment": segment["_id"], "step": "message"}
    assert "Step 3 of 4" in builder.words


def test_a_draft_leads_on_to_its_review(shop: Shop, workspace: Services) -> None:
    draft = workspace.campaigns.begin(actor=READER, name="Spring", message=FIRST_MESSAGE, rule=VISITED)
    page = Page("overview")
    page.click("Write to them")
    assert page.query == {"campaign": draft["_id"], "step": "message"}
    workspace.campaigns.save(draft["_id"], draft.get("revision", 0), actor=READER, message="Hello")
    page = Page("overview")
    assert "It is in the campaign “Spring”." in page.words
    page.click("Go to the review")
    assert page.query == {"campaign": draft["_id"], "step": "review"}


def test_the_end_says_so_with_a_way_to_the_campaign_also_after_a_reload(shop: Shop, workspace: Services) -> None:
    campaign_id = delivered_by_reader(workspace)
    for page in (Page("overview"), Page("overview")):
        assert f"{END}: 2 customers have got it." in page.words
        assert "“First”: 2 of 3 have got it." in page.words
    page.click("Open the campaign")
    page.follow_to("campaign")
    assert page.query["campaign"] == campaign_id
    assert "“First”: 2 of 3 have got it. The tour is done." in page.words


@pytest.mark.parametrize(
    ("page_name", "step"),
    [("data", "Step 1 of 4"), ("audience_builder", "Step 2 of 4"), ("new_campaign", "Step 3 of 4")],
)
def test_the_page_of_a_step_says_what_to_do_there(workspace: Services, page_name: PageName, step: str) -> None:
    assert step in Page(page_name).words


@pytest.mark.parametrize("page_name", ["segments", "campaigns", "customers", "settings"])
def test_other_pages_have_no_line(shop: Shop, workspace: Services, page_name: PageName) -> None:
    assert "of 4" not in Page(page_name).words


def test_the_page_of_another_campaign_has_no_line(shop: Shop, workspace: Services) -> None:
    other = launched(workspace, {DELIVERED: 1}, is_done=True)
    delivered_by_reader(workspace)
    assert "of 4" not in Page("campaign", campaign=other).words


def test_hidden_steps_stay_hidden_and_come_back_from_the_sidebar(shop: Shop, workspace: Services) -> None:
    page = Page("audience_builder")
    page.click("Hide")
    assert "Step 2 of 4" not in page.words
    again = Page("overview")
    assert HEAD not in again.words
    again.click(WAY_BACK)
    assert HEAD in again.words
    assert HEAD in Page("overview").words


def test_with_the_steps_hidden_an_empty_workspace_offers_the_demo_shop(workspace: Services) -> None:
    page = Page("overview")
    page.click("Hide")
    assert "No customers yet" in page.words
    page.click("Load demo data")
    assert workspace.db.jobs.count_documents({"kind": "demo"}) == 1


def test_a_day_after_its_end_the_tour_is_over_and_can_be_had_back(
    shop: Shop, workspace: Services, clock: TestClock
) -> None:
    delivered_by_reader(workspace)
    clock.advance(days=1, seconds=1)
    page = Page("overview")
    assert END not in page.words
    page.click(WAY_BACK)
    assert END in page.words


@pytest.mark.parametrize(
    ("role", "refused", "offered"),
    [
        (Role.VIEWER, "This takes the role analyst or marketer or admin.", []),
        (Role.ANALYST, "This takes the role marketer or admin.", ["Open the builder"]),
    ],
)
def test_who_may_not_do_a_step_is_told_so(
    shop: Shop, workspace: Services, role: Role, refused: str, offered: list[str]
) -> None:
    user = workspace.users.invite("v@example.com", role, actor=TEST).id
    page = Page("overview", user=user)
    assert refused in page.words
    steps = {"Load demo data", "Open the builder", "Write to them", "Go to the review"}
    assert [label for label in page.buttons() if label in steps] == offered
    line = Page("new_campaign", user=user)
    assert "Step 3 of 4, write the message: This takes the role marketer or admin." in line.words.replace("*", "")
