"""What the delivery worker makes of a vendor's answers, over real HTTP."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from crm_core.campaigns.sending import vendor
from crm_core.campaigns.sending.vendor import HttpVendor
from crm_core.channels.sender import Answer as VendorAnswer
from crm_core.errors import Unavailable
from tests.integration.answer_server import Answer, answer_server

MESSAGES = [{"key": f"c:{n}#0", "to": str(n), "channel": "in_app", "body": "Hi"} for n in (1, 2)]
TAKEN = {"key": "c:1#0", "id": "v0", "status": "accepted"}
Answering = Callable[..., HttpVendor]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A vendor that gives these answers in turn, the last one for ever."""
    with ExitStack() as stack:

        def start(*answers: Answer, received: list[Any] | None = None) -> HttpVendor:
            return HttpVendor(stack.enter_context(answer_server(answers, received=received)), "secret")

        yield start


def ok(*results: Any) -> Answer:
    return Answer(200, {"results": list(results)})


def sends(received: Sequence[Any]) -> list[list[str]]:
    return [[message["key"] for message in body["messages"]] for body in received]


def test_each_message_is_taken_or_refused_by_itself(answering: Answering) -> None:
    refused = {"key": "c:2#0", "id": None, "status": "rejected", "reason": "unknown_number"}
    assert answering(ok(TAKEN, refused)).send("c", MESSAGES) == {
        "c:1#0": VendorAnswer("v0"),
        "c:2#0": VendorAnswer(None, "unknown_number"),
    }


@pytest.mark.parametrize("reason", [None, "", 5, "\x00", {"$gt": ""}, "outcome_unknown"])
def test_a_refusal_without_a_reason_in_words_has_one_of_ours(answering: Answering, reason: Any) -> None:
    refused = {"key": "c:2#0", "id": None, "status": "rejected", "reason": reason}
    found = answering(ok(TAKEN, refused)).send("c", MESSAGES)["c:2#0"]
    assert found == VendorAnswer(None, "refused_by_vendor")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        [],
        {},
        {"results": None},
        {"results": ["c:1#0"]},
        {"results": [TAKEN]},
        {"results": [{"id": "v"}]},
        {"results": [TAKEN, {"key": "c:2#0", "id": None, "status": "accepted"}]},
        {"results": [TAKEN, {"key": "c:2#0", "id": "\ud800", "status": "accepted"}]},
        {"results": [TAKEN, {"key": "c:2#0", "id": "v" * 101, "status": "accepted"}]},
        b"[" * 100_000,
    ],
)
def test_an_answer_that_does_not_name_every_message_is_asked_for_again(answering: Answering, body: Any) -> None:
    with pytest.raises(Unavailable, match="does not name every message"):
        answering(Answer(200, body)).send("c", MESSAGES)


@pytest.mark.parametrize("status", [302, 401, 403, 404, 429, 500, 503])
def test_a_refusal_that_may_pass_is_an_outage_with_a_longer_backoff(answering: Answering, status: int) -> None:
    with pytest.raises(Unavailable) as caught:
        answering(Answer(status, {})).send("c", MESSAGES)
    assert (caught.value.retry_after_s, caught.value.backoff_cap_s) == (None, 30)


def test_a_vendor_that_says_when_to_come_back_is_asked_again_then(answering: Answering) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    cases: list[tuple[int, str, Any, Any]] = [(429, "7", 7, 7), (503, in_a_minute, 50, 60), (500, "7", None, None)]
    for status, header, low, high in cases:
        with pytest.raises(Unavailable) as caught:
            answering(Answer(status, {}, {"Retry-After": header})).send("c", MESSAGES)
        asked = caught.value.retry_after_s
        assert asked is None if low is None else low <= (asked or 0) <= high


@pytest.mark.parametrize("header", ["soon", "-7", "Mon, 01 Jan 2024 00:00:00 +99999999999999999999"])
def test_a_vendor_with_a_nonsensical_retry_after_is_asked_again_all_the_same(answering: Answering, header: str) -> None:
    with pytest.raises(Unavailable, match="answered 503") as caught:
        answering(Answer(503, {}, {"Retry-After": header})).send("c", MESSAGES)
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("limit", ["ANSWER_S", "MAX_ANSWER_BYTES"])
def test_an_answer_that_does_not_end_is_an_outage(
    answering: Answering, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(vendor, limit, 0)
    with pytest.raises(Unavailable, match="does not end"):
        answering(ok(TAKEN)).send("c", MESSAGES)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_message_that_is_refused_fails_no_other_of_its_batch(answering: Answering, status: int) -> None:
    received: list[Any] = []
    three = [*MESSAGES, {"key": "c:3#0", "to": "3", "channel": "in_app", "body": "Hi"}]
    bad = Answer(status, {})
    picky = answering(bad, ok(TAKEN), bad, bad, ok({**TAKEN, "key": "c:3#0"}), received=received)
    assert picky.send("c", three) == {
        "c:1#0": VendorAnswer("v0"),
        "c:2#0": VendorAnswer(None, "refused_by_vendor"),
        "c:3#0": VendorAnswer("v0"),
    }
    assert sends(received) == [["c:1#0", "c:2#0", "c:3#0"], ["c:1#0"], ["c:2#0", "c:3#0"], ["c:2#0"], ["c:3#0"]]


def test_a_vendor_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        HttpVendor("http://127.0.0.1:9", "secret").send("c", MESSAGES)
