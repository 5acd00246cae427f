"""A campaign is made once for each Idempotency-Key, however often and at once it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.answers import problem_in
from tests.running_app import RunningApp

BODY: dict[str, Any] = {"name": "Once", "message": "Hi", "rule": {"kind": "all", "rules": []}}


def post(client: httpx.Client, key: str, **body: Any) -> httpx.Response:
    return client.post("/campaigns", json=BODY | body, headers={"Idempotency-Key": key})


@pytest.fixture
def key() -> str:
    return uuid4().hex


def test_repeating_a_request_returns_its_campaign_even_if_it_would_be_refused_now(
    client: httpx.Client, key: str
) -> None:
    segment = client.post("/segments", json={"name": "Once", "text": "spend > 5"}).json()["id"]
    body = {"rule": None, "segment_id": segment}
    first = post(client, key, **body)
    assert client.delete(f"/segments/{segment}").status_code == 204
    camel = {"name": "Once", "segmentId": segment, "message": "Hi", "tags": None}
    again = client.post("/campaigns", json=camel, headers={"Idempotency-Key": key})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


def test_another_body_under_the_same_key_is_refused_and_makes_nothing(client: httpx.Client, key: str) -> None:
    post(client, key)
    document = problem_in(post(client, key, name=key), 422)
    assert document["field"] == "Idempotency-Key"
    assert "with another body" in document["detail"]
    assert client.get("/campaigns", params={"search": key}).json()["items"] == []


def test_of_many_requests_at_once_one_makes_the_campaign(client: httpx.Client, key: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(client, key, name=f"Once {key}"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    (listed,) = client.get("/campaigns", params={"search": key}).json()["items"]
    assert {answer.json()["id"] for answer in answers} == {listed["id"]}


def test_a_request_that_was_refused_can_be_corrected_under_its_key(client: httpx.Client, key: str) -> None:
    problem_in(post(client, key, message="{{ x }}"), 422)
    assert post(client, key).status_code == 201


def test_a_key_belongs_to_its_api_key(app: RunningApp, client: httpx.Client, key: str) -> None:
    with app.api("campaigns:write") as other:
        assert post(client, key).json()["id"] != post(other, key).json()["id"]


def test_a_key_is_free_again_after_a_day_and_one_that_made_nothing_makes_it_now(
    app: RunningApp, client: httpx.Client, key: str
) -> None:
    first = post(client, key).json()["id"]
    with app.services() as inside:
        inside.db.campaigns.delete_one({"_id": first})  # as after a crash between the two
        assert post(client, key).json()["id"] == first
        past = datetime.now(UTC) - timedelta(hours=24, seconds=1)
        inside.db.idempotency_keys.update_one({"target": first}, {"$set": {"at": past}})
    assert post(client, key, name="Another").json()["id"] != first


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_what_is_no_key_is_refused(client: httpx.Client, name: str) -> None:
    problem_in(post(client, name), 422)
