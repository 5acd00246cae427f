"""Percent ranks of a campaign: found when its evaluation begins, the same for its audience and its exclusions."""

from crm_core.campaigns.planning.plan import Plan
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA
from tests.integration.campaign_rig import Rig
from tests.integration.population import field

HIGHEST = load_rule(field("visits", "in_top_percent", 10))


def new_plan(services: Services) -> Plan:
    return Plan(services.audience, services.message_log, services.recipients.address_keys)


def test_a_campaign_finds_a_rank_once(rig: Rig) -> None:
    services = rig.services
    campaign = services.campaigns.get(rig.launch(rig.draft(HIGHEST)))
    plan = new_plan(services)
    assert list(plan.walk(campaign)) == ["c4"]
    services.db.customers.update_one({"_id": "c1"}, {"$set": {"visits": 5}})
    assert list(plan.walk(campaign)) == ["c1", "c4"]
    assert list(new_plan(services).walk(campaign)) == ["c1"]


def test_who_ranks_highest_is_excluded_by_the_rank_of_the_evaluation(rig: Rig) -> None:
    services = rig.services
    segment = services.segments.save("Highest", HIGHEST, actor=ASHA)
    campaign_id = rig.launch(rig.draft(exclude_segment_ids=[segment["_id"]]))
    rig.plan()
    assert rig.message_log.stats(campaign_id).skipped_by_reason == {"excluded_segment": 1}
    assert rig.row(campaign_id, "c4")["reason"] == "excluded_segment"
