"""Nothing that jobs leave behind grows without bound: they expire after their end, the lost ones and their files go."""

from datetime import timedelta

import pytest

from crm_core.imports.recognising.plan import ImportOptions
from crm_core.infra.clock import utc_now
from crm_core.infra.streams import Stream
from crm_core.jobs.model import jobs_in
from crm_core.jobs.run import JobRun
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.importing import kept_files
from tests.integration.job_rig import work


@pytest.mark.parametrize("end", ["done", "cancelled", "lost"])
def test_an_ended_job_is_kept_for_thirty_days(services: Services, clock: TestClock, end: str) -> None:
    job_id = services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    clock.advance(days=2)
    if end == "done":
        work(services)
    elif end == "cancelled":
        services.demo_jobs.cancel(job_id, actor=ASHA)
    else:
        services.redis.delete(Stream.JOBS)
        services.job_runner.end_lost()
    job = services.db.jobs.find_one({"_id": job_id})
    assert job
    assert job["expires_at"] == job["finished_at"] + timedelta(days=30) == clock.now + timedelta(days=30)


def test_a_job_with_a_sign_of_life_does_not_expire(services: Services, clock: TestClock) -> None:
    job_id = services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    run = JobRun.begin(jobs_in(services.db), job_id, services.clock, lambda: None)
    assert run
    clock.advance(days=40)
    run.check()
    job = services.demo_jobs.latest()
    assert job
    assert (job["heartbeat_at"], job["expires_at"]) == (clock.now, clock.now + timedelta(days=30))


def test_lost_jobs_are_ended_and_their_files_removed(services: Services, clock: TestClock) -> None:
    services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    services.imports.start("people.csv", b"id\nc1\n", ImportOptions(), actor=ASHA)
    services.redis.delete(Stream.JOBS)
    assert services.job_runner.end_lost() == 0  # they may be about to be handed over
    clock.advance(minutes=1)
    assert services.job_runner.end_lost() == 2
    assert [job["state"] for job in services.db.jobs.find()] == ["failed", "failed"]
    assert kept_files(services) == 0
    assert services.job_runner.end_lost() == 0


def test_files_of_no_import_are_removed_after_an_hour(services: Services) -> None:
    services.imports.start("people.csv", b"id\nc1\n", ImportOptions(), actor=ASHA)
    services.import_files.keep("nobody", "lost.csv", b"id\nc1\n")
    services.db["import_files.chunks"].insert_one({"files_id": "half", "n": 0, "data": b"id"})
    later = utc_now() + timedelta(minutes=61)
    assert services.import_files.remove_orphans(later - timedelta(minutes=10)) == 0
    assert services.import_files.remove_orphans(later) == 2
    assert kept_files(services) == 2  # the file and its one chunk
    work(services)
    assert services.imports.recent(actor=ASHA)[0]["state"] == "done"
