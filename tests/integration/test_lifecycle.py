"""A campaign's states: which change leaves which, who may be at once, and what becomes of the rows."""

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from threading import Barrier, Thread
from typing import Any

import pytest

from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.planning.progress import CLOSING
from crm_core.campaigns.states import CampaignState
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, Crash, Rig, receipt
from tests.integration.population import field

VERBS = ("launch", "unschedule", "pause", "resume", "cancel", "retry_failed", "archive")
ALLOWED: dict[str, set[str]] = {
    "draft": {"launch", "archive"},
    "scheduled": {"launch", "unschedule", "cancel"},
    "preparing": {"pause", "cancel"},
    "sending": {"pause", "cancel", "retry_failed"},
    "paused": {"resume", "cancel", "retry_failed"},
    "completed": {"retry_failed", "archive"},
    "cancelled": {"archive"},
    "failed": {"archive"},
}


def call(rig: Rig, verb: str, campaign: str) -> Any:
    return getattr(rig.services.campaigns, verb)(campaign, actor=ASHA)


def test_each_state_allows_what_it_should_and_refuses_the_rest_in_words(rig: Rig) -> None:
    for state, verb in itertools.product(CampaignState, VERBS):
        campaign = rig.draft()
        rig.services.db.campaigns.update_one({"_id": campaign}, {"$set": {"state": state}})
        rig.services.db.messages.insert_one({"_id": f"{campaign}:c1", "campaign_id": campaign, "rank": 2})
        if verb in ALLOWED[state]:
            call(rig, verb, campaign)
        else:
            with pytest.raises(Conflict, match=f"^This campaign is {state}; only an? .* campaign can be "):
                call(rig, verb, campaign)
            assert rig.state(campaign) == state
        audited = rig.services.db.audit.count_documents({"target": campaign, "actor": "asha"})
        assert audited == 1 + (verb in ALLOWED[state])


def test_of_two_who_click_at_once_one_changes_it_and_the_other_is_told(rig: Rig) -> None:
    def click(verb: str, campaign: str, found: list[str], start: Barrier) -> None:
        start.wait()
        try:
            call(rig, verb, campaign)
            found.append("done")
        except Conflict:
            found.append("refused")

    campaign = rig.draft()
    for verb in ("launch", "pause", "resume", "cancel"):
        found: list[str] = []
        start = Barrier(2)
        threads = [Thread(target=click, args=(verb, campaign, found, start)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found) == ["done", "refused"], verb
    actions = [entry["action"] for entry in rig.services.db.audit.find({"target": campaign}).sort("_id", 1)]
    assert actions == [f"campaign.{each}" for each in ("create", "launch", "pause", "resume", "cancel")]


@pytest.mark.parametrize("where", ["before the entry is written", "after it, before that is noted"])
def test_a_crash_after_a_change_loses_no_audit_entry_and_doubles_none(rig: Rig, where: str) -> None:
    def crash_at(change: Callable[[], Any]) -> None:
        write = rig.services.audit.write

        def die(entry: dict[str, Any]) -> None:
            if where.startswith("after"):
                write(entry)
            raise Crash

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(rig.services.audit, "write", die)
            with pytest.raises(Crash):
                change()

    campaigns = rig.services.campaigns
    crash_at(lambda: rig.draft(name="July"))
    campaign = str(campaigns.page()[0][0]["_id"])
    crash_at(lambda: campaigns.update(campaign, actor=BELA, message="Bye"))
    crash_at(lambda: call(rig, "launch", campaign))
    call(rig, "pause", campaign)
    crash_at(lambda: call(rig, "cancel", campaign))
    crash_at(lambda: call(rig, "archive", campaign))
    assert rig.state(campaign) == "cancelled"
    assert campaigns.audit_left() == 5
    assert campaigns.audit_left() == 0
    actions = [entry["action"] for entry in rig.services.db.audit.find({"target": campaign}).sort("_id", 1)]
    assert actions == [f"campaign.{each}" for each in ("create", "update", "launch", "pause", "cancel", "archive")]
    explained = rig.services.db.campaigns.find({"audit_due.at": {"$lte": rig.services.clock()}}).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 0


def test_the_campaign_worker_writes_the_entries_that_are_left(rig: Rig) -> None:
    campaign = rig.draft()
    rig.services.db.audit.delete_many({})
    entry = rig.services.audit.entry(ASHA, "campaign.create", campaign)
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$set": {"audit_due": [entry]}})
    assert rig.engine.run_once() == 1
    assert rig.services.db.audit.find_one({"target": campaign}) == entry


def test_nothing_is_sent_while_it_is_paused_and_everything_afterwards(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    call(rig, "pause", campaign)
    rig.finish(clock)
    assert rig.counts(campaign) == {"pending": 5}
    assert rig.services.publisher.backlog(Stream.DELIVERIES) == 0
    assert call(rig, "resume", campaign)["state"] == "sending"
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.state(campaign) == "completed"


def test_one_that_is_paused_while_its_audience_is_walked_goes_on_walking(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    call(rig, "pause", campaign)
    rig.plan()
    assert rig.counts(campaign) == {}
    assert call(rig, "resume", campaign)["state"] == "preparing"
    rig.finish(clock)
    assert rig.state(campaign) == "completed"


def test_a_cancelled_campaign_skips_what_nobody_has_begun_with(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    call(rig, "cancel", campaign)
    rig.finish(clock)
    assert rig.counts(campaign) == {"skipped": 5}
    assert rig.message_log.stats(campaign).skipped_by_reason == {"cancelled": 5}
    assert rig.services.campaigns.get(campaign)["audience"] == 5
    assert rig.vendor.asked == {}


def test_cancel_fails_in_flight_rows_once_acked_and_their_receipts_still_count(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.crash_after = True
    with pytest.raises(Crash):
        rig.delivery.run_once()
    call(rig, "cancel", campaign)
    rig.plan()
    assert rig.counts(campaign) == {"pending": 4, "skipped": 1}
    rig.services.redis.delete(Stream.DELIVERIES)
    rig.plan()
    assert rig.message_log.stats(campaign).failed_by_reason == {"outcome_unknown": 4}
    rig.receive(receipt(campaign, "c1", "delivered"))
    assert rig.counts(campaign) == {"delivered": 1, "failed": 3, "skipped": 1}
    clock.advance(seconds=CLOSING.total_seconds())
    rig.plan()
    assert "close_until" not in rig.services.campaigns.get(campaign)


def test_failed_messages_are_retried_once_under_new_keys_however_often_asked(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    rig.receive(receipt(campaign, "c1", "failed"), receipt(campaign, "c2", "failed", reason="blocked"))
    rig.plan()
    assert rig.state(campaign) == "completed"
    call(rig, "retry_failed", campaign)
    with pytest.raises(Conflict, match="are being tried again already"):
        call(rig, "retry_failed", campaign)
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    with pytest.raises(Conflict, match="No message of this campaign has failed"):
        call(rig, "retry_failed", campaign)
    keys = {f"{campaign}:{who}#{n}" for who, n in (("c1", 0), ("c1", 1), ("c2", 0), ("c2", 1), ("c3", 0), ("c6", 0))}
    assert rig.vendor.accepted.keys() == keys
    rig.receive(receipt(campaign, "c1", "delivered"))  # of the first try
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    rig.receive(receipt(campaign, "c1", "delivered", key=f"{campaign}:c1#1"))
    assert rig.counts(campaign) == {"delivered": 1, "sent": 3, "skipped": 1}


def test_a_campaign_is_not_completed_under_a_retry_that_comes_while_it_is_counted(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.refused = "spam"
    rig.deliver()
    rig.vendor.refused = None
    other = rig.another_engine()

    class Meanwhile(MessageLog):
        def stats(self, campaign_id: str, *, by_variant: bool = False) -> Stats:
            found = super().stats(campaign_id, by_variant=by_variant)
            call(rig, "retry_failed", campaign_id)
            assert (other.put_back_failed(), other.put_back_failed()) == (4, 0)
            return found

    late = rig.another_engine(message_log=Meanwhile(rig.services.db, rig.services.personal_reads, rig.services.moves))
    assert late.complete() == 0
    assert (rig.state(campaign), rig.counts(campaign)) == ("sending", {"pending": 4, "skipped": 1})
    rig.finish(clock)
    assert (rig.state(campaign), rig.counts(campaign)) == ("completed", {"sent": 4, "skipped": 1})


def test_a_retry_goes_on_after_a_crash_in_its_middle_and_counts_each_row_once(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.refused = "busy"
    rig.deliver()
    rig.plan()
    asked_at = call(rig, "retry_failed", campaign)["retry"]["at"]
    assert rig.services.pending_rows.reset_failed(campaign, asked_at, [], limit=1) == 1
    rig.finish(clock)  # the vendor refuses them again
    assert rig.counts(campaign) == {"failed": 4, "skipped": 1}
    assert {row.get("n") for row in rig.services.db.messages.find({"rank": 2})} == {1}
    assert rig.state(campaign) == "completed"


def test_a_due_campaign_starts_once_and_says_how_late(rig: Rig, clock: TestClock) -> None:
    campaigns = rig.services.campaigns
    at = clock.now + timedelta(hours=1)
    campaign = rig.draft(schedule_at=at)
    assert (rig.state(campaign), campaigns.start_due(clock.now)) == ("scheduled", [])
    clock.advance(hours=3)
    assert campaigns.start_due(clock.now) == [campaign]
    assert campaigns.start_due(clock.now) == []
    started = campaigns.get(campaign)
    assert (started["scheduled_at"], started["late_s"], started["launched_by"]) == (at, 7200, "asha")
    rig.finish(clock)
    assert rig.state(campaign) == "completed"


def test_a_due_campaign_whose_segment_is_gone_has_failed_and_says_why(rig: Rig, clock: TestClock) -> None:
    segment = rig.services.segments.save("Visitors", HAS_VISITED, actor=ASHA)
    at = clock.now + timedelta(hours=1)
    campaign = rig.draft(None, segment_id=segment["_id"], schedule_at=at)
    rig.services.segments.remove(segment["_id"], actor=ASHA)
    clock.advance(hours=2)
    assert rig.services.campaigns.start_due(clock.now) == []
    assert rig.state(campaign) == "failed"
    assert "“Visitors” of this draft was deleted" in rig.services.campaigns.get(campaign)["failure"]


MALFORMED: list[tuple[dict[str, Any], str]] = [
    ({"$unset": {"rule": ""}}, "This draft is stored without rule."),
    ({"$unset": {"message": "", "name": ""}}, "This draft is stored without name, message."),
    ({"$set": {"rule": field("shoe_size", "gt", 0)}}, "shoe_size"),
    ({"$set": {"rule": 5}}, "rule: "),
    ({"$set": {"channel": "fax"}}, "'fax'"),
    ({"$set": {"message": "{{ nobody }}"}}, "nobody"),
    ({"$set": {"variants": 5}}, "What is stored of it cannot be read (TypeError"),
    (
        {"$set": {"exclude_segments": [{"name": "Gone"}]}},
        "What is stored of it cannot be read (KeyError('segment_id'))",
    ),
    ({"$set": {"exclude_segments": [{"name": "Gone", "segment_id": "none"}]}}, "(“Gone”) cannot be used any more"),
]
BARE: tuple[dict[str, Any], str] = ({}, "This draft is stored without name, channel, message, segment_id, rule.")


def test_a_malformed_due_campaign_fails_with_its_reason_and_stops_no_other(rig: Rig, clock: TestClock) -> None:
    at = clock.now + timedelta(hours=1)
    broken = {rig.draft(schedule_at=at): each for each in MALFORMED}
    for campaign, (change, _) in broken.items():
        rig.services.db.campaigns.update_one({"_id": campaign}, change)
    rig.services.db.campaigns.insert_one({"_id": "bare", "state": "scheduled", "scheduled_at": at})
    good = rig.draft(schedule_at=at)
    clock.advance(hours=2)
    assert rig.services.campaigns.start_due(clock.now) == [good]
    for campaign, (_, words) in {**broken, "bare": BARE}.items():
        found = rig.services.campaigns.get(campaign)
        assert (found["state"], words in found["failure"]) == ("failed", True), found["failure"]
        assert rig.services.db.audit.count_documents({"target": campaign, "action": "campaign.failed"}) == 1


def test_a_draft_that_is_stored_malformed_is_refused_with_what_is_wrong(rig: Rig, clock: TestClock) -> None:
    services, soon = rig.services, clock.now + timedelta(hours=1)
    for change, words in MALFORMED:
        campaign = rig.draft()
        services.db.campaigns.update_one({"_id": campaign}, change)
        for ask in (
            partial(services.campaigns.launch, campaign),
            partial(services.campaigns.schedule, campaign, soon),
            partial(services.rehearsals.start, campaign),
        ):
            with pytest.raises((InvalidInput, Conflict), match=re.escape(words)):
                ask(actor=ASHA)
        assert rig.state(campaign) == "draft"


def test_a_schedule_is_refused_for_the_past_and_for_everyone_unconfirmed(rig: Rig, clock: TestClock) -> None:
    campaigns = rig.services.campaigns
    campaign = rig.draft(EVERYONE)
    soon = clock.now + timedelta(minutes=1)
    with pytest.raises(InvalidInput, match="has passed"):
        campaigns.schedule(campaign, clock.now, actor=ASHA, confirm_everyone=True)
    with pytest.raises(InvalidInput, match="time zone"):
        campaigns.schedule(campaign, soon.replace(tzinfo=None), actor=ASHA)
    with pytest.raises(Conflict, match="confirm_everyone"):
        campaigns.schedule(campaign, soon, actor=ASHA)
    campaigns.schedule(campaign, soon, actor=ASHA, confirm_everyone=True)
    campaigns.unschedule(campaign, actor=ASHA)
    clock.advance(hours=1)
    assert campaigns.start_due(clock.now) == []
    assert rig.state(campaign) == "draft"


def test_an_edited_draft_is_checked_and_launched_as_it_is(rig: Rig) -> None:
    campaigns = rig.services.campaigns
    campaign = rig.draft(exclude_recent_days=3, tags=["summer"])
    changed = campaigns.update(campaign, actor=BELA, message="Bye", rule=load_rule(field("visits", "eq", 0)))
    assert (changed["message"], changed["exclude_recent_days"], changed["tags"]) == ("Bye", 3, ["summer"])
    with pytest.raises(InvalidInput):
        campaigns.update(campaign, actor=BELA, message="{{ nobody }}")
    rig.launch(campaign)
    with pytest.raises(Conflict, match="only a draft campaign can be edited"):
        campaigns.update(campaign, actor=BELA, message="Too late")
    rig.plan()
    rig.deliver()
    assert [(row["customer_id"], row["text"]) for row in rig.services.db.messages.find()] == [("c5", "Bye")]


def test_a_copy_is_a_draft_of_its_own_and_an_archived_campaign_is_out_of_the_list(rig: Rig) -> None:
    campaigns = rig.services.campaigns
    origin = rig.launch(rig.draft(holdout_percent=50, tags=["a"]))
    copy = campaigns.duplicate(origin, actor=BELA)
    before = campaigns.get(origin)
    assert (copy["name"], copy["state"], copy["tags"], copy["holdout_percent"]) == ("June (copy)", "draft", ["a"], 50)
    assert copy["seed"] != before["seed"]
    assert not copy.keys() & {"launched_at", "plan_after", "audience"}
    campaigns.archive(copy["_id"], actor=BELA)
    campaigns.archive(copy["_id"], actor=BELA)
    assert [each["_id"] for each in campaigns.page()[0]] == [origin]
    assert [each["_id"] for each in campaigns.page(archived=True)[0]] == [copy["_id"]]
    campaigns.unarchive(copy["_id"], actor=BELA)
    assert campaigns.count_found("june", state=None) == 2


BAD_DRAFTS: list[tuple[dict[str, Any], str, str]] = [
    ({"channel": "email"}, "subject", "1 to"),
    ({"subject": "Hi"}, "subject", "Only a message over email or push has a subject"),
    ({"holdout_percent": 91}, "holdout_percent", "0 to 90"),
    ({"exclude_recent_days": 0}, "exclude_recent_days", "1 to 365"),
    ({"exclude_segment_ids": ["nothing"]}, "exclude_segment_ids[0]", "'nothing'"),
    ({"quiet_hours": "never"}, "quiet_hours", "'never'"),
    ({"tags": ["a", " "]}, "tags[1]", "1 to 50"),
    ({"intent": "x" * 501}, "intent", "at most 500"),
    ({"rule": None, "customer_ids": []}, "customer_ids", "at least 1"),
    ({"variants": [{"name": "A", "message": "a", "weight": 50}]}, "variants", "2 to 10"),
    ({"variants": [{"name": each, "message": "a", "weight": 50} for each in "AA"]}, "variants", "same name"),
    ({"variants": [{"name": each, "message": "a", "weight": 40} for each in "AB"]}, "variants", "together 100, not 80"),
    (
        {"variants": [{"name": "A", "message": "a", "weight": 50}, {"name": "B", "message": "{{ x }}", "weight": 50}]},
        "variants[1].message",
        "is not known",
    ),
]


def test_an_option_that_is_wrong_is_named_with_what_is_allowed(rig: Rig) -> None:
    for change, place, words in BAD_DRAFTS:
        message = None if "variants" in change else "Hi"
        with pytest.raises(InvalidInput, match=words) as caught:
            rig.draft(**{"message": message, **change})
        assert caught.value.field == place
