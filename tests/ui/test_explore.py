"""Explore: each question with its choices, in the link; its rows; and the way from a row to the audience builder."""

import pandas as pd
import pytest

from crm_core.access.permissions import Role
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.insights.registry import QUESTIONS
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import TEST
from tests.insights import load_snapshot
from tests.ui.builder import matches
from tests.ui.deliveries import draft, launched
from tests.ui.page import Page
from tests.ui.shop import Shop, counted

EMPTY = {
    *("bgnbd", "attribution", "campaign_breakdown", "campaign_variants", "campaign_lift"),
    *("campaigns_compared", "campaigns_revenue"),
}
"""Of a shop without a fit and campaigns."""


@pytest.fixture
def loaded(shop: Shop, workspace: Services) -> Services:
    load_snapshot(workspace)
    return workspace


def rows(page: Page) -> pd.DataFrame:
    found: pd.DataFrame = page.test.dataframe[-1].value
    return found


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_is_shown_with_its_definition_and_its_rows(loaded: Services, name: str) -> None:
    page = Page("explore", section=name, range="12m")
    assert page.title == "Explore"
    assert QUESTIONS[name].definition in page.words
    titles = [column.title for column in QUESTIONS[name].columns]
    assert [list(table.value.columns) for table in page.test.dataframe] == ([titles] if name not in EMPTY else [])
    assert f"GET /api/v1/insights/{name}" in page.words


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_of_an_empty_workspace_says_so_in_words(workspace: Services, name: str) -> None:
    load_snapshot(workspace)
    page = Page("explore", section=name)
    assert page.title == "Explore"


def test_the_scores_are_those_of_the_shop(loaded: Services, shop: Shop) -> None:
    page = Page("explore", section="rfm")
    table = rows(page)
    buyers = {order["customer_id"] for order in counted(shop.orders)}
    assert table["Customers"].astype(int).sum() == len(buyers)
    page.choose("Cuts", "fixed")
    assert page.query["cuts"] == "fixed"
    assert rows(page)["Days ago, to"].iloc[-1] == "30 days"


def test_a_link_has_what_was_chosen(loaded: Services) -> None:
    rule = load_rule({"kind": "field", "field": "city", "op": "eq", "value": "Goa"})
    segment = loaded.segments.save("Goa people", rule, actor=TEST)["_id"]
    page = Page("explore", section="breakdown", field="tags", segment=segment, most="5")
    assert page.widget("Field").value == "tags"
    assert page.widget("Segment").value == segment
    assert page.widget("Values shown").value == 5
    page.choose("Field", "city")
    assert page.query == {"section": "breakdown", "field": "city", "segment": segment, "most": "5"}
    assert list(rows(page)["Value"]) == ["goa"]


def test_what_a_link_has_wrong_is_not_taken(loaded: Services) -> None:
    page = Page("explore", section="rfm", cuts="thirds", segment="gone", most="9")
    assert "The link has no segment that is there: gone" in page.errors
    assert page.widget("Cuts").value == "quintiles"
    assert page.widget("Segment").value == ""
    assert page.query == {"section": "rfm", "cuts": "quintiles"}


def test_segments_are_lines_beside_everyone(loaded: Services) -> None:
    rule = load_rule({"kind": "field", "field": "city", "op": "eq", "value": "Goa"})
    segment = loaded.segments.save("Goa people", rule, actor=TEST)["_id"]
    page = Page("explore", section="revenue_by_segment", segments=segment)
    assert [line["name"] for line in page.chart("revenue_by_segment")] == ["Everyone", "Goa people"]


def test_a_row_leads_to_the_board_with_as_many_customers(loaded: Services) -> None:
    page = Page("explore", section="breakdown", field="city")
    table = rows(page)
    place = list(table["Value"]).index("oslo")
    page.test.session_state["rows_breakdown"] = {"selection": {"rows": [place], "columns": [], "cells": []}}
    page.run()
    page.follow_to("explore")
    assert f"{table['Customers'][place]} customers: City is “oslo”" in page.words.replace("*", "")
    page.click("Open in the audience builder")
    page.follow_to("audience_builder")
    assert matches(page) == int(table["Customers"][place])


def test_a_viewer_sees_figures_and_no_way_to_the_board(loaded: Services) -> None:
    viewer = loaded.users.invite("v@example.com", Role.VIEWER, actor=TEST).id
    for user, offer in ((LOCAL_ADMIN, "25 rows. Pick one"), (viewer, "25 rows.")):
        page = Page("explore", section="rfm", user=user)
        assert offer in page.words
        assert ("Pick one" in page.words) == (user == LOCAL_ADMIN)


def test_only_campaigns_that_were_launched_can_be_chosen(loaded: Services) -> None:
    draft(loaded, "Not yet")
    sent = draft(loaded, "Sent")
    loaded.campaigns.launch(sent, actor=TEST)
    page = Page("explore", section="campaign_breakdown")
    assert page.widget("Campaign").options == ["The last one", "Sent"]
    page.choose("Campaign", sent)
    assert page.query["campaign"] == sent


def test_launched_campaigns_are_chosen_for_a_comparison(loaded: Services) -> None:
    draft(loaded, "Not yet")
    spring, autumn, winter = (
        launched(loaded, {(MessageState.DELIVERED, None): 4, (MessageState.OPENED, None): opened}, name=name)
        for name, opened in (("Spring", 6), ("Autumn", 3), ("*Win*-back", 1))
    )
    load_snapshot(loaded)
    page = Page("explore", section="campaigns_compared")
    assert set(page.widget("Campaigns").options) == {"Spring", "Autumn", "*Win*-back"}
    page.choose("Campaigns", [spring, autumn])
    assert page.query["campaigns"] == f"{spring},{autumn}"
    assert set(rows(page)["Against"]) == {"Spring"}
    assert set(rows(page)["Campaign"]) == {"Autumn"}
    page.choose("Campaigns", [winter])
    assert "From 2 to 5 campaigns can be compared, not 1." in page.errors
