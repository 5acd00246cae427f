"""A campaign from draft to completed: launched once, planned whole, whatever crashes on the way."""

from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.errors import BadRule, Conflict, InvalidInput, NotFound
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, HELLO, Rig
from tests.integration.feeding import store_customers
from tests.integration.population import field, group


def test_a_campaign_is_complete_only_when_nothing_is_pending(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    for _ in range(3):
        rig.plan()
        assert rig.state(campaign) == "sending"
    rig.deliver()
    rig.plan()
    assert rig.state(campaign) == "completed"


def test_a_campaign_to_nobody_completes(rig: Rig) -> None:
    campaign = rig.launch(rig.draft(load_rule(group("all", field("visits", "gt", 100)))))
    rig.plan()
    rig.plan()
    assert rig.state(campaign) == "completed"
    assert rig.counts(campaign) == {}


def test_a_campaign_can_be_launched_once(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    with pytest.raises(
        Conflict, match="This campaign is preparing; only a draft or a scheduled campaign can be launched"
    ):
        rig.launch(campaign)
    rig.plan()
    rig.deliver()
    rig.plan()
    with pytest.raises(Conflict, match="is completed"):
        rig.launch(campaign)
    assert max(rig.vendor.asked.values()) == 1


@pytest.mark.parametrize(
    "rule", [EVERYONE, load_rule(group("all", group("none"))), load_rule(group("none", group("any")))]
)
def test_a_campaign_without_a_condition_needs_a_confirmation(rig: Rig, rule: Any) -> None:
    campaign = rig.draft(rule)
    with pytest.raises(Conflict, match="confirm_everyone"):
        rig.launch(campaign)
    assert rig.state(campaign) == "draft"
    rig.services.campaigns.launch(campaign, actor=ASHA, confirm_everyone=True)
    rig.plan()
    assert rig.counts(campaign) == {"pending": 6}


def test_a_launch_freezes_the_segment_as_it_is_then(rig: Rig, clock: TestClock) -> None:
    segment = rig.services.segments.save("Visitors", HAS_VISITED, actor=ASHA)
    campaign = rig.services.campaigns.create(
        name="June", channel="in_app", message=HELLO, segment_id=segment["_id"], actor=ASHA
    )["_id"]
    changed = field("visits", "gt", 1)
    rig.services.db.segments.update_one({"_id": segment["_id"]}, {"$set": {"rule": changed, "version": 2}})
    rig.launch(campaign)
    frozen = rig.services.campaigns.get(campaign)
    assert (frozen["rule"], frozen["segment_version"], frozen["segment_name"]) == (changed, 2, "Visitors")
    assert (frozen["launched_at"], frozen["launched_by"]) == (clock.now, "asha")
    rig.services.db.segments.update_one({"_id": segment["_id"]}, {"$set": {"rule": {"kind": "all", "rules": []}}})
    rig.plan()
    assert rig.counts(campaign) == {"pending": 1}


def test_every_step_of_a_campaign_is_audited(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    rig.plan()
    rig.plan()
    entries = rig.services.db.audit.find({"target": campaign}).sort("_id", 1)
    assert [(entry["actor"], entry["action"]) for entry in entries] == [
        ("asha", "campaign.create"),
        ("asha", "campaign.launch"),
        ("system", "campaign.sending"),
        ("system", "campaign.completed"),
    ]


def test_a_crash_after_rows_were_written_and_before_the_mark_moved_loses_nobody(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.message_log.insert([new_row(campaign, each, channel="in_app", at=clock.now) for each in ("c1", "c2")])
    rig.plan()
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.vendor.asked == {"c1": 1, "c2": 1, "c3": 1, "c6": 1}


def test_an_audience_walked_twice_holds_nobody_twice(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    back = {"$set": {"state": "preparing"}, "$unset": {"plan_after": 1, "planned_at": 1}}
    rig.services.db.campaigns.update_one({"_id": campaign}, back)
    rig.plan()
    assert rig.counts(campaign) == {"pending": 5}
    rig.deliver()
    assert rig.vendor.asked == {"c1": 1, "c2": 1, "c3": 1, "c6": 1}


def test_a_draft_that_breaks_a_rule_is_not_kept(rig: Rig) -> None:
    good: dict[str, Any] = {"name": "June", "channel": "in_app", "message": HELLO, "rule": HAS_VISITED, "actor": ASHA}
    for change, error, fault in (
        ({"name": " "}, InvalidInput, "name"),
        ({"channel": "pigeon"}, InvalidInput, "channel"),
        ({"message": "{{ customer.password }}"}, InvalidInput, "message"),
        ({"rule": None}, InvalidInput, "segment_id"),
        ({"segment_id": "nothing"}, InvalidInput, "segment_id"),
        ({"rule": load_rule(field("visits", "contains", "x"))}, BadRule, "rule.op"),
    ):
        with pytest.raises(error) as caught:
            rig.services.campaigns.create(**{**good, **change})
        assert caught.value.field == fault
    with pytest.raises(NotFound):
        rig.services.campaigns.create(**{**good, "rule": None, "segment_id": "nothing"})
    with pytest.raises(NotFound):
        rig.launch("nothing")
    assert rig.services.campaigns.page() == ([], None)


def test_a_message_may_use_attributes_that_somebody_has_or_that_are_declared(rig: Rig) -> None:
    size = "{% if customer.attributes.shoe_size > 40 %}large{% endif %}"
    with pytest.raises(InvalidInput, match="which is not known"):
        rig.draft(message=size)
    rig.services.attributes.declare("shoe_size", "number", actor=ASHA)
    rig.draft(message=size)
    rig.services.attributes.declare("shoe_size", None, actor=ASHA)
    with pytest.raises(InvalidInput, match="which is not known"):
        rig.draft(message=size)
    store_customers(rig.services, {"id": "c1", "attributes": {"shoe_size": 44}})
    rig.draft(message=size)
    store_customers(rig.services, {"id": "c2", "attributes": {"shoe_size": "large"}})
    rig.draft(message=size)


def test_campaigns_are_paged_newest_first(rig: Rig) -> None:
    ids = [rig.draft() for _ in range(3)]
    first, after = rig.services.campaigns.page(limit=2)
    rest, end = rig.services.campaigns.page(limit=2, after=after)
    assert [campaign["_id"] for campaign in first + rest] == ids[::-1]
    assert end is None
