"""What the delivery worker makes of a vendor's answers, over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from crm_core.campaigns.vendor import HttpVendor
from crm_core.errors import Permanent, Unavailable
from tests.integration.answer_server import Answer, answer_server

MESSAGES = [{"key": f"c:{n}#0", "to": str(n), "channel": "in_app", "body": "Hi"} for n in (1, 2)]
Answering = Callable[[int, Any], HttpVendor]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """A vendor that answers every call with this status and body."""
    with ExitStack() as stack:
        yield lambda status, body: HttpVendor(stack.enter_context(answer_server([Answer(status, body)])), "secret")


def test_every_message_gets_the_id_that_the_vendor_gave_it(answering: Answering) -> None:
    results = [{"key": message["key"], "id": f"v{n}"} for n, message in enumerate(MESSAGES)]
    assert answering(200, {"results": results}).send("c", MESSAGES) == {"c:1#0": "v0", "c:2#0": "v1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        [],
        {},
        {"results": None},
        {"results": [{"key": "c:1#0", "id": "v0"}]},
        {"results": [{"id": "v"}]},
    ],
)
def test_an_answer_that_does_not_name_every_message_is_asked_for_again(answering: Answering, body: Any) -> None:
    with pytest.raises(Unavailable, match="does not name every message"):
        answering(200, body).send("c", MESSAGES)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_that_may_pass_is_an_outage(answering: Answering, status: int) -> None:
    with pytest.raises(Unavailable):
        answering(status, {}).send("c", MESSAGES)


def test_a_batch_that_the_vendor_will_never_take_is_given_up(answering: Answering) -> None:
    with pytest.raises(Permanent, match="422"):
        answering(422, {}).send("c", MESSAGES)


def test_a_vendor_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        HttpVendor("http://127.0.0.1:9", "secret").send("c", MESSAGES)
