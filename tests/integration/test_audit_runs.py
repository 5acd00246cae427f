"""What one person saves of a draft in a row is one audit entry; nothing of who changed what is lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crm_core.access.actor import Actor
from crm_core.access.audit_reading import AuditEntry, AuditFilter
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Doc
from crm_core.services import Services
from tests.actors import ASHA, BELA, ME
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, Crash


def begun(services: Services) -> Campaign:
    return services.campaigns.begin(name="June", channel="in_app", message="Hi", rule=HAS_VISITED, actor=ASHA)


def save(services: Services, campaign: Campaign, actor: Actor = ASHA, **fields: Any) -> Campaign:
    """As somebody does who has it open."""
    now = services.campaigns.get(campaign["_id"])
    return services.campaigns.save(campaign["_id"], now.get("revision", 0), actor=actor, **fields)


def told(services: Services, campaign: Campaign) -> list[AuditEntry]:
    """The oldest first."""
    found, _ = services.audit_reader.page(AuditFilter(target=campaign["_id"]), limit=100, actor=ME)
    return found[::-1]


def edits(services: Services, campaign: Campaign) -> list[tuple[str, int | None, Doc]]:
    """Who edited it, how often, and what."""
    found = [each for each in told(services, campaign) if each.action == "campaign.update"]
    return [(each.actor, each.count, {name: x for name, x in each.details.items() if name != "name"}) for each in found]


def test_forty_saves_in_a_row_are_one_entry_from_the_first_to_the_last(services: Services, clock: TestClock) -> None:
    campaign, start = begun(services), clock.now
    for number in range(39):
        clock.advance(seconds=30)
        save(services, campaign, message=f"Hi {number}")
    clock.advance(seconds=30)
    save(services, campaign, intent="sell")
    create, update = told(services, campaign)
    assert (create.action, create.count) == ("campaign.create", None)
    assert (update.count, update.begun_at, update.at) == (40, start + timedelta(seconds=30), clock.now)
    assert update.details == {
        "name": "June",
        "message": {"from": "Hi", "to": "Hi 38"},
        "intent": {"from": None, "to": "sell"},
    }
    assert services.audit_reader.get(update.id, actor=ME) == update
    assert services.db.audit.count_documents({"action": "campaign.update"}) == 0


def test_a_part_that_is_as_it_was_is_told_of_and_so_is_a_new_name(services: Services) -> None:
    campaign = begun(services)
    for name, value in (("name", "July"), ("message", "Bye"), ("message", "Hi"), ("name", "August")):
        change: Any = {name: value}
        save(services, campaign, **change)
    assert told(services, campaign)[1].details == {
        "name": {"from": "June", "to": "August"},
        "message": {"from": "Hi", "to": "Hi"},
    }


def test_somebody_else_or_the_same_from_elsewhere_begins_another_entry(services: Services) -> None:
    campaign = begun(services)
    for place, actor in enumerate((ASHA, ASHA, BELA, ASHA, replace(ASHA, origin="203.0.113.9"))):
        save(services, campaign, actor, message=f"{place}")
    assert edits(services, campaign) == [
        ("asha", 2, {"message": {"from": "Hi", "to": "1"}}),
        ("bela", 1, {"message": {"from": "1", "to": "2"}}),
        ("asha", 1, {"message": {"from": "2", "to": "3"}}),
        ("asha", 1, {"message": {"from": "3", "to": "4"}}),
    ]
    assert told(services, campaign)[-1].origin == "203.0.113.9"


def test_whatever_else_is_done_to_it_begins_another_entry(services: Services, clock: TestClock) -> None:
    campaign = begun(services)
    campaign_id, campaigns = campaign["_id"], services.campaigns
    save(services, campaign, message="a")
    campaigns.update(campaign_id, message="b", actor=ASHA)
    save(services, campaign, message="c")
    campaigns.schedule(campaign_id, clock.now + timedelta(hours=9), actor=ASHA)
    campaigns.unschedule(campaign_id, actor=ASHA)
    save(services, campaign, message="d")
    campaigns.archive(campaign_id, actor=ASHA)
    campaigns.unarchive(campaign_id, actor=ASHA)
    save(services, campaign, message="e")
    assert [(count, change["message"]["to"]) for _, count, change in edits(services, campaign)] == [
        (1, "a"),
        (None, "b"),
        (1, "c"),
        (1, "d"),
        (1, "e"),
    ]


def test_an_entry_grows_for_an_hour_and_then_stands_in_the_log(services: Services, clock: TestClock) -> None:
    campaign = begun(services)
    for number in range(4):
        save(services, campaign, message=f"{number}")
        clock.advance(minutes=25)
    assert [count for _, count, _ in edits(services, campaign)] == [3, 1]
    clock.advance(hours=2)
    before = told(services, campaign)
    assert services.db.audit_counts.count_documents({}) == 0
    assert services.db.audit.count_documents({"action": "campaign.update"}) == 2
    assert told(services, campaign) == before
    save(services, campaign, message="much later")
    assert [count for _, count, _ in edits(services, campaign)] == [3, 1, 1]


@pytest.mark.parametrize("where", ["before the entry is written", "after it, before that is noted"])
def test_a_crash_in_a_save_loses_no_change_and_counts_none_twice(
    services: Services, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    campaign, runs = begun(services), services.campaigns._runs
    write = runs.write
    save(services, campaign, message="a")

    def die(entry: Doc) -> None:
        if where.startswith("after"):
            write(entry)
        raise Crash

    monkeypatch.setattr(runs, "write", die)
    with pytest.raises(Crash):
        save(services, campaign, message="b")
    monkeypatch.undo()
    save(services, campaign, message="c")
    assert services.campaigns.audit_left() == 1
    assert services.campaigns.audit_left() == 0
    found = edits(services, campaign)
    assert (found[-1][2]["message"]["to"], sum(count or 0 for _, count, _ in found)) == ("c", 3)
    assert found[0][2]["message"]["from"] == "Hi"


def test_a_save_whose_entry_comes_after_its_run_was_moved_is_told_of_as_well(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign, runs = begun(services), services.campaigns._runs
    save(services, campaign, message="a")

    def die(entry: Doc) -> None:
        raise Crash

    monkeypatch.setattr(runs, "write", die)
    with pytest.raises(Crash):
        save(services, campaign, message="b")
    monkeypatch.undo()
    clock.advance(hours=2)
    assert len(edits(services, campaign)) == 1
    services.campaigns.audit_left()
    assert [change["message"]["to"] for _, _, change in edits(services, campaign)] == ["a", "b"]
    assert services.db.audit_counts.count_documents({}) == 0


def test_the_history_of_a_campaign_tells_of_it_at_once_and_later(services: Services, clock: TestClock) -> None:
    campaign, start = begun(services), clock.now
    save(services, campaign, name="July")
    clock.advance(minutes=5)
    save(services, campaign, message="Bye")
    for _ in range(2):
        edit, create = services.campaign_history.of(campaign["_id"], actor=ASHA)
        assert (create.action, create.edits, create.fields) == ("campaign.create", None, ())
        assert (edit.by, edit.fields, edit.edits, edit.begun_at) == ("asha", ("name", "message"), 2, start)
        clock.advance(hours=2)
        services.audit_counts.settle()
    assert services.campaigns.get(campaign["_id"])["state"] == CampaignState.DRAFT
