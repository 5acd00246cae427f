"""Back-pressure: while too much waits to be stored nothing more is accepted, and nothing of it is lost."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.campaigns.messages.receipts import parse_receipts
from crm_core.infra.streams import Stream
from tests.api.answers import problem_in, profile, send
from tests.api.figures import figure
from tests.api.keys import client_with_rate
from tests.api.test_receipts import post_signed
from tests.running_app import RunningApp
from tests.waiting import eventually

LIMIT = 1000
"""CRM_MAX_BACKLOG of the app, in records."""
SCOPES = (Scope.INGEST_WRITE, Scope.CUSTOMERS_READ)


@pytest.fixture(scope="module")
def fast(small_app: RunningApp) -> Iterator[httpx.Client]:
    with client_with_rate(small_app, *SCOPES, rate=1000) as client:
        yield client


@contextmanager
def suspended(app: RunningApp, name: str) -> Iterator[None]:
    process = app.child(name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def status(client: httpx.Client, stream: str = "customers") -> dict[str, Any]:
    found: dict[str, Any] = client.get("/ingestion").json()["streams"][stream]
    return found


def fill(client: httpx.Client, prefix: str) -> list[str]:
    """Send customers until no more are accepted; gives the ids of those that were."""
    accepted = [f"{prefix}-{number}" for number in range(LIMIT)]
    send(client, "/customers", [{"id": name} for name in accepted])

    def one_more() -> int:
        name = f"{prefix}-{len(accepted)}"
        answer = client.post("/customers", json={"id": name})
        if answer.status_code == 202:
            accepted.append(name)
        return answer.status_code

    eventually(one_more, lambda found: found == 503, "a full backlog")
    return accepted


def test_a_full_backlog_refuses_whole_requests_until_the_worker_has_caught_up(
    small_app: RunningApp, fast: httpx.Client
) -> None:
    with suspended(small_app, "ingest"):
        accepted = fill(fast, "full")
        waiting = status(fast)["waiting"]
        assert waiting == len(accepted) >= LIMIT
        refused = fast.post("/customers", json=[{"id": "full-refused"}, {"id": "full-bad", "visits": -1}])
        detail = problem_in(refused, 503)["detail"]
        assert f"{waiting:,} customers wait to be stored" in detail
        assert "CRM_MAX_BACKLOG" in detail
        assert "Nothing of this request was accepted: send it again later." in detail
        assert refused.headers["retry-after"].isdecimal()
        assert int(refused.headers["retry-after"]) >= 1
        assert status(fast)["waiting"] == waiting
        send(fast, "/orders", {"id": "full-o1", "customer_id": "full-1", "amount": 1})
    eventually(lambda: status(fast)["waiting"], lambda found: found == 0)
    eventually(lambda: fast.post("/customers", json={"id": "full-after"}).status_code, lambda found: found == 202)
    profile(fast, "full-after")
    assert fast.get("/customers/full-refused").status_code == 404
    for name in (accepted[0], accepted[-1]):
        assert fast.get(f"/customers/{name}").status_code == 200


def test_status_tells_how_many_wait_and_which_is_the_oldest(small_app: RunningApp, fast: httpx.Client) -> None:
    eventually(lambda: status(fast, "events")["waiting"], lambda found: found == 0)
    assert status(fast, "events") == {"waiting": 0, "oldest": None}
    with suspended(small_app, "ingest"):
        first = fast.post("/events", json={"id": "wait-1", "customer_id": "wait", "type": "visit"})
        rest = fast.post("/events", json=[{"id": f"wait-{n}", "customer_id": "wait", "type": "x"} for n in range(2, 6)])
        oldest = first.headers["x-stream-position"]
        assert status(fast, "events") == {"waiting": 5, "oldest": oldest}
        assert rest.headers["x-stream-position"] > oldest
    eventually(lambda: status(fast, "events")["oldest"], lambda found: found is None)
    assert profile(fast, "wait")["customer"]["visits"] == 1


def test_an_import_waits_for_room_and_then_goes_on_by_itself(
    small_app: RunningApp, fast: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "customers.ndjson"
    file.write_text("".join(json.dumps({"id": f"room-{number}"}) + "\n" for number in range(2500)))
    key = fast.headers["authorization"].removeprefix("Bearer ")

    def refusals() -> float:
        return figure(small_app, "clientnest_http_requests_total", method="POST", route="/v1/customers", status="503")

    with suspended(small_app, "ingest"):
        fill(fast, "before")
        before = refusals()
        importing = small_app.start_command("import", str(file), "--key", key, "--wait")
        eventually(refusals, lambda found: found > before, "an import that is refused")
        assert importing.poll() is None
        assert status(fast)["waiting"] < 2500
    try:
        _, said = importing.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        importing.kill()
        raise
    assert importing.returncode == 0, said
    assert "2,500 records accepted and stored" in said
    assert "answers 503: trying again" in said
    assert fast.get("/customers/room-2499").status_code == 200


def test_a_full_backlog_of_receipts_refuses_more_until_the_worker_has_caught_up(small_app: RunningApp) -> None:
    receipt = {"key": "no-campaign:backlog-1#0", "status": "delivered", "at": "2026-01-01T00:00:00+00:00"}
    with small_app.api(Scope.INGEST_WRITE) as keyless, small_app.services() as services:
        with suspended(small_app, "receipts"):
            services.publisher.publish(Stream.RECEIPTS, [parse_receipts(json.dumps(receipt).encode())] * LIMIT)

            def refused() -> httpx.Response:
                return post_signed(small_app, keyless, receipt)

            answer = eventually(refused, lambda found: found.status_code != 202)
            assert "receipts wait to be stored" in problem_in(answer, 503)["detail"]
            assert int(answer.headers["retry-after"]) >= 1
        services.publisher.wait_until_empty(Stream.RECEIPTS, timeout_s=60)
        eventually(refused, lambda found: found.status_code == 202)
