"""What operators look at: liveness, readiness, figures, and the id that every request carries."""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from crm_core.infra.heartbeat import WORKER_GROUPS
from crm_core.infra.streams import INGESTED
from tests import plain_http
from tests.api.answers import problem_in, profile, send
from tests.api.figures import figure, read_figures, read_metrics
from tests.front_door.browser import signed_in
from tests.running_app import METRICS_TOKEN, RunningApp
from tests.waiting import eventually

OWN_ID = re.compile(r"[0-9a-f]{8}-\d+")
REQUESTS, RECORDS = "clientnest_http_requests_total", "clientnest_records_total"


def get(app: RunningApp, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"} if path == "metrics" else {}
    return plain_http.get(f"{app.url}/api/{path}", headers=headers, timeout=120)


def test_a_running_app_is_alive_and_ready_and_says_so_without_a_key(app: RunningApp) -> None:
    assert get(app, "healthz").json() == {"status": "ok"}
    assert get(app, "readyz").json() == {"status": "ok", "checks": {"mongodb": "ok", "valkey": "ok"}}


def test_an_app_without_its_stream_server_is_alive_and_not_ready(small_app: RunningApp) -> None:
    valkey = small_app.child("valkey")
    valkey.suspend()
    try:
        assert get(small_app, "healthz").status_code == 200
        with ThreadPoolExecutor() as pool:
            readiness, figures = pool.map(lambda path: get(small_app, path), ("readyz", "metrics"))
    finally:
        valkey.resume()
    document = problem_in(readiness, 503)
    assert document["detail"] == "No answer from valkey."
    assert document["checks"]["mongodb"] == "ok"
    assert "does not answer" in document["checks"]["valkey"]
    problem_in(figures, 503)
    eventually(lambda: get(small_app, "readyz").status_code, lambda status: status == 200)


def test_figures_are_in_the_format_of_prometheus_and_each_is_explained(app: RunningApp) -> None:
    answer = get(app, "metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    types = {name: family.type for name, family in families.items() if not name.endswith("_created")}
    assert types == {
        "clientnest_http_requests": "counter",
        "clientnest_http_request_seconds": "histogram",
        "clientnest_records": "counter",
        "clientnest_stream_accepted": "counter",
        "clientnest_stream_handled": "counter",
        "clientnest_stream_waiting": "gauge",
        "clientnest_stream_lag_seconds": "gauge",
        "clientnest_worker_silence_seconds": "gauge",
        "clientnest_worker_handled": "counter",
        "clientnest_worker_failed": "counter",
        "clientnest_dead_letters": "gauge",
    }
    assert all(family.documentation for family in families.values())


def test_figures_are_for_the_token_and_for_who_has_signed_in(app: RunningApp) -> None:
    wrong = {"Authorization": "Bearer another token"}
    for headers in ({}, wrong):
        document = problem_in(httpx.get(f"{app.url}/api/metrics", headers=headers, trust_env=False), 401)
        assert document["detail"] == "Sign in to ClientNest first."
    assert signed_in(app).get("/api/metrics").status_code == 200


def test_figures_follow_the_requests_and_the_records(app: RunningApp, client: httpx.Client) -> None:
    accepted_request = {"method": "POST", "route": "/v1/orders", "status": "202"}
    refused_request = {"method": "POST", "route": "/v1/orders", "status": "422"}

    def read() -> list[float]:
        return [
            figure(app, REQUESTS, **accepted_request),
            figure(app, REQUESTS, **refused_request),
            figure(app, "clientnest_http_request_seconds_count", method="POST", route="/v1/orders"),
            figure(app, RECORDS, stream="orders", outcome="accepted"),
            figure(app, RECORDS, stream="orders", outcome="rejected"),
            figure(app, "clientnest_stream_accepted_total", stream="orders"),
        ]

    before = read()
    good = [{"id": f"fig-{number}", "customer_id": "fig", "amount": 1} for number in range(3)]
    assert client.post("/orders", json=[*good, {"id": "fig-bad"}]).status_code == 202
    assert client.post("/orders", json={"id": "fig-bad"}).status_code == 422
    assert [now - then for now, then in zip(read(), before, strict=True)] == [1, 1, 2, 3, 2, 3]
    eventually(lambda: figure(app, "clientnest_stream_waiting", stream="orders"), lambda waiting: waiting == 0)
    assert figure(app, "clientnest_stream_handled_total", stream="orders") >= before[-1] + 3
    assert figure(app, "clientnest_stream_lag_seconds", stream="orders") == 0


def test_every_worker_and_every_stream_has_its_figures(app: RunningApp) -> None:
    def groups() -> set[str]:
        return {
            sample.labels["group"] for sample in read_figures(app) if sample.name == "clientnest_worker_handled_total"
        }

    eventually(groups, lambda found: found == set(WORKER_GROUPS))
    streams = {sample.labels["stream"] for sample in read_figures(app) if sample.name == "clientnest_stream_waiting"}
    assert {stream.label for stream in INGESTED} < streams


def test_figures_name_routes_as_they_are_documented_and_nobody_who_was_asked_for(
    app: RunningApp, client: httpx.Client
) -> None:
    record = {"id": "fig-secret-id", "name": "Figsecret Name", "email": "figsecret@example.com"}
    send(client, "/customers", record)
    profile(client, "fig-secret-id")
    client.get("/fig-secret-path", params={"cursor": "fig-secret-cursor"})
    text = read_metrics(app).lower()
    assert 'route="/v1/customers/{customer_id}"' in text
    assert 'route="none",status="404"' in text
    assert "secret" not in text
    documented = signed_in(app).get("/api/openapi.json").json()["paths"]
    routes = {sample.labels["route"] for sample in read_figures(app) if sample.name == REQUESTS}
    undocumented = {"none", "/docs", "/docs/start.js", "/docs/swagger", "/openapi.json"}
    assert routes - undocumented <= documented.keys()


def test_a_method_that_a_path_does_not_have_is_answered_with_those_that_it_has(client: httpx.Client) -> None:
    for path, methods in (("/customers", "GET, POST"), ("/attributes/a", "PUT"), ("/customers/a", "GET")):
        answer = client.delete(path)
        problem_in(answer, 405)
        assert answer.headers["allow"] == methods


@pytest.mark.parametrize("given", ["a", "3f2c-88.x_Y", "0" * 64])
def test_the_callers_request_id_is_echoed(client: httpx.Client, given: str) -> None:
    answer = client.get("/customers?limit=1", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "0" * 65, "a b", "a/b", "<script>", '"', "e=1;f", "\u00e4"])
def test_a_request_id_that_is_none_is_not_echoed_and_another_is_made(client: httpx.Client, given: str) -> None:
    answer = client.get("/customers?limit=1", headers=[(b"X-Request-Id", given.encode())])
    assert OWN_ID.fullmatch(answer.headers["x-request-id"])


def test_every_answer_has_an_id_of_its_own_whatever_became_of_the_request(
    client: httpx.Client, keyless: httpx.Client
) -> None:
    answers = [
        client.get("/customers?limit=1"),
        client.get("/customers?limit=0"),
        client.get("/customers/nobody-has-this-id"),
        client.get("/nothing"),
        client.put("/customers"),
        client.post("/customers", content=b"{"),
        keyless.get("/customers"),
    ]
    assert [answer.status_code for answer in answers] == [200, 422, 404, 404, 405, 422, 401]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(map(OWN_ID.fullmatch, ids))
    assert len(set(ids)) == len(ids)


def test_a_caller_that_hangs_up_in_the_middle_of_a_body_is_no_fault_of_ours(
    app: RunningApp, client: httpx.Client
) -> None:
    def ended() -> float:
        return figure(app, REQUESTS, method="POST", route="/v1/customers", status="400")

    before = ended()
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        connection.sendall(
            b"POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n"
            b"Authorization: " + client.headers["authorization"].encode() + b'\r\n\r\n[{"id": "hung-up"}'
        )
    eventually(ended, lambda found: found == before + 1)
    assert figure(app, REQUESTS, method="POST", route="/v1/customers", status="500") == 0
