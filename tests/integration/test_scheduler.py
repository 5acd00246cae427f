"""Scheduled campaigns are launched by the jobs worker, whatever else it is doing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from crm_core.imports.recognising.plan import ImportOptions
from crm_core.services import Services
from tests.actors import ASHA, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.running_app import ROOT
from tests.waiting import eventually

Process = subprocess.Popen[bytes]


@pytest.fixture
def worker(services: Services) -> Iterator[Process]:
    """A real jobs worker on the servers of the test, by the time of this computer, which is long after the test's."""
    settings = services.settings
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.jobs", "--instance", settings.mongodb_database],
        cwd=ROOT,
        env={**os.environ, **settings.to_env()},
        stdin=subprocess.DEVNULL,
    )
    yield process
    process.kill()
    process.wait()


def test_a_long_import_holds_up_no_campaign_and_the_scheduler_ends_with_its_worker(
    rig: Rig, worker: Process, clock: TestClock
) -> None:
    services = rig.services
    csv = b"id,customer_id,amount\no1,c1,5\n"
    import_id = services.imports.start("orders.csv", csv, ImportOptions(), actor=ASHA)
    imports = services.db.jobs
    eventually(lambda: imports.find_one({"_id": import_id, "done": 1}))  # nobody stores it, so the import goes on
    campaign = rig.draft(schedule_at=clock.now + timedelta(seconds=1))
    eventually(lambda: rig.state(campaign), lambda state: state == "preparing")
    assert services.campaigns.get(campaign)["late_s"] > 3600
    job = imports.find_one({"_id": import_id})
    assert job
    assert job["state"] == "running"
    with refusing(services, {"state": "preparing"}):
        rig.draft(schedule_at=clock.now + timedelta(seconds=1))
        assert worker.wait(30) == 1


@pytest.mark.usefixtures("worker")
def test_a_rehearsal_ends_while_a_long_import_runs(rig: Rig) -> None:
    services, campaign = rig.services, rig.draft()
    import_id = services.imports.start("orders.csv", b"id,customer_id,amount\no1,c1,5\n", ImportOptions(), actor=ASHA)
    eventually(lambda: services.db.jobs.find_one({"_id": import_id, "done": 1}))  # nobody stores it, so it goes on
    rehearsal = services.rehearsals.start(campaign, actor=ASHA)["_id"]
    eventually(lambda: services.rehearsals.get(campaign, rehearsal, actor=TEST)["state"], lambda state: state == "done")
    assert [job["state"] for job in services.imports.recent(actor=ASHA)] == ["running"]


@contextmanager
def refusing(services: Services, campaign: dict[str, Any]) -> Iterator[None]:
    """The database takes no such campaign: an unexpected fault."""
    services.db.command("collMod", "campaigns", validator={"$nor": [campaign]})
    try:
        yield
    finally:
        services.db.command("collMod", "campaigns", validator={})


def test_told_to_stop_both_loops_of_the_worker_end(rig: Rig, worker: Process, clock: TestClock) -> None:
    campaign = rig.draft(schedule_at=clock.now + timedelta(seconds=1))
    eventually(lambda: rig.state(campaign), lambda state: state == "preparing")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(30) == 0


def test_of_two_schedulers_at_once_one_launches_each_campaign(rig: Rig, clock: TestClock) -> None:
    made = {rig.draft(schedule_at=clock.now + timedelta(minutes=1)) for _ in range(5)}
    clock.advance(minutes=2)
    started: list[str] = []
    ready = Barrier(2)

    def schedule() -> None:
        ready.wait()
        started.extend(rig.services.campaigns.start_due(clock.now))

    threads = [Thread(target=schedule) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == sorted(made)
    assert rig.services.db.audit.count_documents({"action": "campaign.launch"}) == len(made)
