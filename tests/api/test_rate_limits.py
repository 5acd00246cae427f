"""How many requests a key may make: its own rate or the default, each key for itself."""

import httpx
import pytest

from crm_core.access.scopes import Scope
from tests.api.answers import problem_in
from tests.api.keys import client_with_rate
from tests.running_app import RunningApp
from tests.waiting import eventually

MANY = 300
"""More than any burst of these tests."""


def passed_before_refusal(client: httpx.Client, path: str) -> tuple[int, httpx.Response]:
    """How many requests were answered, and the first that was not."""
    for number in range(MANY):
        if (answer := client.get(path)).status_code == 429:
            return number, answer
        assert answer.status_code == 200
    raise AssertionError(f"{MANY} requests passed")


def test_after_its_burst_a_key_is_told_how_long_to_wait_and_then_served_again(
    app: RunningApp, client: httpx.Client
) -> None:
    with client_with_rate(app, Scope.CUSTOMERS_READ, Scope.INGEST_WRITE, rate=1, burst=4) as slow:
        passed, refused = passed_before_refusal(slow, "/customers?limit=1")
        assert passed >= 4
        wait_s = refused.headers["retry-after"]
        assert wait_s.isdecimal()
        assert 1 <= int(wait_s) <= 4
        assert problem_in(refused, 429)["detail"] == f"Try again in {wait_s} s."
        assert client.get("/customers?limit=1").status_code == 200, "another key waits for nobody"
        eventually(lambda: slow.get("/customers?limit=1").status_code, lambda status: status == 200)


def test_a_key_has_one_rate_for_all_paths_and_a_refused_request_stores_nothing(
    app: RunningApp, client: httpx.Client
) -> None:
    with client_with_rate(app, Scope.CUSTOMERS_READ, Scope.INGEST_WRITE, rate=1, burst=60) as slow:
        passed_before_refusal(slow, "/ingestion")
        problem_in(slow.post("/customers", json={"id": "rate-refused"}), 429)
        problem_in(slow.get("/customers"), 429)
        client.post("/customers", json={"id": "rate-taken"})
        eventually(lambda: client.get("/customers/rate-taken").status_code, lambda status: status == 200)
        assert client.get("/customers/rate-refused").status_code == 404


def test_the_rate_of_a_key_beats_the_default_which_holds_for_the_others(small_app: RunningApp) -> None:
    with client_with_rate(small_app, Scope.CUSTOMERS_READ, rate=1000) as fast:
        assert {fast.get("/customers?limit=1").status_code for _ in range(MANY)} == {200}
    with small_app.api(Scope.CUSTOMERS_READ) as default:
        passed, refused = passed_before_refusal(default, "/customers?limit=1")
        assert passed >= 4
        problem_in(refused, 429)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "0"), "A rate of 0 requests per second is out of bounds: 1 to 1,000,000."),
        (("--rate", "10", "--burst", "9"), "A burst of 9 requests is out of bounds"),
        (("--burst", "9"), "A burst needs a rate as well"),
    ],
)
def test_a_rate_that_cannot_be_makes_no_key(app: RunningApp, options: tuple[str, ...], words: str) -> None:
    done = app.command_here("key", "create", "--name", "shop", "--scopes", "customers:read", *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert words in " ".join(done.stderr.split())
