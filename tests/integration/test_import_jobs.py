"""Uploaded files: imported by the jobs worker, gone on with after a crash, ended in words when they cannot be."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from pydantic_core import from_json

from crm_core.errors import InvalidInput, Unavailable
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import try_import
from crm_core.infra.streams import Publisher, Stream
from crm_core.jobs import run
from crm_core.jobs.import_files import MAX_FILE_BYTES
from crm_core.services import Services
from tests.actors import ASHA, TEST
from tests.conftest import TestClock
from tests.integration.feeding import read_state, store_customers
from tests.integration.importing import CUSTOMERS, EVENTS, GOOD_ORDERS, ORDERS, kept_files, read_import, start
from tests.integration.job_rig import Killed, jobs_worker, work


@pytest.mark.parametrize(
    ("name", "text", "options", "kind", "count"),
    [
        ("people.csv", CUSTOMERS, {"mapping": {"plan": "attributes.plan:text"}}, "customers", 2),
        ("orders.csv", ORDERS, {}, "orders", GOOD_ORDERS),
        ("events.ndjson", EVENTS, {}, "events", 1),
        ("CDNOW_master.txt", "00001 19970101  1   11.77\n00002 19970112 5 77.00\n", {}, "orders", 2),
    ],
)
def test_a_file_of_each_kind_ends_stored_and_is_not_kept(
    services: Services, name: str, text: str, options: dict[str, Any], kind: str, count: int
) -> None:
    import_id = start(services, name, text, **options)
    queued = read_import(services, import_id)
    assert (queued["state"], queued["records"], queued["total"], queued["created_by"]) == (
        "queued",
        kind,
        count,
        "asha",
    )
    assert kept_files(services) > 0
    assert work(services) == 1
    done = read_import(services, import_id)
    assert (done["state"], done["done"], done["accepted"], done["rejected"]) == ("done", count, count, 0)
    assert done["started_at"] == done["finished_at"] == services.clock()
    assert len(read_state(services)[kind]) == count
    assert kept_files(services) == services.publisher.backlog(Stream.JOBS) == 0


def test_what_is_stored_is_what_the_file_says_under_the_mapping(services: Services) -> None:
    mapping = {"Customer no": "id", "Plan": "attributes.plan:text", "Secret": ""}
    start(services, "people.csv", "Customer no,name,Plan,Secret\nc1,Asha,7,x\n", kind_name="customers", mapping=mapping)
    work(services)
    (customer,) = read_state(services)["customers"]
    assert (customer["_id"], customer["name"], customer["attributes"]) == ("c1", "Asha", {"plan": "7"})
    assert "Secret" not in str(customer)


def test_records_say_which_import_they_come_from(services: Services) -> None:
    import_id = start(services, "events.ndjson", EVENTS)
    import_run_entries(services)
    entries: Any = services.redis.xrange(Stream.EVENTS)
    assert [fields[b"o"].decode() for _, fields in entries] == [f"import:{import_id}"]


def import_run_entries(services: Services) -> None:
    """Publish and do not wait for the ingest worker, as there is none."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "PATIENCE_S", 0)
        with pytest.raises(Unavailable, match="none is lost"):
            jobs_worker(services).run_once()


def test_rejected_lines_are_named_and_the_others_are_taken(services: Services) -> None:
    text = "id,customer_id,amount\no1,c1,5\no2,c1,many\no3,,7\no4,c1,-1\no5,c1\no6,c2,8\n"
    import_id = start(services, "orders.csv", text)
    work(services)
    job = read_import(services, import_id)
    assert (job["state"], job["done"], job["accepted"], job["rejected"]) == ("done", 6, 2, 4)
    assert [row["line"] for row in job["errors"]] == [3, 4, 5, 6]
    assert [row["message"] for row in job["errors"]] == [
        "column amount: 'many' is not a number such as 29.33.",
        "customer_id is required",
        "amount must be between 0 and 1,000,000,000,000 (here -1)",
        "Line 6 has 2 cells; the header has 3.",
    ]
    assert [order["_id"] for order in read_state(services)["orders"]] == ["o1", "o6"]


def test_only_the_first_rejected_lines_are_kept_and_all_are_counted(services: Services) -> None:
    import_id = start(services, "orders.csv", "id,customer_id,amount\n" + "o1,c1,many\n" * 1500)
    work(services)
    job = read_import(services, import_id)
    assert (job["done"], job["accepted"], job["rejected"], len(job["errors"])) == (1500, 0, 1500, 100)


def test_a_declared_type_holds_for_imports_too(services: Services) -> None:
    services.attributes.declare("plan", "number", actor=TEST)
    import_id = start(services, "people.csv", CUSTOMERS, mapping={"plan": "attributes.plan:text"})
    work(services)
    job = read_import(services, import_id)
    assert (job["accepted"], job["rejected"]) == (1, 1)
    assert "must be a number" in job["errors"][0]["message"]


@pytest.mark.parametrize("published_before_the_crash", [0, 1, 2])
def test_after_a_crash_in_the_middle_an_import_goes_on_after_what_was_noted(
    services: Services, monkeypatch: pytest.MonkeyPatch, published_before_the_crash: int
) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    sent: list[int] = []
    publish = Publisher.publish

    def publish_or_die(self: Publisher, stream: Stream, payloads: Sequence[bytes], *, origin: str = "") -> list[str]:
        if len(sent) == published_before_the_crash:
            raise Killed
        sent.append(len(payloads))
        return publish(self, stream, payloads, origin=origin)

    monkeypatch.setattr(Publisher, "publish", publish_or_die)
    with pytest.raises(Killed):
        jobs_worker(services).run_once()
    monkeypatch.undo()
    assert services.publisher.backlog(Stream.ORDERS) == sum(sent) == 1000 * published_before_the_crash
    half = read_import(services, import_id)
    assert (half["state"], half["done"]) == ("running", sum(sent))
    assert work(services) == 1
    job = read_import(services, import_id)
    assert (job["state"], job["done"], job["accepted"]) == ("done", GOOD_ORDERS, GOOD_ORDERS)
    assert services.redis.xinfo_stream(Stream.ORDERS)["entries-added"] == GOOD_ORDERS
    assert len(read_state(services)["orders"]) == GOOD_ORDERS
    assert kept_files(services) == 0


def test_a_chunk_published_but_not_noted_is_published_again_and_counted_once(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    publish = Publisher.publish

    def publish_and_die(self: Publisher, *args: Any, **options: Any) -> list[str]:
        publish(self, *args, **options)
        raise Killed

    monkeypatch.setattr(Publisher, "publish", publish_and_die)
    with pytest.raises(Killed):
        jobs_worker(services).run_once()
    monkeypatch.undo()
    work(services)
    job = read_import(services, import_id)
    assert (job["done"], job["accepted"], job["rejected"]) == (GOOD_ORDERS, GOOD_ORDERS, 0)
    assert len(read_state(services)["orders"]) == GOOD_ORDERS


def test_an_import_that_has_ended_is_not_begun_again(services: Services) -> None:
    import_id = start(services, "events.ndjson", EVENTS)
    work(services)
    before = read_import(services, import_id)
    services.publisher.publish(Stream.JOBS, [b'{"job_id": "%s", "kind": "import"}' % import_id.encode()])
    work(services)
    assert read_import(services, import_id) == before
    assert services.redis.xinfo_stream(Stream.EVENTS)["entries-added"] == 1


def test_it_is_not_done_before_its_records_are_stored(services: Services) -> None:
    import_id = start(services, "events.ndjson", EVENTS)
    import_run_entries(services)
    assert (read_import(services, import_id)["state"], read_import(services, import_id)["done"]) == ("running", 1)
    assert services.publisher.backlog(Stream.JOBS) == 1
    work(services)
    assert read_import(services, import_id)["state"] == "done"


def test_no_chunk_is_published_while_the_backlog_is_at_its_limit(services: Services) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    limit = services.settings.max_backlog
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Publisher, "backlog", lambda *_: limit)
        import_run_entries(services)
    assert read_import(services, import_id)["done"] == 0
    assert services.redis.exists(Stream.ORDERS) == 0
    work(services)
    assert read_import(services, import_id)["accepted"] == GOOD_ORDERS


def test_a_file_that_is_too_large_is_refused_and_the_command_line_named(services: Services) -> None:
    with pytest.raises(InvalidInput, match=r"big\.csv has 20\.0 MB; up to 20 MB .* python -m crm_core import FILE"):
        services.imports.start("big.csv", b"x" * (MAX_FILE_BYTES + 1), ImportOptions(), actor=ASHA)
    assert services.imports.recent(actor=ASHA) == []
    assert kept_files(services) == services.publisher.backlog(Stream.JOBS) == 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id,customer_id,sum\no1,c1,5\n", "a column 'sum' that orders do not have"),
        ("id,customer_id,amount\n", "holds no records"),
        ('id,customer_id,amount\no1,"c1,5\n', "quote left open"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_before_anything_is_kept(
    services: Services, text: str, why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        start(services, "orders.csv", text, kind_name="orders")
    assert services.imports.recent(actor=ASHA) == []
    assert kept_files(services) == 0


@pytest.mark.parametrize("parts", [["files", "chunks"], ["chunks"]])
def test_an_import_whose_file_is_gone_ends_as_failed_with_words(services: Services, parts: list[str]) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    for part in parts:
        services.db[f"import_files.{part}"].delete_many({})
    assert work(services) == 1
    job = read_import(services, import_id)
    assert (job["state"], job["failure"]) == ("failed", "The uploaded file is not kept any more. Upload it again.")
    assert job["finished_at"] == services.clock()
    assert services.publisher.backlog(Stream.JOBS) == services.redis.xlen(Stream.DEAD) == 0


def test_a_file_that_cannot_be_read_any_more_ends_as_failed_with_words(services: Services) -> None:
    import_id = start(services, "orders.csv", ORDERS)
    chunks = services.db["import_files.chunks"]
    for chunk in list(chunks.find()):
        chunks.update_one({"_id": chunk["_id"]}, {"$set": {"data": b"\xff" * len(chunk["data"])}})
    work(services)
    job = read_import(services, import_id)
    assert job["state"] == "failed"
    assert "not UTF-8" in job["failure"]
    assert kept_files(services) == services.publisher.backlog(Stream.JOBS) == 0


def test_an_abandoned_import_shows_as_failed_and_its_file_is_removed_by_the_next(
    services: Services, clock: TestClock
) -> None:
    lost = start(services, "orders.csv", ORDERS)
    services.redis.delete(Stream.JOBS)
    assert read_import(services, lost)["state"] == "queued"
    clock.advance(minutes=1)
    shown = read_import(services, lost)
    assert shown["state"] == "failed"
    assert "Import the file again" in shown["failure"]
    start(services, "events.ndjson", EVENTS)
    work(services)
    assert kept_files(services) == 0
    assert read_import(services, lost)["state"] == "failed"


def test_the_audit_entry_has_ids_and_counts_only(services: Services) -> None:
    import_id = start(services, "asha-rao.csv", CUSTOMERS, mapping={"plan": ""})
    entry = services.db.audit.find_one({"action": "import.start"})
    assert entry
    assert (entry["actor"], entry["target"]) == ("asha", import_id)
    assert entry["details"] == {"kind": "customers", "records": 2, "bytes": len(CUSTOMERS)}
    assert "rao" not in str(entry).lower()


def test_the_newest_imports_come_first(services: Services, clock: TestClock) -> None:
    made = []
    for _ in range(3):
        made.append(start(services, "events.ndjson", EVENTS))
        clock.advance(seconds=1)
    assert [job["_id"] for job in services.imports.recent(actor=ASHA, limit=2)] == [made[2], made[1]]


def test_an_entry_of_an_unknown_kind_or_import_is_buried_and_others_go_on(services: Services) -> None:
    services.publisher.publish(
        Stream.JOBS, [b'{"job_id": "x", "kind": "import"}', b'{"job_id": "x", "kind": "tea"}', b'{"job_id": "x"}']
    )
    demo = services.demo_jobs.start(customers=5, seed=1, actor=ASHA)
    for _ in range(4):
        work(services)
    letters = services.monitor.dead_letters()
    assert {letter.reason for letter in letters} == {"no such job"}
    assert [from_json(letter.entry.data).get("kind") for letter in letters] == [None, "tea", "import"]
    latest = services.demo_jobs.latest()
    assert latest
    assert (latest["_id"], latest["state"]) == (demo, "done")


@pytest.mark.parametrize(("lifts", "kept", "state"), [(False, 1, "denied"), (True, None, "granted")])
def test_a_file_lifts_a_denial_only_when_asked_and_says_how_many(
    services: Services, lifts: bool, kept: int | None, state: str
) -> None:
    denied = {"id": "re1", "email": "re1@example.com", "consent": {"email": "denied"}}
    store_customers(services, denied, {"id": "re2", "consent": {"sms": "granted"}})
    text = "id,email,consent.email,consent.sms\nre1,re1@example.com,granted,denied\nre2,,granted,denied\n"
    preview = try_import(
        FileSource.of_file(BytesIO(text.encode()), "export.csv"), ImportOptions(), services.validation_context({})
    )
    assert services.customers.count_denials(preview.grants) == 1
    job_id = start(services, "export.csv", text, lifts_denials=lifts)
    work(services)
    assert read_import(services, job_id).get("denials_kept") == (kept or 0)
    people = {row["_id"]: row for row in services.db.customers.find()}
    assert {name: told["state"] for name, told in people["re1"]["consent"].items()} == {"email": state, "sms": "denied"}
    assert {name: told["state"] for name, told in people["re2"]["consent"].items()} == {
        "email": "granted",
        "sms": "denied",
    }
    assert "offers" not in services.customers.customer("re1", actor=ASHA)
