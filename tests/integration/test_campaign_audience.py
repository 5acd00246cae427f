"""Whom a campaign writes to: those that its rule meant at launch, with every segment as it was then."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.audience.model import Segment
from crm_core.campaigns.planning.planner import MAX_TRIES, REST
from crm_core.errors import BadRule, Conflict, InvalidInput
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, HELLO, Rig
from tests.integration.feeding import store_customers
from tests.integration.population import field, group

VISITED_ONCE = field("visits", "eq", 1)
VISITED_ONCE_IDS = {"c1", "c2", "c3", "c6"}


def save(rig: Rig, name: str, rule: dict[str, Any] = VISITED_ONCE) -> Segment:
    return rig.services.segments.save(name, load_rule(rule), actor=ASHA)


def change(rig: Rig, segment: Segment, rule: dict[str, Any]) -> None:
    rig.services.segments.change(segment["_id"], rule=load_rule(rule), actor=BELA)


def remove(rig: Rig, *segments: Segment) -> None:
    for segment in segments:
        rig.services.segments.remove(segment["_id"], actor=BELA)


def named(segment: Segment) -> dict[str, Any]:
    return {"kind": "segment", "segment_id": segment["_id"]}


def draft(rig: Rig, rule: dict[str, Any]) -> str:
    return rig.draft(load_rule(rule))


def draft_for(rig: Rig, segment: Segment) -> str:
    campaigns = rig.services.campaigns
    made = campaigns.create(name="June", channel="in_app", message=HELLO, segment_id=segment["_id"], actor=ASHA)
    return str(made["_id"])


def written_to(rig: Rig, campaign: str) -> set[str]:
    """Those in the message log once the launched campaign is planned."""
    rig.plan()
    assert rig.state(campaign) == "sending"
    return {row["customer_id"] for row in rig.services.db.messages.find({"campaign_id": campaign})}


def test_a_launch_keeps_every_segment_that_its_rule_leads_to(rig: Rig) -> None:
    inner = save(rig, "Inner")
    outer = save(rig, "Outer", group("all", named(inner)))
    change(rig, inner, group("any", VISITED_ONCE))
    campaign = rig.launch(draft(rig, group("any", named(outer), named(inner), VISITED_ONCE)))
    frozen = rig.services.campaigns.get(campaign)
    assert frozen["rule"] == group("any", named(outer), named(inner), VISITED_ONCE)
    assert frozen["rule_segments"] == [
        {"segment_id": outer["_id"], "name": "Outer", "version": 1, "rule": group("all", named(inner))},
        {"segment_id": inner["_id"], "name": "Inner", "version": 2, "rule": group("any", VISITED_ONCE)},
    ]
    assert frozen["segment_version"] is None


def test_a_rule_without_segments_keeps_none(rig: Rig) -> None:
    assert rig.services.campaigns.get(rig.launch(rig.draft()))["rule_segments"] == []


OUTLIVED: dict[str, Any] = {
    "changed": lambda rig, outer, inner: change(rig, inner, field("visits", "gte", 2)),
    "changed above": lambda rig, outer, inner: change(rig, outer, field("visits", "gte", 2)),
    "deleted": lambda rig, outer, inner: remove(rig, outer, inner),
    "emptied": lambda rig, outer, inner: change(rig, inner, group("all")),
}
"""What may become of segments between launch and planning."""


@pytest.mark.parametrize("outlive", OUTLIVED.values(), ids=OUTLIVED)
@pytest.mark.parametrize("through_a_segment", [False, True], ids=["by a rule of its own", "by a segment"])
def test_what_becomes_of_segments_after_the_launch_changes_nobody(
    rig: Rig, outlive: Any, through_a_segment: bool
) -> None:
    inner = save(rig, "Inner")
    outer = save(rig, "Outer", group("all", named(inner), field("visits", "is_set")))
    campaign = rig.launch(draft_for(rig, outer) if through_a_segment else draft(rig, named(outer)))
    outlive(rig, outer, inner)
    assert written_to(rig, campaign) == VISITED_ONCE_IDS
    rig.deliver()
    assert set(rig.vendor.asked) == VISITED_ONCE_IDS


def test_what_becomes_of_segments_before_the_launch_is_what_counts(rig: Rig) -> None:
    inner = save(rig, "Inner")
    outer = save(rig, "Outer", named(inner))
    campaigns = [draft_for(rig, outer), draft(rig, named(outer))]
    change(rig, inner, field("visits", "gte", 2))
    for campaign in campaigns:
        assert written_to(rig, rig.launch(campaign)) == {"c4"}


def test_a_walk_that_goes_on_after_a_crash_still_means_the_frozen_segments(rig: Rig) -> None:
    inner = save(rig, "Inner")
    campaign = rig.launch(draft(rig, named(inner)))
    assert written_to(rig, campaign) == VISITED_ONCE_IDS
    remove(rig, inner)
    store_customers(rig.services, {"id": "d1", "visits": 1}, {"id": "d2", "visits": 2})
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$set": {"state": "preparing"}})
    assert written_to(rig, campaign) == {*VISITED_ONCE_IDS, "d1"}


def test_a_campaign_launched_before_segments_were_kept_is_still_planned(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$unset": {"rule_segments": 1}})
    assert written_to(rig, campaign) == {*VISITED_ONCE_IDS, "c4"}


def test_a_rule_that_names_a_segment_without_conditions_needs_a_confirmation(rig: Rig) -> None:
    everyone = rig.services.segments.save("Everyone", EVERYONE, actor=ASHA)
    around = save(rig, "Around", group("all", named(everyone), group("none")))
    for campaign in (draft_for(rig, everyone), draft_for(rig, around), draft(rig, group("any", named(around)))):
        with pytest.raises(Conflict, match="confirm_everyone"):
            rig.launch(campaign)
        assert rig.state(campaign) == "draft"
    rig.services.campaigns.launch(campaign, actor=ASHA, confirm_everyone=True)
    assert len(written_to(rig, campaign)) == 6


def test_a_segment_that_lost_its_conditions_since_the_draft_needs_a_confirmation(rig: Rig) -> None:
    segment = save(rig, "Inner")
    campaigns = [draft_for(rig, segment), draft(rig, named(segment))]
    change(rig, segment, group("all"))
    for campaign in campaigns:
        with pytest.raises(Conflict, match="confirm_everyone"):
            rig.launch(campaign)


def test_a_condition_beside_a_segment_of_everyone_needs_no_confirmation(rig: Rig) -> None:
    everyone = rig.services.segments.save("Everyone", EVERYONE, actor=ASHA)
    campaign = rig.launch(draft(rig, group("all", named(everyone), VISITED_ONCE)))
    assert written_to(rig, campaign) == VISITED_ONCE_IDS


def test_a_launch_whose_segment_is_gone_says_so_and_leaves_the_draft(rig: Rig) -> None:
    segment = save(rig, "Gone")
    of_rule, of_segment = draft(rig, group("any", VISITED_ONCE, named(segment))), draft_for(rig, segment)
    remove(rig, segment)
    with pytest.raises(BadRule, match=r"there is no segment with the id") as caught:
        rig.launch(of_rule)
    assert caught.value.field == "rule.rules[1].segment_id"
    with pytest.raises(Conflict, match="The segment “Gone” of this draft was deleted"):
        rig.launch(of_segment)
    for campaign in (of_rule, of_segment):
        assert rig.state(campaign) == "draft"
        assert "rule_segments" not in rig.services.campaigns.get(campaign)
    rig.plan()
    assert rig.services.db.messages.count_documents({}) == 0


def test_a_draft_names_only_segments_that_there_are(rig: Rig) -> None:
    with pytest.raises(BadRule, match="there is no segment with the id 'nothing'") as caught:
        draft(rig, group("all", {"kind": "segment", "segment_id": "nothing"}))
    assert caught.value.field == "rule.rules[0].segment_id"
    assert rig.services.campaigns.page() == ([], None)


def test_attributes_events_and_lists_choose_an_audience(rig: Rig) -> None:
    store_customers(rig.services, {"id": "c1", "attributes": {"size": 44}}, {"id": "c2", "attributes": {"size": 40}})
    picked = {"kind": "list", "customer_ids": ["c6", "nobody"]}
    no_events = {"kind": "events", "type": "page_view", "op": "eq", "value": 0}
    rule = group("all", group("any", field("attributes.size", "gt", 42), picked), no_events)
    campaign = rig.launch(draft(rig, rule))
    assert written_to(rig, campaign) == {"c1", "c6"}


def test_a_campaign_whose_attribute_became_impossible_fails_alone_and_says_why(rig: Rig) -> None:
    store_customers(rig.services, {"id": "c1", "attributes": {"size": 44}})
    bad = rig.launch(draft(rig, field("attributes.size", "gt", 42)))
    good = rig.launch(rig.draft(HAS_VISITED))
    store_customers(rig.services, {"id": "c2", "attributes": {"size": "large"}})
    rig.plan()
    assert (rig.state(bad), rig.state(good)) == ("failed", "sending")
    assert "declare its type" in rig.services.campaigns.get(bad)["failure"]


DAMAGED: list[tuple[dict[str, Any], str]] = [
    ({"$unset": {"rule": ""}}, "Planning failed 5 times: KeyError('rule')."),
    ({"$unset": {"launched_at": ""}}, "Planning failed 5 times: KeyError('launched_at')."),
    ({"$set": {"rule": {"kind": "field"}}}, "rule"),
    ({"$set": {"exclude_recent_days": "x"}}, "Planning failed 5 times: TypeError"),
]


def test_a_launched_campaign_that_cannot_be_planned_fails_alone_and_says_why(rig: Rig, clock: TestClock) -> None:
    broken = {rig.launch(rig.draft()): each for each in DAMAGED}
    for campaign, (change, _) in broken.items():
        rig.services.db.campaigns.update_one({"_id": campaign}, change)
    good = rig.launch(rig.draft())
    for _ in range(MAX_TRIES):
        rig.plan()
        assert rig.state(good) == "sending"
        clock.advance(minutes=1)
    for campaign, (_, words) in broken.items():
        found = rig.services.campaigns.get(campaign)
        assert (found["state"], words in found["failure"]) == ("failed", True), found.get("failure")


def test_planning_outlives_a_fault_that_nobody_foresaw_and_that_passes(
    rig: Rig, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Exception):
        pass

    def fail(*_: Any) -> None:
        raise Full

    campaign = rig.launch(rig.draft())
    with monkeypatch.context() as broken:
        broken.setattr(rig.message_log, "insert", fail)
        for _ in range(2 * MAX_TRIES):
            rig.plan()
        assert rig.state(campaign) == "preparing"
    clock.advance(seconds=REST.total_seconds())
    assert written_to(rig, campaign) == {*VISITED_ONCE_IDS, "c4"}


def test_an_audience_too_large_to_keep_is_refused_and_stops_no_scheduled_campaign(rig: Rig, clock: TestClock) -> None:
    saved = [save(rig, f"List {number}", listed(number)) for number in range(4)]
    soon = clock.now + timedelta(minutes=1)
    large, good = draft(rig, group("any", *(named(each) for each in saved))), rig.draft(schedule_at=soon)
    for begin in (rig.launch, lambda each: rig.services.campaigns.schedule(each, soon, actor=ASHA)):
        with pytest.raises(InvalidInput, match=r"take 2\d\.\d MB; a campaign can keep 12 MB"):
            begin(large)
    rig.services.db.campaigns.update_one({"_id": large}, {"$set": {"state": "scheduled", "scheduled_at": soon}})
    assert rig.services.campaigns.start_due(soon) == [good]
    assert rig.state(large) == "failed"


def listed(number: int) -> dict[str, Any]:
    """Seven lists, as long as they may be."""
    lists = [[f"{number}-{part}-{each:05}".ljust(64, "x") for each in range(10_000)] for part in range(7)]
    return group("any", *({"kind": "list", "customer_ids": ids} for ids in lists))
