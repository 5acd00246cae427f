"""What the simulated vendor refuses, and that it says why."""

from collections.abc import Iterator

import pytest

from tests.integration.vendor_program import SECRET, Receiver, VendorProgram, message


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VendorProgram]:
    """One vendor for all refusals: none of them leaves a trace."""
    program = VendorProgram(tmp_path_factory.mktemp("refusals") / "vendor.sqlite", Receiver().url)
    try:
        yield program.start()
    finally:
        program.kill()


@pytest.mark.parametrize("token", [None, "wrong", SECRET + "x", "\xe9"])
def test_wrong_token_is_401(vendor: VendorProgram, token: str | None) -> None:
    answer = vendor.post({"campaign": "c1", "messages": [message("c1:a#0")]}, token)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "token" in answer.json()["detail"]


def batch_with(**changed: object) -> dict[str, object]:
    return {"campaign": "c1", "messages": [message("c1:good#0"), {**message("c1:bad#0"), **changed}]}


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"{", 400, "JSON"),
        (b"[]", 400, "object"),
        (b"\xff", 400, "JSON"),
        ({"campaign": "c1", "messages": [message(f"c1:{n}#0") for n in range(501)]}, 422, "500"),
        ({"campaign": "c1", "messages": []}, 422, "messages"),
        ({"messages": [message("c1:a#0")]}, 422, "campaign"),
        (batch_with(channel="pigeon"), 422, "messages.1.channel"),
        (batch_with(to=""), 422, "messages.1.to"),
        (batch_with(colour="red"), 422, "messages.1.colour"),
        (batch_with(body="x" * 30_001), 422, "messages.1.body"),
        (b" " * (16 * 1024 * 1024 + 1), 413, "16777216"),
    ],
)
def test_refusal_names_what_is_wrong_and_nothing_of_the_batch_is_accepted(
    vendor: VendorProgram, body: object, status: int, named: str
) -> None:
    answer = vendor.post(body)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.json()["detail"]
    assert vendor.get("/v1/counters")["received"] == 0
