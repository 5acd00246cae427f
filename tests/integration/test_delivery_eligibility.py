"""Who may not get a message gets none, and the log says why."""

from typing import Any

import pytest

from crm_core.audience.eligibility import Cap, Policy
from crm_core.campaigns.messages.rows import new_row
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.upgrades.version import VERSION_ID
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.databases import as_administrator
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers
from tests.workspace import set_workspace

ONE_A_WEEK = Policy(cap=Cap(1, 7))


@pytest.fixture
def people(services: Services) -> Services:
    """Three who visited and can be reached over every channel."""
    store_customers(services, *({"id": f"c{n}", "visits": 1, "phone": f"+9112345{n}"} for n in range(1, 4)))
    return services


def campaign_over(rig: Rig, channel: str = "in_app") -> str:
    """A campaign from launch to its last message."""
    campaign = rig.draft()
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$set": {"channel": channel}})
    rig.launch(campaign)
    rig.plan()
    rig.deliver()
    return campaign


def skipped(rig: Rig, campaign: str) -> dict[str, Any]:
    """Customer to reason; the rest of the audience was messaged."""
    rows = list(rig.services.db.messages.find({"campaign_id": campaign, "reason": {"$exists": True}}))
    assert all("sent_at" not in row and "text" not in row for row in rows)
    counts = rig.counts(campaign)
    assert counts.get("skipped", 0) == len(rows)
    assert counts.keys() <= {"sent", "skipped"}
    return {row["customer_id"]: row["reason"] for row in rows}


def test_each_reason_to_send_nothing_is_kept_and_nothing_is_sent(people: Services, clock: TestClock) -> None:
    store_customers(
        people,
        {"id": "refused", "visits": 1, "phone": "+911111", "consent": {"sms": "denied"}},
        {"id": "unreachable", "visits": 1, "email": "a@example.com"},
    )
    rig = Rig(people, ONE_A_WEEK)
    people.suppressions.add("c2", "sms", reason="complaint", actor=ASHA)
    people.message_log.insert([new_row("earlier", "c3", channel="sms", at=clock.now, state=MessageState.SENT)])
    campaign = campaign_over(rig, "sms")
    reasons = {"refused": "no_consent", "unreachable": "no_address", "c2": "suppressed", "c3": "frequency_cap"}
    assert skipped(rig, campaign) == reasons
    assert rig.vendor.asked == {"+91123451": 1}


def test_a_strict_workspace_messages_only_who_granted_consent(people: Services) -> None:
    store_customers(people, {"id": "c4", "visits": 1, "consent": {"in_app": "granted", "sms": "unknown"}})
    campaign = campaign_over(Rig(people, Policy(unknown_may_be_messaged=False)))
    assert people.message_log.stats(campaign).skipped_by_reason == {"no_consent": 3}


def test_a_suppression_of_another_channel_and_one_that_was_lifted_forbid_nothing(people: Services) -> None:
    rig = Rig(people)
    people.suppressions.add("c1", "email", reason="manual", actor=ASHA)
    people.suppressions.add("c2", "in_app", reason="manual", actor=ASHA)
    assert skipped(rig, campaign_over(rig)) == {"c2": "suppressed"}
    people.suppressions.lift("c2", "in_app", actor=ASHA)
    assert skipped(rig, campaign_over(rig)) == {}


def test_the_frequency_cap_counts_messages_of_earlier_campaigns_for_its_days(
    people: Services, clock: TestClock
) -> None:
    rig = Rig(people, ONE_A_WEEK)
    assert skipped(rig, campaign_over(rig)) == {}
    everyone = {f"c{n}": "frequency_cap" for n in range(1, 4)}
    clock.advance(days=7)
    assert skipped(rig, campaign_over(rig)) == everyone
    clock.advance(seconds=1)
    assert skipped(rig, campaign_over(rig)) == {}
    assert set(rig.vendor.asked.values()) == {2}


def test_two_campaigns_on_their_way_at_once_keep_the_cap(people: Services) -> None:
    rig = Rig(people, ONE_A_WEEK)
    campaigns = [rig.launch(rig.draft()) for _ in range(2)]
    rig.plan()
    rig.deliver()
    assert sorted(len(skipped(rig, campaign)) for campaign in campaigns) == [0, 3]
    assert rig.vendor.asked == {"c1": 1, "c2": 1, "c3": 1}


def test_a_cap_of_two_lets_the_second_message_through_and_not_the_third(people: Services) -> None:
    rig = Rig(people, Policy(cap=Cap(2, 7)))
    found = [len(skipped(rig, campaign_over(rig))) for _ in range(3)]
    assert found == [0, 0, 3]


def test_messages_over_another_channel_do_not_count(people: Services) -> None:
    rig = Rig(people, ONE_A_WEEK)
    for channel in ("sms", "in_app", "whatsapp"):
        assert skipped(rig, campaign_over(rig, channel)) == {}
    assert len(skipped(rig, campaign_over(rig, "sms"))) == 3


def test_messages_from_before_rows_named_their_channel_count_as_in_app(people: Services) -> None:
    rig = Rig(people, ONE_A_WEEK)
    campaign_over(rig)
    people.db.messages.update_many({}, {"$unset": {"channel": ""}})
    people.db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"version": 0}})
    build_services(as_administrator(people.settings)).close()
    assert skipped(rig, campaign_over(rig, "sms")) == {}
    assert len(skipped(rig, campaign_over(rig))) == 3


def test_what_the_vendor_refused_does_not_count(people: Services) -> None:
    rig = Rig(people, ONE_A_WEEK)
    rig.vendor.refused = "no"
    assert rig.counts(campaign_over(rig)) == {"failed": 3}
    rig.vendor.refused = None
    assert skipped(rig, campaign_over(rig)) == {}


def test_a_message_that_is_sent_again_after_a_crash_does_not_count_against_itself(
    people: Services, clock: TestClock
) -> None:
    rig = Rig(people, ONE_A_WEEK)
    campaign = campaign_over(rig)
    people.db.messages.update_many({}, {"$set": {"rank": 0}})
    clock.advance(seconds=1)
    rig.plan()
    rig.deliver()
    assert skipped(rig, campaign) == {}
    assert set(rig.vendor.asked.values()) == {2}
    assert len(rig.vendor.accepted) == 3


@pytest.mark.parametrize(("policy", "expected"), [(Policy(), 0), (ONE_A_WEEK, 1)])
def test_past_messages_are_asked_for_once_a_batch_and_only_for_a_cap(
    people: Services, policy: Policy, expected: int
) -> None:
    people.db.command("profile", 2)
    campaign_over(Rig(people, policy))
    people.db.command("profile", 0)
    asked = people.db["system.profile"].count_documents({"command.filter.sent_at": {"$exists": True}})
    suppressions = people.db["system.profile"].count_documents({"command.find": "suppressions"})
    assert (asked, suppressions) == (expected, 1)


def test_the_policy_is_what_the_settings_say(services: Services) -> None:
    assert services.policy == Policy()
    set_workspace(services, message_unknown_consent=False, frequency_cap=3, frequency_cap_days=30)
    assert services.policy == Policy(unknown_may_be_messaged=False, cap=Cap(3, 30))
