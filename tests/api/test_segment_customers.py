"""The customers of a segment over HTTP: page by page, with every field, for keys that may see customers."""

import uuid

import httpx
import pytest

from tests.api.answers import Json, problem_in, store_customers, tagged

TAG = "api-members"


@pytest.fixture(scope="module")
def segment_id(client: httpx.Client) -> str:
    store_customers(client, TAG, [{"id": f"member/{number}", "total_spend": number} for number in range(5)])
    rule = {"kind": "all", "rules": [tagged(TAG), {"kind": "field", "field": "total_spend", "op": "gte", "value": 1}]}
    answer = client.post("/segments", json={"name": f"Members {uuid.uuid4()}", "rule": rule})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def read_page(client: httpx.Client, segment_id: str, **parameters: str | int) -> Json:
    answer = client.get(f"/segments/{segment_id}/customers", params=parameters)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_pages_have_each_customer_of_the_segment_once(client: httpx.Client, segment_id: str) -> None:
    first = read_page(client, segment_id, limit=3)
    second = read_page(client, segment_id, limit=3, cursor=first["next"])
    assert [row["id"] for row in first["items"]] == ["member/1", "member/2", "member/3"]
    assert [row["id"] for row in second["items"]] == ["member/4"]
    assert second["next"] is None
    assert read_page(client, segment_id, limit=4)["next"] is None
    assert second["items"][0] == client.get("/customers/member%2F4").json()["customer"]


def test_it_takes_both_scopes(segments_reader: httpx.Client, customers_reader: httpx.Client, segment_id: str) -> None:
    for client, missing in ((segments_reader, "customers:read"), (customers_reader, "segments:read")):
        answer = client.get(f"/segments/{segment_id}/customers")
        assert missing in problem_in(answer, 403)["detail"]


def test_a_segment_that_is_not_there_is_said(client: httpx.Client) -> None:
    answer = client.get("/segments/nobody/customers")
    assert problem_in(answer, 404)["detail"] == "There is no segment with the id 'nobody'."
    assert client.get("/segments/nobody/customers", params={"limit": 1001}).status_code == 422
