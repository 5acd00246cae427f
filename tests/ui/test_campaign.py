"""Campaign: what became of every message, to the last row of its log."""

import re
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.rules.tree import SegmentRule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from pages._ui.links import PageName
from tests.actors import BELA, TEST
from tests.conftest import TestClock
from tests.integration.feeding import store_customers
from tests.ui.deliveries import RULE, Rows, campaign_of, draft, launched
from tests.ui.page import Page
from tests.ui.tables import leads_of, links_of, rows_of

REVIEW = "Review and launch"

PENDING, SENT = (MessageState.PENDING, None), (MessageState.SENT, None)
DELIVERED, CLICKED = (MessageState.DELIVERED, None), (MessageState.CLICKED, None)
ALL_STATES: Rows = {
    PENDING: 1,
    SENT: 2,
    DELIVERED: 3,
    (MessageState.OPENED, None): 4,
    CLICKED: 5,
    (MessageState.FAILED, "refused_by_vendor"): 2,
    (MessageState.FAILED, "device_unreachable"): 4,
    (MessageState.SKIPPED, "no_consent"): 6,
    (MessageState.SKIPPED, "customer_gone"): 1,
    (MessageState.HELD_OUT, None): 8,
}


def identity(page: Page) -> str:
    (line,) = [text for text in page.html if "audience = " in text]
    return line


def numbers(line: str) -> tuple[int, list[int]]:
    """The audience and the parts that are said to make it up."""
    whole, parts = line.split(" audience = ")
    return int(whole.split()[-1].replace(",", "")), [int(each) for each in re.findall(r"(\d+) [a-z]", parts)]


def test_the_identity_names_every_state_and_adds_up(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, ALL_STATES))
    line = identity(page)
    assert (
        "36 audience = 1 pending + 2 sent, no receipt + 3 delivered, not opened + 4 opened, not clicked + 5 clicked"
        " + 6 failed + 7 skipped + 8 held out" in line
    )
    audience, parts = numbers(line)
    assert audience == sum(parts) == sum(ALL_STATES.values())
    assert "adds up" in line


def test_rows_that_do_not_make_up_the_audience_are_said_not_to(workspace: Services) -> None:
    campaign_id = launched(workspace, ALL_STATES)
    workspace.db.messages.delete_one({"campaign_id": campaign_id, "rank": MessageState.CLICKED.rank})
    line = identity(Page("campaign", campaign=campaign_id))
    assert "36 audience" in line
    assert "35 rows do not add up" in line


def test_an_audience_that_is_still_being_planned_is_not_said_to_add_up(workspace: Services) -> None:
    campaign_id = draft(workspace)
    workspace.campaigns.launch(campaign_id, actor=TEST)
    assert "Finding the audience" in Page("campaign", campaign=campaign_id).words
    rows = [new_row(campaign_id, each, channel="in_app", at=workspace.clock()) for each in ("c1", "c2")]
    workspace.message_log.insert(rows)
    line = identity(Page("campaign", campaign=campaign_id))
    assert "2 audience = 2 pending · still being planned" in line
    assert "adds up" not in line


def test_each_step_says_how_many_got_at_least_so_far_and_what_was_lost(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, ALL_STATES))
    (funnel,) = [text for text in page.html if text.startswith("Audience")]
    assert funnel == (
        "Audience 7 skipped, 8 held out, 1 not sent yet 36 Sent 6 failed, 2 without a receipt 55.6 % 20 "
        "Delivered 3 not opened 60.0 % 12 Opened 4 opened, not clicked 75.0 % 9 Clicked 55.6 % 5"
    )


def test_what_nobody_has_done_yet_is_no_row_of_zeros(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 2}))
    (funnel,) = [text for text in page.html if text.startswith("Audience")]
    assert funnel == "Audience 2 Sent 100 % 2 Delivered 2 not opened 100 % 2"
    assert not page.test.metric


def test_who_has_unsubscribed_is_a_figure_beside_the_steps(workspace: Services) -> None:
    campaign_id = launched(workspace, {DELIVERED: 3, CLICKED: 1}, is_done=True)
    gone = {"$set": {"unsubscribed_at": workspace.clock()}}
    workspace.db.messages.update_one({"campaign_id": campaign_id, "rank": MessageState.CLICKED.rank}, gone)
    page = Page("campaign", campaign=campaign_id)
    (funnel,) = [text for text in page.html if text.startswith("Audience")]
    assert funnel.endswith("Clicked 100 % 1 Unsubscribed by the link in their message 25.0 % 1")
    assert "Percent of the step above; unsubscribed, of delivered." in page.words


def test_that_nobody_has_unsubscribed_is_said_where_messages_have_the_link(workspace: Services) -> None:
    campaign_id = launched(workspace, {DELIVERED: 3})
    assert "unsubscribed" not in Page("campaign", campaign=campaign_id).words
    workspace.db.campaigns.update_one({"_id": campaign_id}, {"$set": {"channel": "email"}})
    assert "Nobody has unsubscribed so far." in Page("campaign", campaign=campaign_id).words


def test_why_messages_failed_or_were_skipped_is_a_table_that_leads_to_them(workspace: Services) -> None:
    campaign_id = launched(workspace, ALL_STATES)
    page = Page("campaign", campaign=campaign_id, section="failures")
    failed, skipped = rows_of(page, "Failed"), rows_of(page, "Skipped")
    assert [(row["Reason"], row["Customers"]) for row in [*failed, *skipped]] == [
        ("Device unreachable", "4"),
        ("Refused by the vendor", "2"),
        ("No consent", "6"),
        ("Customer removed", "1"),
    ]
    assert skipped[0]["What it means"] == "They have not agreed to messages over this channel."
    link = f"campaign?campaign={campaign_id}&section=recipients&state=skipped&reason=no_consent"
    assert links_of(page, "Skipped")[0] == link


def test_nothing_failed_is_said(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 3}, is_done=True), section="failures")
    assert "Nothing failed or was skipped." in page.words


def test_that_most_got_nothing_is_said_first_with_the_reasons(workspace: Services) -> None:
    rows: Rows = {DELIVERED: 1, (MessageState.SKIPPED, "no_consent"): 6, (MessageState.FAILED, "refused_by_vendor"): 2}
    page = Page("campaign", campaign=launched(workspace, rows, is_done=True))
    words = "8 of 9 customers got no message; 1 did or still may. Why: 6 no consent, 2 refused by the vendor."
    assert page.errors.splitlines()[0].replace("*", "") == words
    assert "got no message" not in Page("campaign", campaign=launched(workspace, {DELIVERED: 2})).errors


def test_recipients_are_found_by_state_reason_and_name(workspace: Services) -> None:
    store_customers(workspace, {"id": "c000", "name": "Asha Rao"}, {"id": "c001", "name": "Bela Shah"})
    campaign_id = launched(workspace, {CLICKED: 1, (MessageState.SKIPPED, "no_consent"): 1, DELIVERED: 30})
    page = Page("campaign", campaign=campaign_id, section="recipients")
    first = rows_of(page, "Recipients")
    assert len(first) == 25
    assert "1–25 of 32" in page.words
    page.button("", 1).click()
    page.run()
    second = rows_of(page, "Recipients")
    assert len({row["Id"] for row in [*first, *second]}) == 32
    found = {"state": "skipped", "reason": "no_consent"}
    (row,) = rows_of(Page("campaign", campaign=campaign_id, section="recipients", **found), "Recipients")
    assert (row["Customer"], row["State"]) == ("Bela Shah", "Skipped: no consent")
    page = Page("campaign", campaign=campaign_id, section="recipients", search="asha")
    assert [row["Customer"] for row in rows_of(page, "Recipients")] == ["Asha Rao"]
    assert links_of(page, "Recipients") == ["customer?customer=c000"]


def test_who_was_skipped_for_the_address_leads_to_who_is_written_to_there(workspace: Services) -> None:
    store_customers(workspace, {"id": "c000", "name": "Asha Rao"}, {"id": "c001"}, {"id": "c002"}, {"id": "twin/1"})
    campaign_id = launched(workspace, {(MessageState.SKIPPED, "same_address"): 3})
    for place, holder in enumerate(("twin/1", "c000", "erased")):
        row = {"_id": f"{campaign_id}:c00{place}"}
        workspace.db.messages.update_one(row, {"$set": {"same_address_as": holder}})
    page = Page("campaign", campaign=campaign_id, section="recipients")
    assert [row["State"] for row in rows_of(page, "Recipients")] == [
        *["Skipped: same address as"] * 2,
        "Skipped: same address as another customer",
    ]
    assert leads_of(page, "Recipients") == [
        ("twin/1", "customer?customer=twin%2F1"),
        ("Asha Rao", "customer?customer=c000"),
    ]


def test_the_message_is_shown_as_it_was_sent_to_somebody(workspace: Services) -> None:
    store_customers(workspace, {"id": "c001", "name": "Bela Shah"})
    campaign_id = launched(workspace, {DELIVERED: 2})
    assert "Nobody has been sent it yet." in Page("campaign", campaign=campaign_id, section="message").words
    workspace.db.messages.update_one({"_id": f"{campaign_id}:c001"}, {"$set": {"text": "Hi Bela"}})
    page = Page("campaign", campaign=campaign_id, section="message")
    assert "Hi Bela" in page.words
    assert page.links["Bela Shah"] == "customer=c001"
    assert "Hi {{ customer.first_name }}" in page.words


def test_the_history_says_who_did_what(workspace: Services, clock: TestClock) -> None:
    campaign_id = launched(workspace, {PENDING: 1})
    clock.advance(minutes=2)
    workspace.campaigns.pause(campaign_id, actor=BELA)
    steps = rows_of(Page("campaign", campaign=campaign_id, section="history"), "History")
    told = [(step["What"], step["Who"], step["When"]) for step in steps]
    assert told[0] == ("Paused a campaign", "bela", "just now")
    assert ("Campaign began to send", "ClientNest", "2 minutes ago") in told


def test_a_plan_that_was_cut_short_does_not_add_up_without_the_rest(workspace: Services) -> None:
    campaign_id = launched(workspace, {(MessageState.SKIPPED, "cancelled"): 6})
    ended = {"state": "cancelled", "cancelled_at": workspace.clock(), "cancelled_by": "asha", "audience": 6}
    workspace.db.campaigns.update_one({"_id": campaign_id}, {"$set": ended, "$unset": {"planned_at": ""}})
    page = Page("campaign", campaign=campaign_id)
    assert "at least 6 audience = 6 skipped · the plan was cut short" in identity(page)
    assert "adds up" not in identity(page)
    workspace.db.campaigns.update_one({"_id": campaign_id}, {"$set": {"never_planned": 4}})
    page = Page("campaign", campaign=campaign_id)
    assert identity(page) == "10 audience = 6 skipped + 4 never planned ✓ adds up"
    assert "6 customers were planned, 4 of the audience never." in page.errors.replace("*", "")


def test_progress_says_how_many_are_handled_and_how_long_it_takes(workspace: Services, clock: TestClock) -> None:
    campaign_id = launched(workspace, {DELIVERED: 20, PENDING: 60})
    clock.advance(seconds=10)
    page = Page("campaign", campaign=campaign_id)
    assert "20 of 80 handled · 2 per second · 30 s left" in page.words
    assert page.progress == [25]


def test_who_was_set_aside_by_the_planner_does_not_make_it_look_faster(workspace: Services, clock: TestClock) -> None:
    set_aside: Rows = {(MessageState.HELD_OUT, None): 10, (MessageState.SKIPPED, "excluded_segment"): 10}
    campaign_id = launched(workspace, {DELIVERED: 20, PENDING: 60, **set_aside})
    clock.advance(seconds=10)
    assert "40 of 100 handled · 2 per second · 30 s left" in Page("campaign", campaign=campaign_id).words


def test_a_completed_campaign_says_how_long_it_took(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 3, CLICKED: 1}, is_done=True))
    assert "Handled in 0 ms" in page.words
    assert "completed" in page.words
    assert "4 audience = 3 delivered, not opened + 1 clicked" in identity(page)


def test_a_campaign_that_reached_nobody_says_so(workspace: Services) -> None:
    assert "Nobody matched at launch." in Page("campaign", campaign=launched(workspace, {}, is_done=True)).words


def test_a_draft_is_launched_from_its_review_alone(workspace: Services) -> None:
    campaign_id = draft(workspace)
    page = Page("campaign", campaign=campaign_id)
    assert "Nothing is sent before it is launched." in page.words
    page.click(REVIEW)
    assert (page.title, page.query) == ("Spring", {"campaign": campaign_id, "step": "review"})
    assert campaign_of(workspace, campaign_id)["state"] == "draft"


def test_the_definition_is_shown_as_it_was_frozen(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 1}), section="definition")
    assert "Visited at least 5 times" in page.words
    assert "Hi {{ customer.first_name }}" in page.words


def test_the_definition_names_segments_as_they_were_at_launch(workspace: Services) -> None:
    used = workspace.segments.save("Regulars", RULE, actor=TEST)
    outer = workspace.segments.save("Around", SegmentRule(segment_id=used["_id"]), actor=TEST)
    campaign_id = workspace.campaigns.create(
        name="June", channel="in_app", message="Hi", rule=SegmentRule(segment_id=outer["_id"]), actor=TEST
    )["_id"]
    workspace.campaigns.launch(campaign_id, actor=TEST)
    workspace.segments.change(outer["_id"], name="Renamed", actor=TEST)
    assert "Is in the segment “Around”" in Page("campaign", campaign=campaign_id, section="definition").words
    for segment in (outer, used):
        workspace.segments.remove(segment["_id"], actor=TEST)
    assert "Is in the segment “Around”" in Page("campaign", campaign=campaign_id, section="definition").words


@pytest.mark.parametrize("by_rule", [True, False], ids=["a rule that names it", "a segment"])
def test_a_draft_whose_segment_is_gone_says_so_and_is_not_launched(workspace: Services, by_rule: bool) -> None:
    segment_id = workspace.segments.save("Regulars", RULE, actor=TEST)["_id"]
    audience: dict[str, Any] = {"rule": SegmentRule(segment_id=segment_id)} if by_rule else {"segment_id": segment_id}
    made = workspace.campaigns.create(name="June", channel="in_app", message="Hi", **audience, actor=TEST)
    workspace.segments.remove(segment_id, actor=TEST)
    page = Page("campaign", campaign=made["_id"])
    page.click(REVIEW)
    words = f"no segment with the id '{segment_id}'" if by_rule else "The segment “Regulars” of this draft was deleted"
    assert words in page.words
    assert not [button for button in page.buttons() if button.startswith("Launch")]
    assert campaign_of(workspace, made["_id"])["state"] == "draft"


@pytest.mark.parametrize(
    ("place", "query", "words"),
    [
        ("campaign", {"campaign": "nope"}, "The id in the link is “nope”."),
        ("campaign", {}, "The link names none."),
        ("customer", {"customer": "nope"}, "The id in the link is “nope”."),
    ],
)
def test_a_bad_link_says_what_was_looked_for_and_leads_back(
    workspace: Services, place: PageName, query: dict[str, str], words: str
) -> None:
    page = Page(place, **query)
    assert f"There is no such {place}" in page.words
    assert words in page.words
    assert f"All {place}s" in page.links
