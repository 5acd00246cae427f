"""Exports as jobs: gone on with after a crash, cancelled, not kept for longer than a day, never two halves of one."""

from typing import Any

import pytest

from crm_core.errors import Conflict, NotFound
from crm_core.infra.streams import Stream
from crm_core.jobs import export_run
from crm_core.jobs.export_parts import ExportParts
from crm_core.services import Services
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.exporting import export, kept_parts, read_export, rows_of, start, take
from tests.integration.feeding import store_customers
from tests.integration.job_rig import Killed, jobs_worker

MANY = 25


@pytest.fixture
def shop(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Each piece of a file has four customers or so."""
    monkeypatch.setattr(export_run, "PART_BYTES", 200)
    monkeypatch.setattr(export_run, "READ_AT_ONCE", 10)
    store_customers(services, *({"id": f"c{number:03}", "attributes": {"plan": "gold"}} for number in range(MANY)))
    return services


@pytest.mark.parametrize("is_kept", [False, True], ids=["before the piece", "between the piece and its note"])
def test_after_a_crash_it_goes_on_after_the_last_customer_noted(shop: Services, *, is_kept: bool) -> None:
    whole = export(shop)
    export_id = start(shop)
    put, pieces = ExportParts.put, 0

    def die_in_the_third(parts: ExportParts, for_id: str, data: bytes) -> Any:
        nonlocal pieces
        pieces += 1
        if pieces == 3 and is_kept:
            put(parts, for_id, data)
        if pieces == 3:
            raise Killed
        return put(parts, for_id, data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ExportParts, "put", die_in_the_third)
        with pytest.raises(Killed):
            jobs_worker(shop).run_once()
    half = read_export(shop, export_id)
    assert half["state"] == "running"
    assert 0 < half["done"] < MANY
    store_customers(shop, {"id": "c0000", "attributes": {"later": 1}})  # behind, with an attribute that is new
    jobs_worker(shop).run_once()
    job = read_export(shop, export_id)
    assert (job["state"], job["runs"], job["done"], job["total"]) == ("done", 2, MANY, MANY)
    assert take(shop, export_id) == whole
    assert len(rows_of(whole)) == MANY


def test_a_cancelled_export_keeps_no_file(shop: Services) -> None:
    export_id = start(shop)
    put = ExportParts.put

    def cancel_and_put(parts: ExportParts, for_id: str, data: bytes) -> Any:
        if not kept_parts(shop):
            shop.exports.cancel(export_id, actor=BELA)
        return put(parts, for_id, data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ExportParts, "put", cancel_and_put)
        jobs_worker(shop).run_once()
    job = read_export(shop, export_id)
    assert (job["state"], job["cancelled_by"]) == ("cancelled", "bela")
    assert kept_parts(shop) == 0
    with pytest.raises(Conflict, match="This export is cancelled"):
        shop.exports.open(export_id, actor=ASHA)
    entries = shop.db.audit.find({"target": export_id}).sort("_id", 1)
    assert [row["action"] for row in entries] == ["export.start", "export.cancel"]


def test_a_file_is_kept_for_a_day_after_its_end(shop: Services, clock: TestClock) -> None:
    export_id = start(shop)
    clock.advance(hours=20)
    jobs_worker(shop).run_once()
    expiring = {row["expires_at"] for row in shop.db.export_parts.find()}
    assert expiring == {read_export(shop, export_id)["file_until"]}
    clock.advance(hours=3)
    assert len(rows_of(take(shop, export_id))) == MANY
    clock.advance(hours=21)
    with pytest.raises(NotFound, match="This file was kept for 1 day and is gone"):
        shop.exports.open(export_id, actor=ASHA)
    assert shop.exports.recent(actor=ASHA) == []
    index = shop.db.export_parts.index_information()["expires_at_1"]
    assert index["expireAfterSeconds"] == 0


def test_a_piece_that_is_gone_ends_the_download(shop: Services) -> None:
    export_id = start(shop)
    jobs_worker(shop).run_once()
    shop.db.export_parts.delete_one({})
    with pytest.raises(NotFound, match="not kept any more"):
        take(shop, export_id)


def test_one_that_no_worker_gets_is_failed_in_words(shop: Services, clock: TestClock) -> None:
    export_id = start(shop)
    shop.redis.delete(Stream.SHORT_JOBS)
    clock.advance(minutes=1)
    assert shop.job_runner.end_lost() == 1
    job = read_export(shop, export_id)
    assert (job["state"], "ask for the export again" in job["failure"]) == ("failed", True)


def test_the_list_of_exports_has_neither_rules_nor_pieces(shop: Services) -> None:
    export(shop)
    (job,) = shop.exports.recent(actor=ASHA)
    assert not {"rule", "parts", "columns"} & job.keys()
