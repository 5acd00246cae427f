"""Calls that the simulated vendor refuses, delays or answers badly, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests import plain_http
from tests.integration.vendor_program import AUTHORIZED, Receiver, VendorProgram, message

KEYS = [f":customer-{n}#0" for n in range(4)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProgram]:
    receiver = Receiver().start()
    program = VendorProgram(tmp_path_factory.mktemp("misbehaviour") / "vendor.sqlite", receiver.url)
    try:
        yield program.start()
    finally:
        program.kill()
        receiver.stop()


@pytest.fixture
def vendor(running: VendorProgram) -> Iterator[VendorProgram]:
    """Behaves well again after each test."""
    before = running.get("/v1/behaviour")
    yield running
    assert running.behave(**before).json() == before


def batch(campaign: str, keys: list[str] = KEYS, **changed: str) -> dict[str, Any]:
    return {"campaign": campaign, "messages": [{**message(f"{campaign}{key}"), **changed} for key in keys]}


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json()["results"]]


@pytest.mark.parametrize(
    ("fields", "status", "retry_after"),
    [
        ({"outage": "refuse", "retry_after_s": 9}, 503, "9"),
        ({"error_rate": 1, "error_status": 502}, 502, None),
        ({"error_rate": 1, "error_status": 503}, 503, "1"),
        ({"too_many_rate": 1, "retry_after_s": 3}, 429, "3"),
    ],
)
def test_a_refused_call_says_when_to_ask_again_and_nothing_of_it_is_accepted(
    vendor: VendorProgram, fields: dict[str, Any], status: int, retry_after: str | None
) -> None:
    refused = vendor.counters("any")["calls_refused"].get(str(status), 0)
    vendor.behave(**fields)
    answer = vendor.post(batch(f"refused-{status}-{retry_after}"))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    counted = vendor.counters(f"refused-{status}-{retry_after}")
    assert (counted["received"], counted["calls_refused"][str(status)]) == (0, refused + 1)
    assert str(status) in counted["last_error"]["text"]


def test_a_closed_connection_gives_no_answer_and_accepts_nothing_until_switched_off(
    vendor: VendorProgram,
) -> None:
    vendor.behave(outage="close")
    assert vendor.get("/v1/health")["outage"] is True
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        vendor.post(batch("closed"))
    assert vendor.counters("closed")["received"] == 0
    vendor.behave(outage="off")
    assert statuses(vendor.post(batch("closed"))) == ["accepted"] * 4


def test_above_the_rate_calls_are_told_how_long_the_debt_lasts(vendor: VendorProgram) -> None:
    vendor.behave(max_per_second=1)
    assert statuses(vendor.post(batch("rate", [f":{n}#0" for n in range(500)]))) == ["accepted"] * 500
    answer = vendor.post(batch("rate"))
    assert answer.status_code == 429
    assert 400 < int(answer.headers["Retry-After"]) <= 499
    assert vendor.counters("rate")["received"] == 500


def test_a_slow_answer_outlasts_the_patience_of_the_caller_who_finds_all_accepted(vendor: VendorProgram) -> None:
    vendor.behave(latency_ms=60_000)
    with pytest.raises(httpx.ReadTimeout):
        vendor.post(batch("slow"), timeout_s=0.5)
    vendor.behave(latency_ms=0)
    assert statuses(vendor.post(batch("slow"))) == ["duplicate"] * 4


@pytest.mark.parametrize("kind", ["no_json", "other_shape", "missing_keys"])
def test_nonsense_is_answered_200_after_all_was_accepted(vendor: VendorProgram, kind: str) -> None:
    vendor.behave(nonsense_rate=1, nonsense=kind)
    answer = vendor.post(batch(kind))
    assert answer.status_code == 200
    if kind == "no_json":
        assert answer.content.startswith(b"<html>")
    elif kind == "other_shape":
        assert "results" not in answer.json()
    else:
        assert {result["key"] for result in answer.json()["results"]} == {f"{kind}{key}" for key in KEYS[1::2]}
    vendor.behave(nonsense_rate=0)
    assert statuses(vendor.post(batch(kind))) == ["duplicate"] * 4
    assert vendor.counters(kind)["calls_spoiled"][kind] == 1


def test_an_accepted_batch_whose_connection_is_closed_is_known_when_it_comes_again(vendor: VendorProgram) -> None:
    vendor.behave(unanswered_rate=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        vendor.post(batch("unanswered"))
    vendor.behave(unanswered_rate=0)
    assert statuses(vendor.post(batch("unanswered"))) == ["duplicate"] * 4
    counted = vendor.counters("unanswered")
    assert (counted["distinct"], counted["duplicates"], counted["accepted_twice"]) == (4, 4, 0)
    assert counted["calls_spoiled"]["unanswered"] == 1


def test_a_message_refused_for_good_stays_so_and_the_rest_of_its_batch_is_accepted(vendor: VendorProgram) -> None:
    vendor.behave(reject_rate=0.5)
    keys = [f":{n}#0" for n in range(40)]
    first = vendor.post(batch("reject", keys)).json()["results"]
    rejected = [result for result in first if result["status"] == "rejected"]
    assert 5 < len(rejected) < 35
    assert all(result["id"] is None and result["reason"] for result in rejected)
    vendor.behave(reject_rate=0)
    again = {result["key"]: result for result in vendor.post(batch("reject", keys)).json()["results"]}
    assert [again[result["key"]] for result in rejected] == rejected
    counted = vendor.counters("reject")
    assert (counted["rejected"], counted["distinct"]) == (len(rejected), 40 - len(rejected))
    assert counted["received"] == counted["distinct"] + counted["rejected"] + counted["duplicates"] == 80


def test_an_invalid_address_is_refused_for_good_without_being_asked_to(vendor: VendorProgram) -> None:
    (result,) = vendor.post(batch("address", ["a#0"], to="ann@example.invalid")).json()["results"]
    assert (result["status"], result["id"], result["reason"]) == ("rejected", None, "invalid_recipient")


def test_anybody_with_the_secret_can_read_who_got_what(vendor: VendorProgram) -> None:
    vendor.post(batch("read", KEYS[:1], to="ann", body="Hi Ann"))
    vendor.post(batch("read", KEYS[1:], to="bob", body="Hi Bob"))
    (found,) = vendor.get("/v1/messages?campaign=read&to=ann")["messages"]
    assert (found["key"], found["channel"], found["body"]) == (f"read{KEYS[0]}", "in_app", "Hi Ann")
    page = vendor.get("/v1/messages?campaign=read&limit=3")
    rest = vendor.get(f"/v1/messages?campaign=read&limit=3&cursor={page['next'].replace('#', '%23')}")
    keys = [one["key"] for one in [*page["messages"], *rest["messages"]]]
    assert keys == [f"read{key}" for key in KEYS]
    assert rest["next"] is None
    assert vendor.counters("read")["bodies"] == 2


def test_a_key_that_comes_again_with_another_text_or_recipient_is_counted(vendor: VendorProgram) -> None:
    vendor.post(batch("changed", body="first"))
    vendor.post(batch("changed", body="first"))
    assert vendor.counters("changed")["changed_bodies"] == 0
    vendor.post(batch("changed", body="second"))
    vendor.post(batch("changed", KEYS[:1], body="first", to="somebody else"))
    counted = vendor.counters("changed")
    assert (counted["duplicates"], counted["changed_bodies"], counted["bodies"]) == (9, 5, 1)


@pytest.mark.parametrize("path", ["behaviour", "messages"])
def test_behaviour_and_messages_are_shown_to_those_who_know_the_secret(vendor: VendorProgram, path: str) -> None:
    url = f"http://127.0.0.1:{vendor.port}/v1/{path}"
    assert plain_http.get(url).status_code == 401
    assert plain_http.get(url, headers=AUTHORIZED).status_code == 200


def test_a_bad_behaviour_or_query_is_refused_with_the_field(vendor: VendorProgram) -> None:
    answer = vendor.behave(latency_ms=5, open_rate=2)
    assert answer.status_code == 422
    assert "open_rate" in answer.json()["detail"]
    assert vendor.get("/v1/behaviour")["latency_ms"] == 0
    url = f"http://127.0.0.1:{vendor.port}/v1/messages?limit=0"
    refused = plain_http.get(url, headers=AUTHORIZED)
    assert refused.status_code == 422
    assert "limit" in refused.json()["detail"]
