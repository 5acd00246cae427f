"""Exports of customers: what is in the file, that it comes in again as it was, and that nothing in it is a formula."""

import csv
import io
from typing import Any

import pytest

from crm_core.access.permissions import Role
from crm_core.customers.model import customers_in
from crm_core.errors import BadRule, Conflict, Forbidden, NotFound
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from crm_core.services import Services
from tests.actors import ASHA, BELA, person
from tests.databases import empty
from tests.integration.exporting import export, kept_parts, read_export, rows_of, start, take
from tests.integration.feeding import store_customers, store_orders
from tests.integration.importing import read_import
from tests.integration.job_rig import jobs_worker, work
from tests.integration.population import field

PEOPLE: list[dict[str, Any]] = [
    {
        "id": "=c1",
        "name": '=HYPERLINK("http://x")',
        "email": "asha@example.com",
        "phone": "+49 151 2345678",
        "city": "Zürich, Kreis 4",
        "category": "-50 % off",
        "tags": ["vip", "=1+1", "a, b"],
        "loyalty_member": True,
        "abandoned_cart": False,
        "cart_value": 0.1,
        "visits": 3,
        "attributes": {"zip": "01234", "balance": -12.5, "exact": 0.1 + 0.2, "plan": "@gold", "sizes": ["M", "L"]},
        "consent": {"email": "granted", "sms": "denied", "push": "unknown"},
    },
    {"id": "c2", "first_name": "Bela", "last_name": "O'Neil", "attributes": {"zip": "99", "is_new": True, "mixed": 5}},
    {
        "id": "c3",
        "name": 'a "quoted" name\r\non two lines',
        "attributes": {"since": "2026-01-31", "mixed": "five", "is_new": False, "note": "'=quoted", "big": 2**53 + 1},
    },
    {"id": "c4", "total_spend": 1234567.89, "order_count": 12, "name": "'tis"},
]
UNSAID = {"created_at", "updated_at", "first_order_at", "last_order_at", "categories", "baseline", "predicted"}
"""What no file can bring in."""


def customers(services: Services) -> list[dict[str, Any]]:
    """As people see them, without what no file can bring in, and without when and by whom consent was told."""
    found = []
    for row in customers_in(services.db).find().sort("_id", 1):
        record: dict[str, Any] = {**services.customers.to_record(row)}
        consent = {name: told["state"] for name, told in record.pop("consent", {}).items()}
        found.append({"consent": consent, **{name: value for name, value in record.items() if name not in UNSAID}})
    return found


def test_an_export_comes_in_again_as_the_same_customers(services: Services) -> None:
    store_customers(services, *PEOPLE)
    store_orders(
        services,
        {"id": "o1", "customer_id": "c2", "amount": 19.99, "category": "Books", "ordered_at": "2026-05-01T10:00:00Z"},
        {"id": "o2", "customer_id": "new", "amount": 5},
    )
    services.db.customers.update_one({"_id": "c2"}, {"$set": {"predicted": {"churn_risk": 9, "value_1y_minor": 50}}})
    before = customers(services)
    assert len(before) == 5
    text = export(services)
    empty(services.db)
    services.redis.flushdb()
    import_id = services.imports.start("again.csv", text.encode(), ImportOptions(), actor=ASHA)
    work(services)
    job = read_import(services, import_id)
    assert (job["state"], job["accepted"], job["errors"]) == ("done", 5, [])
    after = customers(services)
    mixed = after[1]["attributes"].pop("mixed"), before[1]["attributes"].pop("mixed")
    assert mixed == ("5", 5), "values of several types are texts in a file"
    assert after == before


def test_every_field_has_a_column_as_rules_and_imports_name_it(services: Services) -> None:
    store_customers(services, {"id": "c1", "attributes": {"plan": "gold"}})
    services.attributes.declare("tier", "number", actor=ASHA)
    (row,) = rows_of(export(services))
    named = {name.partition(":")[0] for name in row}
    asked = {each.name for each in services.rule_contexts.context().catalogue.fields}
    assert {"predicted.value_1y", "avg_order_value", "consent.sms", "attributes.plan"} <= asked <= named
    assert (row["attributes.plan:text"], row["attributes.tier:number"]) == ("gold", "")


def test_times_amounts_and_lists_are_written_as_imports_read_them(services: Services) -> None:
    store_customers(services, {"id": "c1", "tags": ["b", "a"], "cart_value": 7})
    store_orders(
        services,
        {"id": "o1", "customer_id": "c1", "amount": 10.5, "ordered_at": "2026-05-01T12:30:00+02:00"},
        {"id": "o2", "customer_id": "c1", "amount": 0.55, "status": "returned"},
    )
    (row,) = rows_of(export(services))
    assert row["last_order_at"] == row["first_order_at"] == "2026-05-01T10:30:00Z"
    assert (row["total_spend"], row["avg_order_value"], row["cart_value"]) == ("9.95", "9.95", "7.00")
    assert (row["tags"], row["order_count"], row["loyalty_member"]) == ("b;a", "1", "")


def test_no_cell_is_a_formula_and_lines_are_those_of_rfc_4180(services: Services) -> None:
    store_customers(services, *PEOPLE)
    text = export(services)
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))] == []
    assert [cell for cell in cells if cell.startswith("-")] == ["-12.5"], "a number"
    assert "'+49 151 2345678" in cells
    assert text.count("\r\n") == 1 + len(PEOPLE) + 1, "header, customers, and one within a name"
    assert '"a ""quoted"" name\r\non two lines"' in text


def test_a_segment_by_a_predicted_field_has_its_customers(services: Services) -> None:
    store_customers(services, *({"id": f"c{number}"} for number in range(5)))
    for number in range(5):
        change = {"$set": {"predicted": {"churn_risk": 20 * number, "value_1y_minor": 1_050}}}
        services.db.customers.update_one({"_id": f"c{number}"}, change)
    rule = load_rule(field("predicted.churn_risk", "gte", 60))
    segment = services.segments.save("At risk", rule, actor=ASHA)
    job = services.exports.start_segment(segment["_id"], actor=ASHA)
    jobs_worker(services).run_once()
    rows = rows_of(take(services, job["_id"]))
    found = [(row["id"], row["predicted.churn_risk"], row["predicted.value_1y"]) for row in rows]
    assert found == [("c3", "60", "10.50"), ("c4", "80", "10.50")]
    done = read_export(services, job["_id"])
    assert (done["state"], done["name"], done["done"], done["total"]) == ("done", "At risk", 2, 2)
    assert services.exports.open(job["_id"], actor=ASHA).name == "at-risk-2026-06-15.csv"


def test_an_export_of_nobody_has_a_header(services: Services) -> None:
    text = export(services)
    assert text.startswith("id,name,first_name,")
    assert rows_of(text) == []


def test_who_asked_and_who_took_how_many_is_in_the_audit_log(services: Services) -> None:
    store_customers(services, *PEOPLE)
    segment = services.segments.save("Zürich", load_rule(field("email", "eq", "asha@example.com")), actor=ASHA)
    job = services.exports.start_segment(segment["_id"], actor=ASHA)
    jobs_worker(services).run_once()
    services.exports.open(job["_id"], actor=BELA)
    asked, taken = services.db.audit.find({"target": job["_id"]}).sort("_id", 1)
    assert (asked["actor"], asked["action"]) == ("asha", "export.start")
    assert (asked["details"]["name"], asked["details"]["segment"]) == ("Zürich", segment["_id"])
    assert "asha@example.com" not in str(asked)
    assert (taken["actor"], taken["action"]) == ("bela", "export.download")
    assert taken["details"] == {"name": "Zürich", "segment": segment["_id"], "customers": 1}


def test_only_those_who_may_export_do(services: Services) -> None:
    store_customers(services, *PEOPLE)
    viewer, analyst = person("vera", Role.VIEWER), person("ann", Role.ANALYST)
    segment = services.segments.save("All", EVERYONE, actor=ASHA)
    export_id = start(services, actor=analyst)
    jobs_worker(services).run_once()
    for refused in (
        lambda: services.exports.start_segment(segment["_id"], actor=viewer),
        lambda: services.exports.start_rule(EVERYONE, "All", actor=viewer),
        lambda: services.exports.cancel(export_id, actor=viewer),
        lambda: services.exports.recent(actor=viewer),
        lambda: services.exports.open(export_id, actor=viewer),
    ):
        with pytest.raises(Forbidden, match="to export customers takes the role analyst or marketer or admin"):
            refused()
    assert services.exports.open(export_id, actor=analyst).size > 0
    assert kept_parts(services) == 1


def test_what_cannot_be_exported_is_said(services: Services) -> None:
    with pytest.raises(NotFound, match="There is no segment with the id 'gone'"):
        services.exports.start_segment("gone", actor=ASHA)
    with pytest.raises(BadRule, match="gone"):
        services.exports.start_rule(load_rule({"kind": "segment", "segment_id": "gone"}), "x", actor=ASHA)
    with pytest.raises(NotFound, match="There is no export with the id 'none'"):
        services.exports.open("none", actor=ASHA)
    export_id = start(services)
    with pytest.raises(Conflict, match="This export is queued; there is a file once it is done"):
        services.exports.open(export_id, actor=ASHA)


def test_a_segment_that_is_deleted_meanwhile_ends_the_export_in_words(services: Services) -> None:
    store_customers(services, *PEOPLE)
    inner = services.segments.save("Inner", EVERYONE, actor=ASHA)
    export_id = start(services, load_rule({"kind": "segment", "segment_id": inner["_id"]}))
    services.segments.remove(inner["_id"], actor=ASHA)
    jobs_worker(services).run_once()
    job = read_export(services, export_id)
    assert job["state"] == "failed"
    assert "no segment" in job["failure"].lower()
    assert kept_parts(services) == 0
