"""While no campaign is at work, the campaign worker asks one question a step; it finds whatever comes to be done."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from crm_core.campaigns.engine import Engine
from crm_core.campaigns.planning.progress import AT_WORK
from crm_core.infra.mongo import Doc
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig, receipt


class Questions(CommandListener):
    """How often the database was asked for something."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.count += event.command_name in {"find", "aggregate", "update", "findAndModify"}

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


@pytest.fixture
def questions() -> Questions:
    return Questions()


@pytest.fixture
def engine(services: Services, questions: Questions) -> Iterator[Engine]:
    with MongoClient[Doc](services.settings.mongodb_uri, tz_aware=True, event_listeners=[questions]) as client:
        yield replace(services, db=client[services.db.name]).engine


def rest(engine: Engine) -> None:
    for _ in range(9):
        if not engine.run_once():
            break
    assert engine.run_once() == 0


def test_a_worker_at_rest_asks_one_question(rig: Rig, engine: Engine, questions: Questions) -> None:
    rig.draft()
    rest(engine)
    before = questions.count
    assert engine.run_once() == 0
    assert questions.count == before + 1


def test_a_worker_at_rest_finds_each_kind_of_work(rig: Rig, engine: Engine, clock: TestClock) -> None:
    campaigns = rig.services.campaigns
    first, second = rig.draft(), rig.draft()
    rest(engine)
    rig.services.db.campaigns.update_one(
        {"_id": second}, {"$set": {"audit_due": [rig.services.audit.entry(ASHA, "campaign.create", second)]}}
    )
    assert engine.run_once() == 1, "an entry of the audit log"
    rest(engine)
    campaigns.launch(first, actor=ASHA)
    assert engine.run_once(), "a launched campaign"
    rig.deliver()
    rig.receive(receipt(first, "c1", "failed", reason="blocked"))
    rig.finish(clock)
    assert rig.state(first) == "completed"
    rest(engine)
    campaigns.retry_failed(first, actor=ASHA)
    assert engine.run_once(), "failed messages to be put back"
    campaigns.launch(second, actor=ASHA)
    campaigns.pause(second, actor=ASHA)
    campaigns.cancel(first, actor=ASHA)
    rig.finish(clock)
    clock.advance(minutes=11)
    rest(engine)
    campaigns.cancel(second, actor=ASHA)
    assert engine.run_once() == 0
    assert rig.services.db.campaigns.find_one({"_id": second, "closed_at": {"$exists": True}}), "its end"


def test_a_worker_takes_up_a_paused_campaign_when_it_is_resumed(rig: Rig, engine: Engine) -> None:
    campaign = rig.launch(rig.draft())
    rig.services.campaigns.pause(campaign, actor=ASHA)
    rest(engine)
    rig.services.campaigns.resume(campaign, actor=ASHA)
    assert engine.run_once()


def test_campaigns_at_work_are_found_by_indexes(rig: Rig) -> None:
    for _ in range(9):
        rig.draft()
    explained = rig.services.db.campaigns.find(AT_WORK).explain()
    assert explained["executionStats"]["totalDocsExamined"] == 0
