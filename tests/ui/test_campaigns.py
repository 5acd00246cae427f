"""Campaigns: a table of all of them, found by name, state, channel, owner, tag and day, sorted and paged."""

from datetime import timedelta
from typing import Any

from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.ui.deliveries import RULE, Rows, draft, launched
from tests.ui.page import Page
from tests.ui.tables import data_of, links_of, rows_of

DELIVERED, CLICKED = (MessageState.DELIVERED, None), (MessageState.CLICKED, None)
FAILED, PENDING = (MessageState.FAILED, "unreachable"), (MessageState.PENDING, None)


def names(page: Page) -> list[str]:
    return [row["Campaign"] for row in rows_of(page, "Campaigns")]


def state_counts(page: Page) -> dict[str, int]:
    """As the buttons show them."""
    options = [option.content for option in page.widget("campaigns_state").proto.options]
    return {option.split()[0]: int(option.split("[")[1].rstrip("]")) for option in options}


def test_without_a_campaign_the_next_step_is_one(workspace: Services) -> None:
    page = Page("campaigns")
    assert "No campaign yet" in page.words
    page.click("New campaign", place=1)
    assert page.title == "New campaign"
    page = Page("campaigns")
    page.click("New campaign", place=0)
    assert page.title == "New campaign"


def test_running_campaigns_are_listed_first_then_the_newest(workspace: Services, clock: TestClock) -> None:
    running = launched(workspace, {PENDING: 1}, name="Under way")
    clock.advance(hours=1)
    done = launched(workspace, {DELIVERED: 1}, name="Over", is_done=True)
    clock.advance(hours=1)
    idea = draft(workspace, "*Idea*")
    page = Page("campaigns")
    assert names(page) == ["Under way", "*Idea*", "Over"]
    assert links_of(page, "Campaigns") == [f"campaign?campaign={each}" for each in (running, idea, done)]


def test_a_row_says_how_far_its_campaign_is_in_words_of_one_meaning(workspace: Services, clock: TestClock) -> None:
    launched(workspace, {DELIVERED: 2, CLICKED: 1, FAILED: 1, PENDING: 3, (MessageState.HELD_OUT, None): 2})
    clock.advance(minutes=5)
    (row,) = rows_of(Page("campaigns"), "Campaigns")
    figures = {name: row[name] for name in ("State", "When", "Audience", "Sent", "Failed", "Skipped", "Held")}
    assert figures == {
        "State": "Sending",
        "When": "5 min ago",
        "Audience": "9",
        "Sent": "4",
        "Failed": "1",
        "Skipped": "–",
        "Held": "2",
    }
    assert (row["Deliv. %"], row["Open %"], row["Click %"]) == ("75.0", "33.3", "33.3")


def test_a_plan_that_was_cut_short_says_so_in_the_table(workspace: Services) -> None:
    campaign = launched(workspace, {(MessageState.SKIPPED, "cancelled"): 6})
    ended: dict[str, Any] = {"state": "cancelled", "finished_at": workspace.clock(), "audience": 6}
    workspace.db.campaigns.update_one({"_id": campaign}, {"$set": ended, "$unset": {"planned_at": ""}})
    assert rows_of(Page("campaigns"), "Campaigns")[0]["Audience"] == "≥ 6"
    workspace.db.campaigns.update_one({"_id": campaign}, {"$set": {"never_planned": 4}})
    assert rows_of(Page("campaigns"), "Campaigns")[0]["Audience"] == "6 of 10"


def test_a_link_carries_what_is_looked_for_and_counts_add_up(workspace: Services, clock: TestClock) -> None:
    more: dict[str, Any] = {"message": "Hi", "rule": RULE}
    workspace.campaigns.create(name="Spring (all)", channel="sms", tags=["season"], actor=ASHA, **more)
    later: dict[str, Any] = {**more, "schedule_at": clock.now + timedelta(days=3)}
    workspace.campaigns.create(name="Spring later", channel="in_app", actor=BELA, **later)
    launched(workspace, {PENDING: 1}, name="Under way")
    launched(workspace, {DELIVERED: 1}, name="Over", is_done=True)
    gone = draft(workspace, "Gone")
    workspace.campaigns.archive(gone, actor=ASHA)
    page = Page("campaigns")
    assert state_counts(page) == {"All": 4, "Drafts": 1, "Scheduled": 1, "Running": 1, "Done": 1, "Archived": 1}
    found = {
        "Spring (all)": [{"state": "drafts"}, {"channel": "sms"}, {"owner": "asha"}, {"tag": "season"}],
        "Spring later": [{"state": "scheduled"}, {"owner": "bela"}, {"from": "2026-06-18", "to": "2026-06-18"}],
        "Under way": [{"state": "running"}],
        "Over": [{"state": "done"}],
        "Gone": [{"state": "archived"}],
    }
    for name, links in found.items():
        for link in links:
            assert names(Page("campaigns", **link)) == [name], link
    assert names(Page("campaigns", search="(ALL")) == names(Page("campaigns", search="SEAS")) == ["Spring (all)"]
    assert state_counts(Page("campaigns", search="spring"))["All"] == 2
    assert "None “*”." in Page("campaigns", search="*").words
    assert len(names(Page("campaigns", state="nonsense", sort="nonsense", page="x", **{"from": "y"}))) == 4


def test_what_is_typed_and_chosen_stands_in_the_link(workspace: Services) -> None:
    draft(workspace, "Spring")
    draft(workspace, "Autumn")
    page = Page("campaigns")
    page.choose("Search", "aut")
    assert names(page) == ["Autumn"]
    assert "aut" in page.query["search"]
    page.choose("Search", "winter")
    page.click("Show all")
    assert len(names(page)) == 2


def test_the_table_is_sorted_by_any_column_either_way(workspace: Services) -> None:
    made: dict[str, Rows] = {"a": {DELIVERED: 3}, "C": {DELIVERED: 1, FAILED: 1}, "b": {DELIVERED: 1, CLICKED: 1}}
    for name, rows in made.items():
        launched(workspace, rows, name=name, is_done=True)
    draft(workspace, "idea")
    workspace.campaign_counter.run_once()
    wanted = {
        "name": ["a", "b", "C", "idea"],
        "-name": ["idea", "C", "b", "a"],
        "-audience": ["a", "b", "C", "idea"],
        "clicked": ["C", "a", "b", "idea"],
        "delivered": ["C", "b", "a", "idea"],
        "-delivered": ["b", "a", "C", "idea"],
        "-failed": ["C", "b", "a", "idea"],
    }
    for sort, order in wanted.items():
        page = Page("campaigns", sort=sort)
        assert names(page) == order, sort
    assert data_of(page, "Campaigns")["sort"] == {"by": "failed", "is_descending": True}


def test_a_page_holds_twenty(workspace: Services, clock: TestClock) -> None:
    for number in range(22):
        draft(workspace, f"Wave {number:02}")
        clock.advance(seconds=1)
    page = Page("campaigns")
    assert len(first := names(page)) == 20
    assert "1–20 of 22" in page.words
    page.button("", 1).click()
    page.run()
    assert [*first, *names(page)] == [f"Wave {number:02}" for number in reversed(range(22))]
    assert "21–22 of 22" in page.words
    page.choose("Search", "Wave 1")
    assert "1–10 of 10" in page.words


def test_the_list_is_exported_with_the_figures_that_are_kept(workspace: Services) -> None:
    launched(workspace, {DELIVERED: 3, FAILED: 1}, name="=cmd()", is_done=True)
    workspace.campaign_counter.run_once()
    page = Page("campaigns")
    (button,) = [shown for shown in page.test.get("download_button") if shown.proto.label == "Export list"]
    assert button.proto.label
