"""Long work: asked for on a page, done by the jobs worker, its progress kept."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic_core import to_json

from crm_core.customers.totals import net_of
from crm_core.demo.generator import generate_demo
from crm_core.errors import Conflict, InvalidInput, Unavailable
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import INGESTED, Stream
from crm_core.jobs import run
from crm_core.jobs.import_run import ImportRunner
from crm_core.jobs.model import JobChange, JobState, jobs_in
from crm_core.jobs.run import JobRun
from crm_core.schema.statuses import SPEND_STATUSES
from crm_core.services import Services
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.feeding import read_state
from tests.integration.job_rig import Killed, ingest_worker, jobs_worker, work


def test_a_demo_job_ends_with_its_customers_and_orders_stored(services: Services) -> None:
    job_id = services.demo_jobs.start(customers=200, seed=3, actor=ASHA)
    queued = services.demo_jobs.latest()
    assert queued
    assert (queued["_id"], queued["state"], queued["created_by"]) == (job_id, "queued", "asha")
    with ingest_worker(services):
        assert jobs_worker(services).run_once() == 1
    job = services.demo_jobs.latest()
    stored = read_state(services)
    customers, orders = stored["customers"], stored["orders"]
    assert job
    assert job["state"] == "done"
    messages = services.db.messages.count_documents({})
    assert job["done"] == job["total"] == len(customers) + len(orders) + messages
    assert len(customers) == 200
    spend = sum(net_of(order) for order in orders if order["status"] in SPEND_STATUSES)
    assert sum(customer["total_spend_minor"] for customer in customers) == spend > 0


def test_doing_a_job_again_after_a_crash_changes_nothing(services: Services) -> None:
    job_id = services.demo_jobs.start(customers=20, seed=3, actor=ASHA)
    with ingest_worker(services):
        jobs_worker(services).run_once()
        before = read_lasting_state(services)
        services.publisher.publish(Stream.JOBS, [to_json({"job_id": job_id})])
        jobs_worker(services).run_once()
    assert read_lasting_state(services) == before
    assert len(before) > 20


def read_lasting_state(services: Services) -> list[Doc]:
    """All customers and orders without what says when they were last told to us."""
    moments = {"versions", "updated_at", "consent"}
    docs = [doc for part in read_state(services).values() for doc in part]
    return [{name: value for name, value in doc.items() if name not in moments} for doc in docs]


def test_a_job_waits_for_its_own_records_only_and_makes_them_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much arrives over the API meanwhile, and however long the ingest worker is away."""
    services.demo_jobs.start(customers=5, seed=3, actor=ASHA)
    worker = jobs_worker(services)
    monkeypatch.setattr(run, "PATIENCE_S", 0)
    for _ in range(3):
        with pytest.raises(Unavailable, match="Is the ingest worker running"):
            worker.run_once()
    job = services.demo_jobs.latest()
    assert job
    assert services.publisher.backlog(*INGESTED) == job["done"]
    with ingest_worker(services):
        services.publisher.wait_until_empty(*INGESTED, timeout_s=30)
    services.publisher.publish(Stream.EVENTS, [b'{"id": "later", "customer_id": "c1", "type": "visit"}'])
    services.publisher.publish(Stream.ORDERS, [b'{"id": "later", "customer_id": "c1", "amount": "1"}'])
    worker.run_once()
    done = services.demo_jobs.latest()
    assert done
    assert done["state"] == "done"


def test_a_job_that_is_cancelled_while_it_waits_ends_at_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = services.demo_jobs.start(customers=5, seed=3, actor=ASHA)
    monkeypatch.setattr(time, "sleep", lambda _: services.demo_jobs.cancel(job_id, actor=BELA))
    jobs_worker(services).run_once()
    job = services.demo_jobs.latest()
    assert job
    assert job["state"] == "cancelled"
    assert services.publisher.backlog(Stream.JOBS) == 0


def test_no_second_job_begins_before_the_first_has_ended(services: Services) -> None:
    services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    with pytest.raises(Conflict, match="a load of demo data under way already"):
        services.demo_jobs.start(customers=5, seed=1, actor=BELA)
    with ingest_worker(services):
        jobs_worker(services).run_once()
    services.demo_jobs.start(customers=5, seed=1, actor=BELA)


def test_a_job_that_cannot_be_done_is_refused_when_asked_for_and_blocks_nothing(services: Services) -> None:
    for customers, seed in ((0, 1), (2_000_001, 1), (10, -1)):
        with pytest.raises(InvalidInput):
            services.demo_jobs.start(customers=customers, seed=seed, actor=ASHA)
    assert services.demo_jobs.latest() is None
    assert services.publisher.backlog(Stream.JOBS) == 0
    services.demo_jobs.start(customers=5, seed=1, actor=ASHA)


def test_a_job_that_nobody_will_do_any_more_does_not_bar_another(services: Services, clock: TestClock) -> None:
    """Its entry was given up and buried, or never published: the job says running for ever."""
    services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    assert services.demo_jobs.is_running()
    services.redis.delete(Stream.JOBS)
    clock.advance(minutes=1)
    assert not services.demo_jobs.is_running()
    services.demo_jobs.start(customers=5, seed=1, actor=BELA)


def test_asking_for_a_job_is_audited(services: Services) -> None:
    job_id = services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    entry = services.db.audit.find_one({"action": "demo.load"})
    assert entry
    assert (entry["actor"], entry["target"], entry["details"]) == ("asha", job_id, {"customers": 5, "seed": 1})


ASKED = {
    "demo": lambda services: services.demo_jobs.start(customers=5, seed=1, actor=ASHA),
    "import": lambda services: services.imports.start("people.csv", b"id\nc1\n", ImportOptions(), actor=ASHA),
    "rehearsal": lambda services: services.rehearsals.start("c", actor=ASHA),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_no_job_is_done_that_could_not_be_audited(
    services: Services, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Services], object]
) -> None:
    def away(*_: object, **__: object) -> None:
        raise Unavailable("no database")

    fields = {"name": "A", "channel": "in_app", "message": "Hi", "customer_ids": ["c1"]}
    services.campaigns.create(actor=ASHA, new_id=lambda: "c", **fields)  # type: ignore[arg-type]
    monkeypatch.setattr(services.audit, "record", away)
    with pytest.raises(Unavailable):
        ask(services)
    assert services.publisher.backlog(Stream.JOBS) == 0


def test_an_entry_that_names_no_job_is_buried(services: Services) -> None:
    services.db.jobs.insert_one({"_id": "another", "kind": "demo", "state": "queued"})
    services.publisher.publish(Stream.JOBS, [b'{"job_id": "nothing"}', b'{"job_id": {"$gt": ""}}', b"no json", b"[]"])
    worker = jobs_worker(services)
    for _ in range(5):
        worker.run_once()
    assert services.redis.xlen(Stream.DEAD) == 4
    assert services.publisher.backlog(Stream.JOBS) == 0


def test_of_two_clicks_at_once_one_starts_a_load(services: Services) -> None:
    with ThreadPoolExecutor(2) as threads:
        clicks = [threads.submit(services.demo_jobs.start, customers=5, seed=1, actor=ASHA) for _ in range(2)]
    assert sorted(click.exception() is None for click in clicks) == [False, True]
    assert services.publisher.backlog(Stream.JOBS) == services.db.jobs.count_documents({}) == 1


def test_a_job_that_gets_further_each_time_is_not_given_up(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its worker is killed more often than an entry is tried, each time a thousand records later."""
    csv = "id,customer_id,amount\n" + "".join(f"o{number},c1,1\n" for number in range(8_000))
    services.imports.start("orders.csv", csv.encode(), ImportOptions(), actor=ASHA)
    note = JobRun.note

    def note_and_die(self: JobRun, values: JobChange) -> None:
        note(self, values)
        if values.get("done"):
            raise Killed

    monkeypatch.setattr(JobRun, "note", note_and_die)
    for done in range(1, 9):
        with pytest.raises(Killed):
            jobs_worker(services).run_once()
        assert services.imports.recent(actor=ASHA)[0]["done"] == done * 1_000
    monkeypatch.undo()
    with ingest_worker(services):
        jobs_worker(services).run_once()
    (job,) = services.imports.recent(actor=ASHA)
    assert (job["state"], job["runs"], job["accepted"]) == ("done", 9, 8_000)
    assert services.redis.xlen(Stream.DEAD) == 0


def test_a_job_that_ends_its_worker_without_getting_further_is_given_up_and_says_so(
    services: Services, monkeypatch: pytest.MonkeyPatch, clock: TestClock
) -> None:
    services.imports.start("people.csv", b"id\nc1\n", ImportOptions(), actor=ASHA)

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(ImportRunner, "work", die)
    for _ in range(6):
        with pytest.raises(Killed):
            jobs_worker(services).run_once()
    jobs_worker(services).run_once()
    clock.advance(minutes=1)
    (job,) = services.imports.recent(actor=ASHA)
    assert (job["state"], services.redis.xlen(Stream.DEAD)) == ("failed", 1)
    assert "The jobs worker gave it up" in job["failure"]


def test_a_worker_that_was_overtaken_writes_nothing_any_more(services: Services) -> None:
    job_id = services.imports.start("people.csv", b"id\nc1\n", ImportOptions(), actor=ASHA)
    first, second = (JobRun.begin(jobs_in(services.db), job_id, services.clock, lambda: None) for _ in range(2))
    assert first
    assert second
    second.note({"done": 1})
    with pytest.raises(Unavailable, match="Another worker goes on with this job"):
        first.note({"done": 0})
    with pytest.raises(Unavailable, match="Another worker goes on with this job"):
        first.end(JobState.DONE, {})
    (job,) = services.imports.recent(actor=ASHA)
    assert (job["state"], job["done"], job["runs"]) == ("running", 1, 2)


def test_an_interrupted_demo_load_goes_on_where_it_was(
    services: Services, monkeypatch: pytest.MonkeyPatch, clock: TestClock
) -> None:
    """Its worker is killed after every batch, and a day passes each time: no record is made twice or otherwise."""
    services.demo_jobs.start(customers=600, seed=3, actor=ASHA)
    begun_at, note, done = clock.now, JobRun.note, [0]

    def note_and_die(self: JobRun, values: JobChange) -> None:
        note(self, values)
        if values.get("done"):
            raise Killed

    monkeypatch.setattr(JobRun, "note", note_and_die)
    made = generate_demo(customers=600, seed=3, now=begun_at)
    while (job := services.demo_jobs.latest()) and job["done"] < made.customer_count + made.order_count:
        with pytest.raises(Killed):
            jobs_worker(services).run_once()
        clock.advance(days=1)
        done.append(services.demo_jobs.latest()["done"])  # type: ignore[index]
    monkeypatch.undo()
    assert len(done) > 3
    assert done == sorted(set(done))
    assert services.redis.xlen(Stream.CUSTOMERS) == made.customer_count
    assert services.redis.xlen(Stream.ORDERS) == made.order_count
    work(services)
    assert services.demo_jobs.latest()["state"] == "done"  # type: ignore[index]
    newest = services.db.orders.find_one(sort=[("ordered_at", -1)])
    assert newest
    assert newest["ordered_at"] <= begun_at
