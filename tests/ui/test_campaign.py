"""Campaign: what became of every message, to the last row of its log."""

import re
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.states import MessageState
from crm_core.rules.tree import EVERYONE, SegmentRule
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.ui.deliveries import RULE, Rows, campaign_of, draft, launched
from tests.ui.page import Page

LAUNCH = "Launch …"

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
    (line,) = [text.value for text in page.test.markdown if "audience = " in text.value]
    return line.replace("*", "")


def numbers(line: str) -> tuple[int, list[int]]:
    """The audience and the parts that are said to make it up."""
    whole, parts = line.split(" audience = ")
    return int(whole.split()[-1].replace(",", "")), [int(each) for each in re.findall(r"(\d+) [a-z]", parts)]


def test_the_identity_names_every_state_and_adds_up(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, ALL_STATES))
    line = identity(page)
    assert (
        "36 audience = 1 pending + 2 sent + 3 delivered + 4 opened + 5 clicked + 6 failed + 7 skipped + 8 held out"
        in line
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


def test_shares_are_of_the_audience(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, ALL_STATES))
    assert page.metric("Delivered") == "33.3 %"
    assert page.metric("Waiting for a receipt") == "5.6 %"
    assert page.metric("Failed") == "16.7 %"
    assert page.metric("Skipped") == "19.4 %"


def test_why_messages_failed_or_were_skipped_is_shown(workspace: Services) -> None:
    (bars,) = Page("campaign", campaign=launched(workspace, ALL_STATES)).chart("reasons")
    assert dict(zip(bars["customdata"], bars["x"], strict=True)) == {
        "Device unreachable": 4,
        "Refused by the vendor": 2,
        "No consent": 6,
        "Customer removed": 1,
    }


def test_nothing_failed_is_said(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 3}, is_done=True))
    assert "Nothing failed or was skipped." in page.words


def test_progress_says_how_many_are_handled_and_how_long_it_takes(workspace: Services, clock: TestClock) -> None:
    campaign_id = launched(workspace, {DELIVERED: 20, PENDING: 60})
    clock.advance(seconds=10)
    page = Page("campaign", campaign=campaign_id)
    assert "20 of 80 handled · 2 per second · 30 s left" in page.words
    assert page.progress == [25]


def test_a_completed_campaign_says_how_long_it_took(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 3, CLICKED: 1}, is_done=True))
    assert "4 of 4 handled in 0 ms" in page.words
    assert "completed" in page.words
    assert "4 audience = 3 delivered + 1 clicked" in identity(page)


def test_a_campaign_that_reached_nobody_says_so(workspace: Services) -> None:
    assert "Nobody matched at launch." in Page("campaign", campaign=launched(workspace, {}, is_done=True)).words


def test_a_draft_is_sent_only_when_it_is_launched(workspace: Services) -> None:
    campaign_id = draft(workspace)
    page = Page("campaign", campaign=campaign_id)
    assert "Nothing is sent before it is launched." in page.words
    assert campaign_of(workspace, campaign_id)["state"] == "draft"
    page.click(LAUNCH)
    assert campaign_of(workspace, campaign_id)["state"] == "draft"
    assert "customers: Visited at least 5 times." in page.words
    page.click("Launch now", dialog=LAUNCH)
    assert campaign_of(workspace, campaign_id)["state"] == "preparing"
    page.run()
    assert LAUNCH not in page.buttons()


def test_a_draft_for_everyone_is_launched_only_when_that_is_said(workspace: Services) -> None:
    made = workspace.campaigns.create(name="All", channel="in_app", message="Hi", rule=EVERYONE, actor=TEST)
    page = Page("campaign", campaign=made["_id"])
    page.click(LAUNCH)
    assert "All goes to 0 customers: Everyone." in page.words.replace("**", "")
    assert page.button("Launch now").disabled
    page.choose("Yes, everyone", True, dialog=LAUNCH)
    assert campaign_of(workspace, made["_id"])["state"] == "draft"
    page.click("Launch now", dialog=LAUNCH)
    assert campaign_of(workspace, made["_id"])["state"] == "preparing"


def test_the_definition_is_shown_as_it_was_frozen(workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace, {DELIVERED: 1}))
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
    assert "Is in the segment “Around”" in Page("campaign", campaign=campaign_id).words
    for segment in (outer, used):
        workspace.segments.remove(segment["_id"], actor=TEST)
    assert "Is in the segment “Around”" in Page("campaign", campaign=campaign_id).words


@pytest.mark.parametrize("by_rule", [True, False], ids=["a rule that names it", "a segment"])
def test_a_draft_whose_segment_is_gone_says_so_and_is_not_launched(workspace: Services, by_rule: bool) -> None:
    segment_id = workspace.segments.save("Regulars", RULE, actor=TEST)["_id"]
    audience: dict[str, Any] = {"rule": SegmentRule(segment_id=segment_id)} if by_rule else {"segment_id": segment_id}
    made = workspace.campaigns.create(name="June", channel="in_app", message="Hi", **audience, actor=TEST)
    workspace.segments.remove(segment_id, actor=TEST)
    page = Page("campaign", campaign=made["_id"])
    page.click(LAUNCH)
    words = f"no segment with the id '{segment_id}'" if by_rule else "The segment “Regulars” of this draft was deleted"
    assert words in page.errors
    assert words in page.words
    assert "Launch now" not in page.buttons()
    assert campaign_of(workspace, made["_id"])["state"] == "draft"


def test_a_draft_for_a_segment_of_everyone_is_launched_only_when_that_is_said(workspace: Services) -> None:
    everyone = workspace.segments.save("Everyone", EVERYONE, actor=TEST)
    rule = SegmentRule(segment_id=everyone["_id"])
    made = workspace.campaigns.create(name="All", channel="in_app", message="Hi", rule=rule, actor=TEST)
    page = Page("campaign", campaign=made["_id"])
    page.click(LAUNCH)
    assert page.button("Launch now").disabled
    page.choose("Yes, everyone", True, dialog=LAUNCH)
    page.click("Launch now", dialog=LAUNCH)
    assert campaign_of(workspace, made["_id"])["state"] == "preparing"


@pytest.mark.parametrize(
    ("query", "words"),
    [({"campaign": "nope"}, "There is no campaign with the id 'nope'."), ({}, "No campaign is chosen.")],
)
def test_a_link_to_no_campaign_says_so_once(workspace: Services, query: dict[str, str], words: str) -> None:
    page = Page("campaign", **query)
    assert page.errors.count(words) == len(page.errors.splitlines()) == 1
