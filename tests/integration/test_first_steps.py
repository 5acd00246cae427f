"""How far somebody has come is read from what is stored: their own segments and campaigns, and nobody else's."""

from dataclasses import replace

import pytest

from crm_core.access.actor import Actor
from crm_core.campaigns.drafting.definition import FIRST_MESSAGE
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.insights.first_steps import FirstSteps
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, BEN
from tests.conftest import TestClock

State, M = CampaignState, MessageState
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 1})
OWN = "Hello"


def come(services: Services, actor: Actor = ASHA) -> FirstSteps:
    return services.first_steps.read(actor=actor)


def draft(services: Services, message: str = OWN, *, name: str = "Spring", actor: Actor = ASHA) -> Campaign:
    return services.campaigns.create(name=name, channel="in_app", message=message, rule=VISITED, actor=actor)


def sent(services: Services, states: dict[MessageState, int], *, name: str = "Spring", is_done: bool = True) -> str:
    """A campaign whose rows are written by hand."""
    campaign_id: str = draft(services, name=name)["_id"]
    services.campaigns.launch(campaign_id, actor=ASHA)
    made = [state for state, count in states.items() for _ in range(count)]
    rows = [
        new_row(campaign_id, f"c{place}", channel="in_app", at=services.clock(), state=state)
        for place, state in enumerate(made)
    ]
    if rows:
        services.message_log.insert(rows)
    services.campaigns.advance(
        campaign_id, State.PREPARING, State.SENDING, {"audience": len(rows), "planned_at": services.clock()}
    )
    if is_done:
        services.campaigns.advance(campaign_id, State.SENDING, State.COMPLETED, {"finished_at": services.clock()})
    return campaign_id


def test_in_an_empty_workspace_nothing_is_done(services: Services) -> None:
    assert come(services).done == (False, False, False, False)


def test_customers_of_the_workspace_are_everybodys_first_step(services: Services) -> None:
    services.db.customers.insert_many([{"_id": "a"}, {"_id": "b"}])
    assert come(services, BEN).customers == 2
    assert come(services).done == (True, False, False, False)


def test_a_segment_of_ones_own_is_an_audience_and_anothers_is_not(services: Services) -> None:
    services.segments.save("Visitors", VISITED, actor=BEN)
    assert not come(services).has_audience
    made = services.segments.save("Mine", VISITED, actor=ASHA)
    assert come(services).has_audience
    services.segments.remove(made["_id"], actor=ASHA)
    assert not come(services).has_audience


def test_a_draft_has_a_message_once_somebody_has_written_one(services: Services) -> None:
    begun = services.campaigns.begin(actor=ASHA, message=FIRST_MESSAGE, rule=VISITED)
    assert come(services).done == (False, True, False, False)
    written = services.campaigns.save(begun["_id"], begun.get("revision", 0), actor=ASHA, message="Ours")
    assert come(services).has_message
    variants = [{"name": name, "message": FIRST_MESSAGE, "weight": 50.0} for name in "AB"]
    again = services.campaigns.save(begun["_id"], written["revision"], actor=ASHA, message=None, variants=variants)
    assert not come(services).has_message
    variants[1]["message"] = "Another"
    services.campaigns.save(begun["_id"], again["revision"], actor=ASHA, variants=variants)
    assert come(services).has_message


def test_a_draft_without_an_audience_or_in_the_archive_does_not_count(services: Services) -> None:
    services.campaigns.begin(actor=ASHA, message=OWN)
    assert not come(services).has_audience
    put_away = draft(services)
    services.campaigns.archive(put_away["_id"], actor=ASHA)
    assert come(services).draft is None


def test_the_last_step_is_done_when_all_is_handled_and_somebody_got_it(services: Services) -> None:
    campaign_id = sent(services, {M.DELIVERED: 2, M.PENDING: 1}, is_done=False)
    under_way = come(services)
    assert (under_way.has_message, under_way.delivered, under_way.is_delivered) == (True, 2, False)
    services.db.messages.update_many({"rank": M.PENDING.rank}, {"$set": {"rank": M.CLICKED.rank}})
    services.campaigns.advance(campaign_id, State.SENDING, State.COMPLETED, {"finished_at": services.clock()})
    done = come(services)
    assert (done.delivered, done.is_delivered) == (3, True)
    assert not come(services, BEN).has_message


@pytest.mark.parametrize("states", [{}, {M.FAILED: 2, M.SKIPPED: 1}, {M.SENT: 3}], ids=str)
def test_a_campaign_that_nobody_got_is_not_the_end(services: Services, states: dict[MessageState, int]) -> None:
    sent(services, states)
    found = come(services)
    assert found.sent
    assert not found.is_delivered


def test_a_cancelled_campaign_leaves_the_step_open(services: Services) -> None:
    services.campaigns.cancel(sent(services, {M.DELIVERED: 1}, is_done=False), actor=ASHA)
    assert come(services).sent is None


def test_the_first_delivered_campaign_stays_the_end_of_the_tour(services: Services, clock: TestClock) -> None:
    sent(services, {M.SKIPPED: 1}, name="Nobody")
    clock.advance(minutes=1)
    first = sent(services, {M.DELIVERED: 1}, name="First")
    services.campaign_counter.run_once()
    clock.advance(minutes=1)
    sent(services, {M.DELIVERED: 1}, name="Second")
    services.campaign_counter.run_once()
    found = come(services)
    assert found.sent
    assert (found.sent["_id"], found.is_delivered) == (first, True)


def test_the_newest_is_offered_to_go_on_with(services: Services, clock: TestClock) -> None:
    for name in ("Old", "New"):
        services.segments.save(name, VISITED, actor=ASHA)
        draft(services, name=name)
        clock.advance(minutes=1)
    found = come(services)
    assert found.segment
    assert found.draft
    assert (found.segment["name"], found.draft["name"]) == ("New", "New")


def test_somebody_of_another_name_begins_anew(services: Services) -> None:
    draft(services)
    assert not come(services, replace(ASHA, name="asha rao")).has_audience
