"""Data: a file is mapped, tried and imported; streams, workers and what was refused are shown as they are."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from crm_core.infra.dead_letters import bury
from crm_core.infra.heartbeat import Activity, record_heartbeat
from crm_core.infra.samples import take_sample
from crm_core.infra.streams import Entry, Stream
from crm_core.jobs.import_files import MAX_FILE_BYTES
from crm_core.services import Services
from tests.conftest import TestClock
from tests.integration.feeding import read_state
from tests.integration.job_rig import work
from tests.ui.page import Page

ORDERS = "id,customer_id,total\no1,c1,5.50\no2,c1,7\no3,c2,many\no4,c2,9\n"


def open_data(section: str = "import") -> Page:
    return Page("data", section=section)


def upload(page: Page, name: str, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    page.test.file_uploader[0].set_value((name, data, "text/plain"))
    page.run()


def tables(page: Page) -> list[pd.DataFrame]:
    return [shown.value for shown in page.test.table]


def choose_column(page: Page, column: str, target: str) -> None:
    page.choose(column, target)


def test_an_empty_workspace_says_that_nothing_was_imported_and_how_to(workspace: Services) -> None:
    page = open_data()
    assert page.title == "Data"
    assert "No import yet" in page.words
    assert "python -m crm_core import orders.csv" in page.words
    assert page.buttons() == []


def test_the_section_of_a_link_is_shown_and_the_chosen_one_can_be_sent(workspace: Services) -> None:
    page = open_data("errors")
    assert "Nothing was refused" in page.words
    page.choose("Section", "attributes")
    assert page.query["section"] in ("attributes", ["attributes"])
    assert "Declare a type" in page.words
    assert "No import yet" in open_data("no such section").words


def test_a_column_without_a_field_is_asked_for_and_mapping_it_starts_the_dry_run(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS)
    assert "orders.csv · CSV · 4 records" in page.words.replace("**", "")
    assert page.widget("It holds").value == "orders"
    assert page.widget("total").value == "?"
    assert "Choose where **total** goes, or leave it out." in page.errors
    assert page.button("Import 4 orders").disabled
    assert not tables(page)
    choose_column(page, "total", "amount")
    assert not page.errors
    assert "3 would be taken" in page.words
    assert "1 would be rejected" in page.words
    (rejected,) = tables(page)
    assert list(rejected["Line"]) == ["4"]
    assert "'many' is not a number such as 29.33" in rejected["What is wrong"][0].replace("\\", "")
    records = page.test.dataframe[0].value
    assert list(records["id"]) == ["o1", "o2", "o4"]
    assert [float(amount) for amount in records["amount"]] == [5.5, 7, 9]
    assert not page.button("Import 4 orders").disabled
    assert read_state(workspace)["orders"] == []


def test_leaving_a_column_out_says_what_is_then_missing(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS)
    choose_column(page, "total", "")
    assert "Orders need **amount**" in page.errors
    choose_column(page, "total", "id")
    assert "**id** and **total** go to one field, id" in page.errors
    assert "--map" not in page.errors


def test_another_kind_has_other_fields_and_another_dry_run(workspace: Services) -> None:
    page = open_data()
    upload(page, "people.csv", "id,name,plan\nc1,Asha,7\n")
    assert page.widget("It holds").value == "customers"
    assert "Choose where **plan** goes" in page.errors
    choose_column(page, "plan", "attributes.plan:text")
    assert list(page.test.dataframe[0].value["attributes.plan"]) == ["7"]
    choose_column(page, "plan", "attributes.plan:number")
    assert list(page.test.dataframe[0].value["attributes.plan"]) == [7]
    page.choose("It holds", "events")
    assert "Events need **customer_id** and **type**" in page.errors
    assert page.button("Import 1 event").disabled


@pytest.mark.parametrize(
    ("name", "content", "kind", "count"),
    [
        ("events.ndjson", '{"id": "e1", "customerId": "c1", "type": "visit"}\n', "events", "Import 1 event"),
        ("events.jsonl", '{"id": "c1", "name": "Asha"}\n' * 2, "customers", "Import 2 customers"),
        ("CDNOW_master.txt", "00001 19970101  1   11.77\n", "orders", "Import 1 order"),
        ("odd.csv", "number,customer,amount,category\n1,c1,5,Books\n", "orders", "Import 1 order"),
    ],
)
def test_the_kind_of_a_file_is_guessed(workspace: Services, name: str, content: str, kind: str, count: str) -> None:
    page = open_data()
    upload(page, name, content)
    assert page.widget("It holds").value == kind
    assert count in page.buttons()


def test_an_unknown_key_of_ndjson_can_be_mapped(workspace: Services) -> None:
    page = open_data()
    upload(page, "people.ndjson", '{"id": "c1", "fullName": "Asha", "consent": {"sms": "granted"}}\n')
    assert "Choose where **fullName** goes" in page.errors
    choose_column(page, "fullName", "name")
    assert list(page.test.dataframe[0].value["name"]) == ["Asha"]
    assert list(page.test.dataframe[0].value["consent.sms"]) == ["granted"]


def test_only_the_first_1_000_records_are_checked_and_the_page_says_so(workspace: Services) -> None:
    rows = "".join(f"o{number},c1,{number}\n" for number in range(1234))
    page = open_data()
    upload(page, "orders.csv", f"id,customer_id,amount\n{rows}")
    assert "1,000 would be taken" in page.words
    assert "the first 1,000 of 1,234" in page.words
    assert "Import 1,234 orders" in page.buttons()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b'id,customer_id,amount\no1,"c1,5\n', "quote left open"),
        ("a.csv", b"id,customer_id,amount\no1,\xff,5\n", "is not UTF-8"),
        ("a.txt", b"hello\n", "neither CSV nor NDJSON nor a CDNOW file"),
        ("big.csv", b"x" * (MAX_FILE_BYTES + 1), "python -m crm_core import FILE"),
    ],
)
def test_a_file_that_cannot_be_imported_says_so_in_words(
    workspace: Services, name: str, content: bytes, words: str
) -> None:
    page = open_data()
    upload(page, name, content)
    assert words in page.errors
    assert "--" not in page.errors.replace("--key", "")
    assert page.buttons() == []


def test_an_import_is_asked_for_watched_and_ends_with_its_counts(workspace: Services, clock: TestClock) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS)
    choose_column(page, "total", "amount")
    page.click("Import 4 orders")
    assert "Waits for the jobs worker" in page.words
    assert page.test.file_uploader[0].value is None
    (job,) = workspace.db.jobs.find()
    assert (job["created_by"], job["state"], job["records"]) == ("local admin", "queued", "orders")
    clock.advance(seconds=5)
    half = {"state": "running", "started_at": clock(), "done": 2, "accepted": 2}
    workspace.db.jobs.update_one({}, {"$set": half})
    clock.advance(seconds=4)
    page.run()
    assert "2 of 4 · 0 per second · 4 s left" in page.words
    assert page.progress == [50]
    workspace.db.jobs.update_one({}, {"$set": {"done": 4}})
    workspace.publisher.publish(Stream.ORDERS, [b"{}"] * 1200)
    page.run()
    assert "4 of 4 read · 1,200 orders wait to be stored" in page.words
    workspace.redis.delete(Stream.ORDERS)
    workspace.db.jobs.update_one({}, {"$set": {"done": 0, "accepted": 0}})
    work(workspace)
    page.run()
    assert "3 accepted · 1 rejected · took 4 s" in page.words.replace("**", "")
    assert f"Orders · CSV · {len(ORDERS)} bytes · ended just now by local admin" in page.words
    assert [expander.label for expander in page.test.expander] == ["1 rejected line"]
    assert list(tables(page)[0]["Line"]) == ["4"]
    assert [order["_id"] for order in read_state(workspace)["orders"]] == ["o1", "o2", "o4"]


def test_an_import_can_be_cancelled_and_says_what_was_accepted(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS.replace("total", "amount"))
    page.click("Import 4 orders")
    workspace.db.jobs.update_one({}, {"$set": {"state": "running", "started_at": workspace.clock()}})
    workspace.db.jobs.update_one({}, {"$set": {"done": 2, "accepted": 2}})
    page.run()
    assert "The rest of the file is not read. The orders that were accepted stay." in page.words
    page.click("Cancel import")
    assert "2 accepted, which stay · 2 of 4 read · cancelled by local admin" in page.words.replace("**", "")
    assert "Cancel import" not in page.buttons()


def test_an_import_in_hand_shows_its_last_sign_of_life(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS.replace("total", "amount"))
    page.click("Import 4 orders")
    beat_at = workspace.clock() - timedelta(seconds=45)
    workspace.db.jobs.update_one({}, {"$set": {"state": "running", "started_at": beat_at, "heartbeat_at": beat_at}})
    page.run()
    assert "No sign of life for 45 s: the worker may be gone." in page.errors


def test_a_cancel_that_comes_too_late_is_said_to(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS.replace("total", "amount"))
    page.click("Import 4 orders")
    work(workspace)
    page.click("Cancel import")
    assert "This import is done; only a queued or a running one can be cancelled." in page.words
    assert "3 accepted" in page.words.replace("**", "")


def test_a_failed_import_says_why(workspace: Services) -> None:
    page = open_data()
    upload(page, "orders.csv", ORDERS.replace("total", "amount"))
    page.click("Import 4 orders")
    workspace.db["import_files.files"].delete_many({})
    work(workspace)
    page.run()
    assert "The uploaded file is not kept any more." in page.errors


def test_streams_show_what_waits_and_how_full_they_are(workspace: Services, clock: TestClock) -> None:
    clock.now = datetime.now(UTC)
    workspace.publisher.publish(Stream.ORDERS, [b"{}"] * 1500)
    clock.advance(minutes=2)
    page = open_data("streams")
    assert "1,500" in page.words
    assert "behind" in page.words
    assert "0.8 % of the 200,000 that may wait" in page.words
    assert page.progress == [0, 0, 0]
    assert "1 min 59 s" in page.words
    assert f"As of {clock():%H:%M:%S} UTC." in page.words


def test_the_chart_shows_the_rates_that_the_worker_noted(workspace: Services, clock: TestClock) -> None:
    clock.now = datetime.now(UTC)
    assert "Nothing is noted yet" in open_data("streams").words
    key = "samples:orders"
    now_ms = int(time.time() * 1000)
    for place in range(5):
        workspace.redis.xadd(key, {"a": 600 * place, "w": 30 * place}, id=now_ms - 80_000 + place * 20_000)
    take_sample(workspace.redis, Stream.CUSTOMERS)
    traces = {trace["name"] + trace.get("yaxis", ""): trace for trace in open_data("streams").chart("streams")}
    assert decoded(traces["Accepted per secondy2"]["y"]) == [30.0] * 4
    assert decoded(traces["Stored per secondy2"]["y"]) == [28.5] * 4
    assert decoded(traces["Accepted per secondy"]["y"]) == []


def decoded(values: Any) -> list[float]:
    assert not isinstance(values, Mapping), "a list of floats is sent as it is"
    return [float(value) for value in values]


def test_workers_say_what_they_do_and_who_is_missing(workspace: Services, clock: TestClock) -> None:
    clock.now = datetime.now(UTC)
    for group, state in (("ingest", "busy"), ("jobs", "idle"), ("delivery", "outage")):
        record_heartbeat(workspace.redis, Activity(group, f"{group}-here-1", state, handled=4210, failed=3))
    page = open_data("streams")
    words = page.words.replace("**", "")
    for word in ("busy", "idle", "waits for a server", "4,210 handled", "3 failed"):
        assert word in words
    assert "No **campaigns** worker" in page.errors
    assert "python -m workers.receipts" in page.errors
    assert "No **ingest** worker" not in page.errors
    clock.advance(minutes=3)
    assert "silent for 3 minutes" in open_data("streams").words


def test_what_was_refused_is_shown_with_its_reason_and_its_data_apart(workspace: Services, clock: TestClock) -> None:
    clock.now = datetime.now(UTC)
    data = b'{"id": "c1", "email": "asha@example.com"}'
    with workspace.redis.pipeline() as pipe:
        for place in range(23):
            entry = Entry(Stream.CUSTOMERS, f"{1000 + place}-0", data, "key:shop")
            bury(pipe, entry, "ingest", f"reason {place}")
        pipe.execute()
    page = open_data("errors")
    assert "23 entries were set aside, the newest 20 are shown" in page.words.replace("**", "")
    assert "Customers** · reason 22" in page.words
    assert "reason 2\n" not in page.words
    assert "sent by key:shop · entry 1022-0 · refused by ingest" in page.words
    assert [expander.label for expander in page.test.expander] == ["Data"] * 20
    assert not any(expander.proto.expanded for expander in page.test.expander)
    outside = [shown.value for shown in [*page.test.markdown, *page.test.caption]]
    assert not any("asha" in text for text in outside)
    assert all("asha@example.com" in shown.value for shown in page.test.code)


def test_a_type_is_declared_and_taken_back(workspace: Services) -> None:
    workspace.attributes.note([("plan", "gold"), ("plan", 3), ("since", "2026-01-01")])
    page = open_data("attributes")
    shown = page.test.dataframe[0].value
    assert shown.to_dict("list") == {
        "Name": ["plan", "since"],
        "Type": ["differs", "date"],
        "Seen as": ["number, text", "date"],
        "Declared": ["no", "no"],
    }
    assert "are rejected from then on" in page.words
    declare(page, "plan", "number")
    assert workspace.attributes.get("plan").declared == "number"
    assert list(page.test.dataframe[0].value["Declared"]) == ["yes", "no"]
    entry = workspace.db.audit.find_one({"action": "attribute.declare"})
    assert entry
    assert (entry["actor"], entry["target"]) == ("local admin", "plan")
    declare(page, "plan", "No declared type")
    assert workspace.attributes.get("plan").declared is None


def declare(page: Page, name: str, wanted: str) -> None:
    page.widget("Attribute").set_value(name)
    page.widget("Type").set_value(wanted)
    page.click("Declare")


def test_a_declaration_without_a_name_is_refused_in_words(workspace: Services) -> None:
    workspace.attributes.note([("plan", "gold")])
    page = open_data("attributes")
    page.click("Declare")
    assert "Choose an attribute, or type a new name" in page.errors
    assert workspace.attributes.get("plan").declared is None
