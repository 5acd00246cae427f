"""Verdicts on variants, the lift against the holdout, and the breakdown by a field, on a campaign's page."""

from datetime import timedelta

import pytest

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.insights import load_snapshot
from tests.ui.page import Page
from tests.ui.shop import Shop

M = "messages"
EVERYBODY = load_rule({"kind": "all", "rules": []})


@pytest.fixture
def campaign(shop: Shop, workspace: Services) -> str:
    """To everybody, of whom some are held out; B does better."""
    variants = [{"name": name, "weight": 50, "message": f"Hi {name}"} for name in ("A", "B")]
    made = workspace.campaigns.create(
        name="June", channel="in_app", message="Hi", rule=EVERYBODY, actor=TEST, variants=variants, holdout_percent=20
    )["_id"]
    workspace.campaigns.launch(made, actor=TEST, confirm_everyone=True)
    launched = workspace.clock() - timedelta(days=30)
    workspace.db.campaigns.update_one(
        {"_id": made},
        {
            "$set": {
                "launched_at": launched,
                "state": "completed",
                "planned_at": launched,
                "finished_at": launched,
                "audience": 4000,
            }
        },
    )
    rows = []
    for number in range(4000):
        held_out, variant = number % 10 == 0, "AB"[number % 2]
        rank = 7 if held_out else 5 if number % (10 if variant == "B" else 40) < 3 else 3
        row = {
            "_id": f"{made}:x{number}",
            "campaign_id": made,
            "customer_id": f"c{number % 40:02}x{number}",
            "rank": rank,
        }
        row |= {"channel": "in_app", "created_at": launched, "sent_at": launched}
        rows.append(row if held_out else {**row, "variant": variant})
    for number, customer in enumerate(shop.customers):
        rows[number]["customer_id"] = customer["id"]
    workspace.db[M].insert_many(rows)
    load_snapshot(workspace)
    return str(made)


def test_variants_have_a_verdict_in_words(campaign: str) -> None:
    page = Page("campaign", campaign=campaign)
    assert "B against A, opened: better." in page.words.replace("*", "")
    assert "B against A, clicked: better." in page.words.replace("*", "")
    assert page.chart("variants_compared")[0]["x"][0] > 0


def test_a_small_holdout_is_not_told_as_a_lift(campaign: str, workspace: Services) -> None:
    page = Page("campaign", campaign=campaign)
    assert "Revenue: not enough data yet. 4 customers are held out." in page.words.replace("*", "")


def test_the_breakdown_is_by_the_field_that_is_chosen(campaign: str) -> None:
    page = Page("campaign", campaign=campaign, section="breakdown")
    assert list(page.test.dataframe[-1].value["Value"]) == ["goa", "oslo", "pune", "No value"]
    page.choose("Field", "tags")
    assert set(page.test.dataframe[-1].value["Value"]) == {"vip", "early", "No value"}
    assert page.query["campaign"] == campaign
