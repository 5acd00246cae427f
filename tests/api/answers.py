"""What the tests of the API expect of its answers, and how they wait for the workers."""

from collections.abc import Sequence
from typing import Any

import httpx

from tests.waiting import eventually

Json = dict[str, Any]


def problem_in(answer: httpx.Response, status: int) -> Json:
    """The RFC 9457 problem document that the answer must be."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: Json = answer.json()
    assert document["status"] == status
    for member in ("type", "title", "detail"):
        assert isinstance(document[member], str)
        assert document[member]
    return document


def send(client: httpx.Client, path: str, records: Any) -> None:
    """Post records that must all be accepted."""
    answer = client.post(path, json=records)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"accepted": len(records) if isinstance(records, list) else 1, "rejected": []}


def profile(client: httpx.Client, customer_id: str) -> Json:
    """The customer, its orders and messages, once the ingest worker has stored it."""
    answer = eventually(lambda: client.get(f"/customers/{customer_id}"), lambda got: got.status_code != 404)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


def customer(client: httpx.Client, customer_id: str) -> Json:
    found: Json = profile(client, customer_id)["customer"]
    return found


def tagged(tag: str) -> Json:
    """The rule for the customers of one test."""
    return {"kind": "field", "field": "tags", "op": "has_any", "value": [tag]}


def count(client: httpx.Client, rule: Json) -> int:
    answer = client.post("/segments/preview", json={"rule": rule})
    assert answer.status_code == 200, answer.text
    found: int = answer.json()["count"]
    return found


def store_customers(client: httpx.Client, tag: str, records: Sequence[Json]) -> None:
    """Send customers with the tag of the test and wait until they are all stored."""
    send(client, "/customers", [{**record, "tags": [tag]} for record in records])
    eventually(lambda: count(client, tagged(tag)), lambda stored: stored == len(records), f"customers {tag}")
