"""From the funnel of a campaign to the customers of a step, on the board of the audience builder."""

import pytest

from crm_core.access.permissions import Role
from crm_core.campaigns.messages.rows import row_id
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import TEST
from tests.insights import load_snapshot
from tests.ui.builder import matches, rules_of
from tests.ui.deliveries import Rows, draft, launched
from tests.ui.page import Page
from tests.ui.shop import Shop

M = MessageState
ROWS: Rows = {
    (M.SENT, None): 1,
    (M.DELIVERED, None): 9,
    (M.OPENED, None): 7,
    (M.CLICKED, None): 5,
    (M.FAILED, "refused_by_vendor"): 3,
    (M.SKIPPED, "no_consent"): 2,
    (M.HELD_OUT, None): 4,
}
STEPS = (
    "Delivered, not opened: 9",
    "Opened, not clicked: 7",
    "Sent: 25",
    "Sent, no receipt: 1",
    "Delivered: 21",
    "Opened: 12",
    "Clicked: 5",
    "Failed: 3",
    "Skipped: 2",
)
LEAD = "Open these customers in the audience builder:"


@pytest.fixture
def campaign(shop: Shop, workspace: Services) -> str:
    """To customers of the shop."""
    made = launched(workspace, ROWS, is_done=True)
    for place, customer in enumerate(shop.customers[: sum(ROWS.values())]):
        row = {"$set": {"customer_id": customer["id"]}}
        workspace.db.messages.update_one({"_id": row_id(made, f"c{place:03}")}, row)
    load_snapshot(workspace)
    return made


def steps_on(page: Page) -> set[str]:
    return {label for label in page.buttons() if label.split(":")[0] in {step.split(":")[0] for step in STEPS}}


def test_every_step_is_offered_with_its_number(campaign: str) -> None:
    page = Page("campaign", campaign=campaign)
    assert steps_on(page) == set(STEPS)
    assert LEAD in page.words


@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_to_the_board_with_as_many_customers(campaign: str, step: str) -> None:
    page = Page("campaign", campaign=campaign)
    page.click(step)
    page.follow_to("audience_builder")
    assert matches(page) == int(step.rsplit(" ", 1)[1])
    assert {rule["campaign_id"] for rule in rules_of(page)} == {campaign}


def test_opened_and_not_clicked_is_two_rules_on_the_board(campaign: str) -> None:
    page = Page("campaign", campaign=campaign)
    page.click("Opened, not clicked: 7")
    page.follow_to("audience_builder")
    of_campaign = {"kind": "messages", "campaign_id": campaign}
    assert rules_of(page) == [
        {**of_campaign, "state": "opened", "op": "gte", "value": 1},
        {**of_campaign, "state": "clicked", "op": "eq", "value": 0},
    ]


def test_a_step_without_anybody_is_not_offered(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {(M.DELIVERED, None): 2}))
    assert steps_on(page) == {"Delivered, not opened: 2", "Sent: 2", "Delivered: 2"}
    waiting = Page("campaign", campaign=launched(workspace, {(M.PENDING, None): 2}))
    assert LEAD not in waiting.words
    assert LEAD not in Page("campaign", campaign=draft(workspace)).words


def test_who_may_not_build_audiences_is_not_led_there(campaign: str, workspace: Services) -> None:
    viewer = workspace.users.invite("v@example.com", Role.VIEWER, actor=TEST).id
    page = Page("campaign", campaign=campaign, user=viewer)
    assert "Opened" in page.words
    assert not steps_on(page)
    assert LEAD not in page.words
