"""Compare campaigns: what is said of their differences, and what each brought in."""

from datetime import datetime, timedelta

import pytest

from crm_core.campaigns.messages.rows import row_id
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.insights import load_snapshot
from tests.ui.deliveries import draft, launched
from tests.ui.shop import NOW, Shop
from tests.ui.tables import rows_of
from tests.ui.test_compare_campaigns import compare

M = MessageState
REVENUE = "Orders and revenue"


@pytest.fixture
def spring(workspace: Services) -> str:
    return launched(workspace, {(M.DELIVERED, None): 500, (M.OPENED, None): 500}, name="Spring", is_done=True)


@pytest.fixture
def autumn(workspace: Services) -> str:
    return launched(workspace, {(M.DELIVERED, None): 900, (M.OPENED, None): 100}, name="Autumn", is_done=True)


def open_at(services: Services, shop: Shop, campaign: str, moment: datetime) -> None:
    """Launched then, and opened at once by all customers of the shop."""
    services.db.campaigns.update_one({"_id": campaign}, {"$set": {"launched_at": moment}})
    for place, customer in enumerate(shop.customers):
        opened = {"customer_id": customer["id"], "opened_at": moment, "rank": M.OPENED.rank}
        services.db.messages.update_one({"_id": row_id(campaign, f"c{place:03}")}, {"$set": opened})


def test_the_others_are_compared_with_the_first_of_the_link(spring: str, autumn: str, workspace: Services) -> None:
    load_snapshot(workspace)
    for first, second, verdict in ((spring, autumn, "Autumn – opened: worse, clicked: cannot tell yet."),
                                   (autumn, spring, "Spring – opened: better, clicked: cannot tell yet.")):  # fmt: skip
        page = compare(first, second)
        assert verdict in page.words.replace("*", "")
        (points,) = page.chart("campaigns_compared")[:1]
        assert points["x"][0] == pytest.approx(-0.4 if first == spring else 0.4)
        assert f"GET /api/v1/insights/campaigns_compared?campaigns={first}%2C{second}" in page.words


def test_it_is_said_that_the_customers_are_others(spring: str, autumn: str, workspace: Services) -> None:
    load_snapshot(workspace)
    page = compare(spring, autumn)
    assert "These campaigns went to different customers" in page.words
    assert "do not report opens in the same way" not in page.words
    workspace.db.campaigns.update_one({"_id": autumn}, {"$set": {"channel": "sms"}})
    assert "They went over In-app and SMS, which do not report opens in the same way." in compare(spring, autumn).words


def test_drafts_are_left_out_and_named(spring: str, autumn: str, workspace: Services) -> None:
    idea = draft(workspace, "Idea")
    load_snapshot(workspace)
    page = compare(idea, spring, autumn)
    assert "Not launched yet, so left out of what is compared: Idea." in page.words
    assert "Autumn – opened: worse" in page.words.replace("*", "")
    alone = compare(idea, spring)
    assert "It takes two campaigns that were launched" in alone.words
    assert "GET /api/v1/insights" not in alone.words


def test_revenue_is_of_the_days_that_are_chosen(shop: Shop, spring: str, autumn: str, workspace: Services) -> None:
    open_at(workspace, shop, spring, NOW - timedelta(days=60))
    load_snapshot(workspace)
    page = compare(spring, autumn)
    fortnight = rows_of(page, REVENUE)[0]
    page.choose("compare_days", 3)
    three = rows_of(page, REVENUE)[0]
    assert 0 < int(three["Orders"]) < int(fortnight["Orders"])
    assert three["Revenue"].startswith("$")
    assert {row["Campaign"]: row["Against its holdout"] for row in rows_of(page, REVENUE)} == {
        "Spring": "no holdout",
        "Autumn": "no holdout",
    }
    assert "Launched fewer than 3 days ago, so with less time to bring in orders: Autumn (0 days)." in page.words


def test_a_campaign_that_reached_nobody_has_no_rates(shop: Shop, spring: str, workspace: Services) -> None:
    open_at(workspace, shop, spring, NOW)
    nobody = launched(workspace, {(M.FAILED, "busy"): 2}, name="Nobody", is_done=True)
    load_snapshot(workspace)
    page = compare(spring, nobody)
    assert "Nobody – opened: nobody yet, clicked: nobody yet." in page.words.replace("*", "")
    assert [row["Revenue per 1,000"] for row in rows_of(page, REVENUE)] == ["$0.00", "–"]


def test_figures_that_are_being_loaded_can_be_looked_for_again(spring: str, autumn: str, workspace: Services) -> None:
    page = compare(spring, autumn)
    assert "The figures are being loaded into memory." in page.words
    load_snapshot(workspace)
    page.click("Look again")
    assert "Autumn – opened: worse" in page.words.replace("*", "")
