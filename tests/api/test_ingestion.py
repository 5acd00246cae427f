"""POST /customers and /orders: what is accepted is stored, what is refused is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crm_core.ingest.parsing import MAX_RECORDS
from tests.api.answers import customer, problem_in, profile, send
from tests.waiting import eventually


def test_one_object_and_an_array_are_both_stored(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "ing-one", "name": "Asha Rao"})
    send(client, "/customers", [{"id": "ing-two", "city": "Pune"}, {"id": "ing-three"}])
    send(client, "/orders", {"id": "ing-o1", "customer_id": "ing-one", "amount": 29.33})
    send(client, "/orders", [{"id": f"ing-o{n}", "customer_id": "ing-two", "amount": n} for n in (2, 3)])
    assert customer(client, "ing-one")["name"] == "Asha Rao"
    assert customer(client, "ing-two")["city"] == "Pune"
    assert customer(client, "ing-three")["order_count"] == 0
    eventually(lambda: customer(client, "ing-one")["total_spend"], lambda spend: spend == 29.33)
    eventually(lambda: customer(client, "ing-two")["order_count"], lambda orders: orders == 2)


def test_camel_case_means_the_same_as_snake_case(client: httpx.Client) -> None:
    send(client, "/customers", [{"id": "case-1", "loyaltyMember": True}, {"id": "case-2", "loyalty_member": True}])
    send(client, "/orders", {"id": "case-o1", "customerId": "case-1", "amount": 5, "orderedAt": "2026-01-31"})
    assert customer(client, "case-1")["loyalty_member"] is customer(client, "case-2")["loyalty_member"] is True
    found = eventually(lambda: profile(client, "case-1")["orders"]["items"])
    assert found[0]["ordered_at"] == "2026-01-31T00:00:00Z"


def test_absent_field_stays_as_it_is_and_null_clears_it(client: httpx.Client) -> None:
    send(client, "/customers", {"id": "patch-1", "name": "Ann", "city": "Oslo"})
    send(client, "/customers", {"id": "patch-1", "city": None, "visits": 3})
    found = eventually(lambda: customer(client, "patch-1"), lambda record: record["visits"] == 3)
    assert found["name"] == "Ann"
    assert "city" not in found


def test_same_request_twice_counts_once(client: httpx.Client) -> None:
    order = {"id": "twice-o1", "customer_id": "twice-1", "amount": 10}
    send(client, "/orders", order)
    send(client, "/orders", [order, order])
    send(client, "/orders", {"id": "twice-o2", "customer_id": "twice-1", "amount": 1})
    found = eventually(lambda: customer(client, "twice-1"), lambda record: record["total_spend"] >= 11)
    assert (found["total_spend"], found["order_count"]) == (11, 2)


def test_good_records_of_a_batch_are_kept_and_each_bad_one_is_named(client: httpx.Client) -> None:
    answer = client.post(
        "/orders",
        json=[
            {"id": "mix-o0", "customer_id": "mix-1", "amount": 1},
            {"id": "mix-o1", "customer_id": "mix-1", "amount": -1},
            {"id": "mix-o2", "customer_id": "mix-1", "amount": 2},
            {"id": "mix-o3", "customer_id": "mix-1", "colour": "red"},
        ],
    )
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    named = {
        rejection["index"]: [error["field"] for error in rejection["errors"]] for rejection in answer.json()["rejected"]
    }
    assert named == {1: ["amount"], 3: ["amount", "colour"]}
    eventually(lambda: customer(client, "mix-1")["total_spend"], lambda spend: spend == 3)


def test_a_thousand_records_are_accepted_and_one_more_is_refused_whole(client: httpx.Client) -> None:
    records = [{"id": f"bulk-{n}"} for n in range(MAX_RECORDS)]
    send(client, "/customers", records)
    refused = [{"id": f"toomany-{n}"} for n in range(MAX_RECORDS + 1)]
    detail = problem_in(client.post("/customers", json=refused), 422)["detail"]
    assert "1 to 1,000 records" in detail
    assert "1,001" in detail
    customer(client, "bulk-999")  # sent before the refused ones: had any of those been taken, it would be there
    assert client.get("/customers/toomany-0").status_code == 404


CUSTOMER = {"id": "bad-1"}
ORDER = {"id": "bad-o1", "customer_id": "bad-1", "amount": 1}
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("path", "record", "field", "rule"),
    [
        ("/customers", {}, "id", "is required"),
        ("/customers", {"id": ""}, "id", "must not be empty"),
        ("/customers", {"id": "x" * 255}, "id", "at most 254 characters"),
        ("/customers", {"id": " x"}, "id", "must not begin or end with a space"),
        ("/customers", {"id": 5}, "id", "must be a text"),
        ("/customers", {"id": None}, "id", "must be a text"),
        ("/customers", CUSTOMER | {"shoe_size": 44}, "shoe_size", "is no known field"),
        ("/customers", CUSTOMER | {"name": ["Ann"]}, "name", "must be a text"),
        ("/customers", CUSTOMER | {"name": "x" * 201}, "name", "at most 200 characters"),
        ("/customers", CUSTOMER | {"name": "a\x00b"}, "name", "control characters"),
        ("/customers", CUSTOMER | {"email": "ann"}, "email", "e-mail address"),
        ("/customers", CUSTOMER | {"phone": "call me"}, "phone", "phone number"),
        ("/customers", CUSTOMER | {"tags": "vip"}, "tags", "must be an array"),
        ("/customers", CUSTOMER | {"loyaltyMember": "yes"}, "loyalty_member", "true or false"),
        ("/customers", CUSTOMER | {"visits": 1.5}, "visits", "whole number"),
        ("/customers", CUSTOMER | {"visits": -1}, "visits", "at least 0"),
        ("/customers", CUSTOMER | {"cart_value": -0.01}, "cart_value", "between 0 and"),
        ("/customers", CUSTOMER | {"total_spend": "10"}, "total_spend", "JSON number"),
        ("/customers", CUSTOMER | {"consent": {"sms": "maybe"}}, "consent.sms", "one of"),
        ("/customers", CUSTOMER | {"consent": {"fax": "granted"}}, "consent.fax", "one of"),
        ("/customers", CUSTOMER | {"attributes": {"n": 10**30}}, "attributes.n", "64 bits"),
        ("/customers", CUSTOMER | {"attributes": {"a.b": 1}}, "attributes.a.b", "no attribute name"),
        ("/orders", {"id": "bad-o1", "amount": 1}, "customer_id", "is required"),
        ("/orders", {"id": "bad-o1", "customer_id": "bad-1"}, "amount", "is required"),
        ("/orders", ORDER | {"customer_id": ""}, "customer_id", "must not be empty"),
        ("/orders", ORDER | {"customer_id": "x" * 255}, "customer_id", "at most 254 characters"),
        ("/orders", ORDER | {"amount": -1}, "amount", "between 0 and"),
        ("/orders", ORDER | {"amount": 1e13}, "amount", "between 0 and"),
        ("/orders", ORDER | {"amount": 1.234}, "amount", "at most 2 decimals"),
        ("/orders", ORDER | {"amount": "12"}, "amount", "JSON number"),
        ("/orders", ORDER | {"amount": None}, "amount", "JSON number"),
        ("/orders", ORDER | {"status": "lost"}, "status", "one of"),
        ("/orders", ORDER | {"ordered_at": LATER}, "ordered_at", "5 minutes in the future"),
        ("/orders", ORDER | {"ordered_at": "1899-12-31"}, "ordered_at", "before 1900-01-01"),
        ("/orders", ORDER | {"ordered_at": "2026-02-30"}, "ordered_at", "no ISO 8601"),
        ("/orders", ORDER | {"ordered_at": 1700000000}, "ordered_at", "ISO 8601"),
        ("/orders", ORDER | {"items": [{"quantity": 1}]}, "items.0.name", "is required"),
        ("/orders", ORDER | {"customer": "bad-1"}, "customer", "is no known field"),
    ],
)
def test_refused_record_names_its_field_and_the_rule_it_breaks(
    client: httpx.Client, path: str, record: dict[str, Any], field: str, rule: str
) -> None:
    for body in (record, [record]):
        document = problem_in(client.post(path, json=body), 422)
        assert document["accepted"] == 0
        (rejection,) = document["rejected"]
        assert rejection["index"] == 0
        messages = {error["field"]: error["message"] for error in rejection["errors"]}
        assert rule in messages[field]
        assert f"Record 0: {field} {messages[field]}" in document["detail"]


@pytest.mark.parametrize("body", [b"5", b'"x"', b"null", b"true", b"[[]]", b"[null]"], ids=str)
def test_what_is_no_object_is_named_as_such(client: httpx.Client, body: bytes) -> None:
    document = problem_in(client.post("/customers", content=body), 422)
    assert document["detail"] == "No record was accepted. Record 0: must be an object."


@pytest.mark.parametrize("body", [b"", b"{", b'{"id": "a",}', b"\xff\xfe", b"[" * 5_000], ids=str)
def test_malformed_json_is_refused_with_the_place(client: httpx.Client, body: bytes) -> None:
    document = problem_in(client.post("/customers", content=body), 422)
    assert "no valid JSON" in document["detail"]
    assert "line 1 column" in document["detail"]


def test_empty_array_is_refused(client: httpx.Client) -> None:
    assert "1 to 1,000 records" in problem_in(client.post("/orders", json=[]), 422)["detail"]


def test_nothing_of_a_refused_request_is_stored(client: httpx.Client) -> None:
    problem_in(client.post("/customers", json=[{"id": "none-1", "visits": -1}, {"id": "none-2", "x": 1}]), 422)
    send(client, "/customers", {"id": "none-3"})
    customer(client, "none-3")
    assert client.get("/customers/none-1").status_code == client.get("/customers/none-2").status_code == 404
