"""GET /ingestion: when what was accepted is stored, and in which database."""

from functools import partial

import httpx

from crm_core.access.scopes import Scope
from crm_core.infra.streams import split_id
from tests.api.answers import problem_in
from tests.api.keys import client_with_rate
from tests.running_app import RunningApp
from tests.waiting import eventually


def test_a_record_is_readable_once_the_oldest_waiting_entry_is_past_its_position(client: httpx.Client) -> None:
    def is_stored(position: str) -> bool:
        oldest = client.get("/ingestion").json()["streams"]["customers"]["oldest"]
        return oldest is None or split_id(oldest) > split_id(position)

    for number in range(20):
        answer = client.post("/customers", json=[{"id": f"status-{number}-{n}"} for n in range(50)])
        eventually(partial(is_stored, answer.headers["x-stream-position"]))
        assert client.get(f"/customers/status-{number}-49").status_code == 200


def test_every_ingested_stream_has_its_state(client: httpx.Client) -> None:
    streams = client.get("/ingestion").json()["streams"]
    assert streams.keys() == {"customers", "orders", "events"}
    for state in streams.values():
        assert state.keys() == {"waiting", "oldest"}
        assert (state["waiting"] == 0) == (state["oldest"] is None)


def test_the_workspace_is_the_same_every_time_and_another_elsewhere(
    client: httpx.Client, small_app: RunningApp
) -> None:
    found = {client.get("/ingestion").json()["workspace"] for _ in range(3)}
    with client_with_rate(small_app, Scope.INGEST_WRITE, rate=10) as other:
        elsewhere = other.get("/ingestion").json()["workspace"]
    assert len(found) == 1
    assert elsewhere not in found


def test_it_takes_the_scope_of_those_who_write(customers_reader: httpx.Client) -> None:
    assert "ingest:write" in problem_in(customers_reader.get("/ingestion"), 403)["detail"]
