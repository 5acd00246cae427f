"""Imports and loads of demo data that somebody cancels."""

from collections.abc import Callable
from typing import Any

import pytest

from crm_core.errors import NotFound
from crm_core.infra.streams import Publisher, Stream
from crm_core.services import Services
from tests.actors import ASHA, BELA
from tests.integration.importing import GOOD_ORDERS, ORDERS, kept_files, read_import, start
from tests.integration.job_rig import Killed, jobs_worker


@pytest.mark.parametrize(("chunks", "accepted"), [(1, 1000), (3, GOOD_ORDERS)], ids=["in the middle", "while it waits"])
def test_a_cancelled_import_stops_at_the_next_chunk_and_says_how_much_was_accepted(
    services: Services, monkeypatch: pytest.MonkeyPatch, chunks: int, accepted: int
) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    cancel_after(services, monkeypatch, chunks, lambda: services.imports.cancel(import_id, actor=BELA))
    assert jobs_worker(services).run_once() == 1
    job = read_import(services, import_id)
    assert (job["state"], job["done"], job["accepted"], job["cancelled_by"]) == (
        "cancelled",
        accepted,
        accepted,
        "bela",
    )
    assert services.publisher.backlog(Stream.ORDERS) == accepted
    assert kept_files(services) == services.publisher.backlog(Stream.JOBS) == services.redis.xlen(Stream.DEAD) == 0
    entry = services.db.audit.find_one({"action": "import.cancel"})
    assert entry
    assert (entry["actor"], entry["target"]) == ("bela", import_id)


def test_a_cancelled_import_is_not_gone_on_with_after_its_worker_was_killed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel_and_die() -> None:
        services.imports.cancel(import_id, actor=BELA)
        raise Killed

    import_id = start(services, "orders.csv", ORDERS)
    cancel_after(services, monkeypatch, 2, cancel_and_die)
    with pytest.raises(Killed):
        jobs_worker(services).run_once()
    published = services.publisher.backlog(Stream.ORDERS)
    assert jobs_worker(services).run_once() == 1
    assert services.publisher.backlog(Stream.ORDERS) == published == 2000
    assert read_import(services, import_id)["state"] == "cancelled"
    assert services.publisher.backlog(Stream.JOBS) == 0


def test_an_import_that_is_cancelled_before_it_begins_never_does(services: Services) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    services.imports.cancel(import_id, actor=BELA)
    assert jobs_worker(services).run_once() == 1
    job = read_import(services, import_id)
    assert (job["state"], job["accepted"], "started_at" in job) == ("cancelled", 0, False)
    services.imports.cancel(import_id, actor=ASHA)  # once more changes nothing
    assert read_import(services, import_id) == job
    assert services.db.audit.count_documents({"action": "import.cancel"}) == 1
    with pytest.raises(NotFound):
        services.imports.cancel("nothing", actor=BELA)


def test_a_cancelled_load_of_demo_data_stops_and_another_can_begin(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = services.demo_jobs.start(customers=20, seed=1, actor=ASHA)
    cancel_after(services, monkeypatch, 1, lambda: services.demo_jobs.cancel(job_id, actor=BELA))
    assert jobs_worker(services).run_once() == 1
    job = services.demo_jobs.latest()
    assert job
    assert (job["state"], job["done"], job["total"] > 20) == ("cancelled", 20, True)
    assert services.publisher.backlog(Stream.CUSTOMERS) == 20
    assert services.publisher.backlog(Stream.ORDERS) == services.publisher.backlog(Stream.JOBS) == 0
    assert services.db.audit.count_documents({"action": "demo.cancel", "actor": "bela"}) == 1
    services.demo_jobs.start(customers=5, seed=1, actor=ASHA)


def cancel_after(
    services: Services, monkeypatch: pytest.MonkeyPatch, chunks: int, cancel: Callable[[], object]
) -> None:
    """Once so many chunks are published, and before the last of them is noted."""
    sent: list[int] = []
    publish = Publisher.publish

    def publish_and_cancel(self: Publisher, *args: Any, **options: Any) -> list[str]:
        ids = publish(self, *args, **options)
        sent.append(len(ids))
        if len(sent) == chunks:
            cancel()
        return ids

    monkeypatch.setattr(Publisher, "publish", publish_and_cancel)
