"""Campaign: what can be done to it in each state, what is asked first, and how the page says where it stands."""

from datetime import timedelta
from typing import Any

from crm_core.campaigns.messages.rows import new_row
from crm_core.rules.tree import EVERYONE
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, BELA, TEST
from tests.conftest import TestClock
from tests.ui.deliveries import RULE, Rows, campaign_of, draft, launched
from tests.ui.page import Page
from tests.ui.tables import exact_of, links_of, rows_of

PENDING, DELIVERED = (MessageState.PENDING, None), (MessageState.DELIVERED, None)
REFUSED, UNKNOWN = (MessageState.FAILED, "refused_by_vendor"), (MessageState.FAILED, "outcome_unknown")
UNDER_WAY: Rows = {PENDING: 3, DELIVERED: 2, (MessageState.SKIPPED, "no_consent"): 1, (MessageState.HELD_OUT, None): 1}
OFFERED = {
    "draft": ["Review and launch", "Edit", "Duplicate", "Archive"],
    "scheduled": ["Edit", "Cancel …", "Back to draft", "Duplicate"],
    "preparing": ["Pause", "Cancel …", "Duplicate"],
    "sending": ["Pause", "Cancel …", "Retry failed …", "Duplicate"],
    "paused": ["Resume", "Cancel …", "Retry failed …", "Duplicate"],
    "completed": ["Retry failed …", "Duplicate", "Archive"],
    "cancelled": ["Duplicate", "Archive"],
    "failed": ["Duplicate", "Archive"],
}


def put(services: Services, campaign_id: str, state: str, **values: Any) -> str:
    """What somebody else, or a worker, has done meanwhile."""
    services.db.campaigns.update_one({"_id": campaign_id}, {"$set": {"state": state, **values}})
    return campaign_id


def test_each_state_offers_what_can_be_done_in_it(workspace: Services, clock: TestClock) -> None:
    now = clock.now
    campaign = launched(workspace, {REFUSED: 1})
    page = Page("campaign", campaign=campaign)
    for state, buttons in OFFERED.items():
        times = dict.fromkeys(("scheduled_at", "paused_at", "cancelled_at", "finished_at"), now)
        whom = {"paused_by": "asha", "cancelled_by": "asha", "scheduled_by": "asha", "failure": "No segment."}
        put(workspace, campaign, state, **times, **whom)
        page.run()
        leading_away = {found.label for found in page.test.button if str(found.key).startswith("campaign_step_")}
        assert [label for label in page.buttons() if label not in leading_away] == buttons
        assert state in page.words


def test_a_campaign_without_failed_messages_offers_no_retry(workspace: Services) -> None:
    campaign = launched(workspace, {UNKNOWN: 1, DELIVERED: 1})
    assert "Retry failed …" not in Page("campaign", campaign=campaign).buttons()


def test_it_is_paused_resumed_and_after_a_question_cancelled(workspace: Services, clock: TestClock) -> None:
    campaign = launched(workspace, UNDER_WAY)
    workspace.db.campaigns.update_one({"_id": campaign}, {"$unset": {"planned_at": ""}})
    page = Page("campaign", campaign=campaign)
    page.click("Pause")
    assert "Paused by local admin just now" in page.words
    assert "Nothing more is sent until somebody resumes it" in page.words
    page.click("Resume")
    assert campaign_of(workspace, campaign)["state"] == "preparing"
    page.click("Cancel …")
    words = page.words.replace("**", "")
    assert "3 customers not written to yet get no message" in words
    assert "2 messages were attempted already and stay as they are" in words
    assert "The audience is still being found" in words
    assert campaign_of(workspace, campaign)["state"] == "preparing"
    page.click("Cancel campaign", dialog="Cancel …")
    assert campaign_of(workspace, campaign)["state"] == "cancelled"
    clock.advance(minutes=2)
    page.run()
    assert "Cancelled by local admin 2 minutes ago" in page.words


def test_of_two_who_click_at_once_the_second_is_told_what_the_first_has_done(
    workspace: Services, clock: TestClock
) -> None:
    campaign = launched(workspace, UNDER_WAY)
    page = Page("campaign", campaign=campaign)
    workspace.campaigns.pause(campaign, actor=BELA)
    page.click("Pause")
    assert "This campaign is paused; only a preparing or a sending campaign can be paused." in page.errors
    assert "Paused by bela" in page.errors
    assert "Resume" in page.buttons()
    clock.advance(seconds=14)
    page.run()
    assert "can be paused" in page.errors
    clock.advance(seconds=2)
    page.run()
    assert "can be paused" not in page.errors


def test_failed_messages_are_tried_again_but_for_those_that_may_have_been_sent(workspace: Services) -> None:
    campaign = launched(workspace, {REFUSED: 4, UNKNOWN: 2, DELIVERED: 1}, is_done=True)
    page = Page("campaign", campaign=campaign)
    page.click("Retry failed …")
    words = page.words.replace("**", "")
    assert "4 failed messages are sent once more" in words
    assert "2 stay as they are: nobody knows whether the vendor has sent them already." in words
    page.click("Send again", dialog="Retry failed …")
    assert campaign_of(workspace, campaign)["state"] == "sending"
    assert "Failed messages are being put back in line" in page.words
    assert "Retry failed …" not in page.buttons()


def test_those_whose_failure_has_suppressed_them_are_not_counted_as_sent_again(workspace: Services) -> None:
    blocked = (MessageState.FAILED, "blocked_by_recipient")
    campaign = launched(workspace, {REFUSED: 4, blocked: 3, DELIVERED: 1}, is_done=True)
    page = Page("campaign", campaign=campaign, section="failures")
    page.click("Retry failed …")
    words = page.words.replace("**", "")
    assert "4 can be sent again. 3 get nothing: what the vendor said of them suppresses them over In-app." in words
    assert "4 failed messages are sent once more" in words
    only_blocked = launched(workspace, {blocked: 1, DELIVERED: 1}, is_done=True)
    assert "Retry failed …" not in Page("campaign", campaign=only_blocked).buttons()


def test_a_draft_is_edited_where_new_ones_are_written(workspace: Services) -> None:
    page = Page("campaign", campaign=draft(workspace))
    page.click("Edit")
    page.follow_to("new_campaign")
    assert page.title == "Spring"
    assert "wizard_next" in {button.key for button in page.test.button}


def test_copies_are_numbered_also_those_of_copies(workspace: Services) -> None:
    origin = draft(workspace, "Spring")
    copies = [workspace.campaigns.duplicate(origin, actor=TEST)]
    copies.append(workspace.campaigns.duplicate(copies[0]["_id"], actor=TEST))
    copies.append(workspace.campaigns.duplicate(origin, actor=TEST))
    long = workspace.campaigns.duplicate(draft(workspace, "x" * 100), actor=TEST)
    names = [each["name"] for each in (*copies, long)]
    assert names == ["Spring (copy)", "Spring (copy 2)", "Spring (copy 3)", f"{'x' * 93} (copy)"]


def test_a_copy_opens_as_a_draft(workspace: Services) -> None:
    campaign = launched(workspace, {DELIVERED: 1}, is_done=True)
    page = Page("campaign", campaign=campaign)
    page.click("Duplicate")
    page.follow_to("campaign")
    assert page.title == "Spring (copy)"
    assert "Nothing is sent before it is launched." in page.words


def test_an_archived_campaign_is_listed_only_where_archived_ones_are_asked_for(workspace: Services) -> None:
    kept, campaign = draft(workspace, "Kept"), draft(workspace, "Old")
    page = Page("campaign", campaign=campaign)
    page.click("Archive")
    assert "archived" in page.words
    page.go_to("campaigns")
    assert links_of(page, "Campaigns") == [f"campaign?campaign={kept}"]
    page.go_to("campaigns", state="archived")
    assert links_of(page, "Campaigns") == [f"campaign?campaign={campaign}"]
    page.go_to("campaign", campaign=campaign)
    page.click("Unarchive")
    page.go_to("campaigns")
    assert [row["Campaign"] for row in rows_of(page, "Campaigns")] == ["Old", "Kept"]


def test_a_scheduled_campaign_says_when_it_starts_and_afterwards_how_late_it_did(
    workspace: Services, clock: TestClock
) -> None:
    at = clock.now + timedelta(hours=2)
    made = workspace.campaigns.create(
        name="Later", channel="in_app", message="Hi", rule=RULE, actor=ASHA, schedule_at=at
    )
    page = Page("campaign", campaign=made["_id"])
    assert "Starts in 2 hours, at 2026-06-15 14:00:00 UTC, as asha has scheduled it." in page.words
    page.click("Cancel …")
    assert "It is not launched. Nobody gets a message." in page.words
    page.go_to("campaigns")
    assert rows_of(page, "Campaigns")[0]["When"] == "in 2 h"
    clock.advance(hours=5)
    page.go_to("campaign", campaign=made["_id"])
    assert "Due 3 hours ago, at 2026-06-15 14:00:00 UTC, and not launched yet." in page.errors
    workspace.campaigns.start_due(clock.now)
    page.run()
    assert "Scheduled for 2026-06-15 14:00:00 UTC, and launched 3 h late" in page.words


def test_a_start_that_failed_says_why_and_when_it_was_due(workspace: Services, clock: TestClock) -> None:
    segment = workspace.segments.save("Regulars", RULE, actor=TEST)["_id"]
    at = clock.now + timedelta(hours=1)
    fields: dict[str, Any] = {"name": "Later", "channel": "in_app", "message": "Hi", "segment_id": segment}
    made = workspace.campaigns.create(actor=ASHA, schedule_at=at, **fields)
    workspace.segments.remove(segment, actor=TEST)
    clock.advance(hours=1)
    workspace.campaigns.start_due(clock.now)
    page = Page("campaign", campaign=made["_id"])
    assert "Nothing was sent when it was due, at 2026-06-15 13:00:00 UTC: The segment “Regulars”" in page.errors
    page.go_to("campaigns")
    assert any("The segment “Regulars” of this draft was deleted." in each for each in exact_of(page, "Campaigns"))


def test_a_pause_by_itself_says_why(workspace: Services) -> None:
    campaign = launched(workspace, UNDER_WAY)
    workspace.campaigns.pause_for(campaign, "600 of the last 1,000 attempts failed.")
    page = Page("campaign", campaign=campaign)
    assert (
        "Paused by itself just now, at 2026-06-15 12:00:00 UTC: 600 of the last 1,000 attempts failed." in page.errors
    )
    page.go_to("campaigns")
    assert "600 of the last 1,000 attempts failed." in exact_of(page, "Campaigns")


def test_messages_that_wait_say_for_what_and_until_when(workspace: Services, clock: TestClock) -> None:
    campaign = launched(workspace, {DELIVERED: 2})
    waiting = [("q1", "quiet_hours", 2), ("q2", "quiet_hours", 6), ("l1", "cap_locked", 0)]
    for customer, reason, hours in waiting:
        row = new_row(campaign, customer, channel="in_app", at=clock.now)
        workspace.message_log.insert([row | {"reason": reason, "due_at": clock.now + timedelta(hours=hours)}])
    put(workspace, campaign, "sending", audience=5)
    words = Page("campaign", campaign=campaign).words.replace("**", "")
    until = "the first at 2026-06-15 14:00:00 UTC, the last at 2026-06-15 18:00:00 UTC"
    assert f"2 customers wait until their quiet hours are over: {until}." in words
    assert "1 customer waits a moment: another campaign is writing to them" in words
    assert "5 audience = 3 pending + 2 delivered, not opened" in words
    assert "2 of 5 handled\n" in words


def test_variants_and_holdout_stand_side_by_side_as_counts_and_rates(workspace: Services) -> None:
    rows: Rows = {DELIVERED: 2, (MessageState.CLICKED, None): 2, (MessageState.HELD_OUT, None): 1}
    campaign = launched(workspace, rows)
    variants = [{"name": name, "message": f"Body {name}", "subject": None, "weight": 50.0} for name in "AB"]
    workspace.db.campaigns.update_one({"_id": campaign}, {"$set": {"variants": variants}})
    for place, name in enumerate("AABB"):
        workspace.db.messages.update_one({"_id": f"{campaign}:c00{place}"}, {"$set": {"variant": name}})
    found = rows_of(Page("campaign", campaign=campaign), "Variants")
    told = [(row["Variant"], row["Customers"], row["Opened"], row["Clicked"]) for row in found]
    assert told == [
        ("A", "2", "0 · 0.0 %", "0 · 0.0 %"),
        ("B", "2", "2 · 100.0 %", "2 · 100.0 %"),
        ("Held out", "1", "–", "–"),
    ]


def test_the_definition_shows_every_option(workspace: Services) -> None:
    segment = workspace.segments.save("VIPs", EVERYONE, actor=TEST)["_id"]
    made = workspace.campaigns.create(
        name="Options",
        channel="email",
        message=None,
        variants=[{"name": name, "message": f"Body {name}", "subject": f"News {name}", "weight": 50} for name in "AB"],
        rule=RULE,
        exclude_segment_ids=[segment],
        exclude_recent_days=7,
        holdout_percent=10,
        intent="Win back",
        tags=["spring"],
        actor=TEST,
    )
    words = Page("campaign", campaign=made["_id"]).words
    for part in ("members of “VIPs”", "in the last 7 days", "10 % of the audience", "Win back", "spring", "E-mail"):
        assert part in words
    for part in ("Variant A · 50 %", "Variant B · 50 %", "News A", "Body B"):
        assert part in words
