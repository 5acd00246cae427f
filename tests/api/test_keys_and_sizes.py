"""Access and sizes: keys, scopes and lengths are checked before a body is read; errors are problem documents."""

import http.client
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.answers import problem_in
from tests.running_app import RunningApp

POSTS = ("/customers", "/orders", "/segments/preview", "/segments", "/campaigns", "/campaigns/none/launch")
GETS = ("/customers", "/customers/none", "/segments", "/campaigns", "/campaigns/none/stats")
UNKNOWN = {"Authorization": "Bearer cn_unknown"}
TEN_MB = 10_000_000


def post_without_body(app: RunningApp, path: str, *, headers: dict[str, str], announced: int) -> tuple[int, bytes]:
    """Status and body of the answer to a request that announces a body and never sends it."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=30)
    try:
        connection.putrequest("POST", f"/api/v1{path}")
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(announced)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", POSTS)
def test_missing_key_401_and_missing_scope_403_are_answered_before_the_body_is_read(
    app: RunningApp, customers_reader: httpx.Client, path: str
) -> None:
    other_scope = {"Authorization": customers_reader.headers["Authorization"]}
    for headers, status, words in (
        ({}, 401, b"No API key"),
        (UNKNOWN, 401, b"not known"),
        (other_scope, 403, b"lacks the scope"),
    ):
        answer = post_without_body(app, path, headers=headers, announced=1000)
        assert answer[0] == status
        assert words in answer[1]


@pytest.mark.parametrize("path", GETS)
def test_reading_needs_a_known_key(keyless: httpx.Client, path: str) -> None:
    for headers in ({}, UNKNOWN, {"Authorization": "Basic YTpi"}):
        answer = keyless.get(path, headers=headers)
        problem_in(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


def test_reading_needs_the_scope_of_what_is_read(customers_reader: httpx.Client, segments_reader: httpx.Client) -> None:
    assert customers_reader.get("/customers").status_code == 200
    assert segments_reader.get("/segments").status_code == 200
    assert "customers:read" in problem_in(segments_reader.get("/customers"), 403)["detail"]
    assert "segments:read" in problem_in(customers_reader.get("/segments"), 403)["detail"]
    assert "campaigns:read" in problem_in(customers_reader.get("/campaigns"), 403)["detail"]


@pytest.mark.parametrize("path", POSTS)
def test_announced_body_beyond_the_limit_is_413_before_it_is_sent(
    app: RunningApp, client: httpx.Client, path: str
) -> None:
    headers = {"Authorization": client.headers["Authorization"]}
    status, body = post_without_body(app, path, headers=headers, announced=TEN_MB)
    assert status == 413
    assert b"5,000,000 bytes" in body


@pytest.mark.parametrize("path", POSTS)
def test_body_beyond_the_limit_is_413_when_its_length_is_not_announced(client: httpx.Client, path: str) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(TEN_MB // 100_000):
            yield b" " * 100_000

    problem_in(client.post(path, content=chunks()), 413)


def test_body_of_ten_mb_is_413(client: httpx.Client, keyless: httpx.Client) -> None:
    problem_in(client.post("/customers", content=b"[" + b" " * TEN_MB + b"]"), 413)
    problem_in(keyless.post("/receipts", content=b" " * TEN_MB), 413)


def test_unknown_path_and_method_are_problem_documents(client: httpx.Client) -> None:
    problem_in(client.get("/nothing"), 404)
    problem_in(client.put("/customers", json={}), 405)


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=ten", "cursor=" + "x" * 255])
def test_bad_query_parameter_is_named(client: httpx.Client, query: str) -> None:
    document = problem_in(client.get(f"/customers?{query}"), 422)
    assert document["errors"][0]["field"] == query.partition("=")[0]
