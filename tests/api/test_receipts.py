"""POST /receipts: only what the vendor signed counts, and only for messages that exist."""

import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crm_core.infra.streams import Stream
from tests.api.answers import Json, problem_in, profile, store_customers, tagged
from tests.api.conftest import SECOND_SECRET
from tests.running_app import RunningApp
from tests.waiting import eventually

AT = datetime(2026, 1, 1, tzinfo=UTC).isoformat()


def signature(app: RunningApp, body: bytes, *, at: int | None = None, secret: str | None = None) -> str:
    """By the contract, written again: HMAC-SHA256 of ``t.body`` under the secret that app and vendor share."""
    moment = int(time.time()) if at is None else at
    key = (secret or app.runtime.vendor_secret).encode()
    return f"t={moment},v1={hmac.new(key, f'{moment}.'.encode() + body, hashlib.sha256).hexdigest()}"


def post_signed(app: RunningApp, keyless: httpx.Client, document: Json) -> httpx.Response:
    body = json.dumps(document).encode()
    return keyless.post("/receipts", content=body, headers={"X-Signature": signature(app, body)})


@pytest.fixture(scope="module")
def campaign(client: httpx.Client) -> Any:
    """A finished campaign to one customer."""
    store_customers(client, "api-receipt", [{"id": "receipt-1"}])
    made = client.post("/campaigns", json={"name": "One", "message": "Hi", "rule": tagged("api-receipt")}).json()
    assert client.post(f"/campaigns/{made['id']}/launch").status_code == 202
    eventually(
        lambda: _stats(client, made["id"]), lambda got: got["state"] == "completed" and not got["by_state"]["sent"]
    )
    return made


def test_while_the_secret_is_replaced_receipts_are_signed_with_either(small_app: RunningApp) -> None:
    receipt = {"key": "nobody:x#0", "status": "delivered", "at": AT}
    body = json.dumps(receipt).encode()
    with small_app.client() as vendor:
        for secret, status in ((None, 202), (SECOND_SECRET, 202), ("a third", 403)):
            headers = {"X-Signature": signature(small_app, body, secret=secret)}
            assert vendor.post("/receipts", content=body, headers=headers).status_code == status


def _stats(client: httpx.Client, campaign_id: str) -> Json:
    found: Json = client.get(f"/campaigns/{campaign_id}/stats").json()
    return found


def test_unsigned_forged_changed_and_stale_receipts_are_refused_and_change_nothing(
    app: RunningApp, client: httpx.Client, keyless: httpx.Client, campaign: Json
) -> None:
    before = profile(client, "receipt-1")["messages"]
    receipt = {"key": f"{campaign['id']}:receipt-1#0", "status": "failed", "reason": "forged", "at": AT}
    body = json.dumps(receipt).encode()
    now = int(time.time())
    for header in (
        None,
        "",
        "v1=00",
        f"t={now},v1=" + "0" * 64,
        signature(app, body + b" "),
        signature(app, body, at=now - 3600),
        signature(app, body, at=now + 3600),
        signature(app, body, at=now - 3600).replace(f"t={now - 3600}", f"t={now}"),
    ):
        answer = keyless.post("/receipts", content=body, headers={"X-Signature": header} if header is not None else {})
        assert "X-Signature" in problem_in(answer, 403)["detail"]
    with app.services() as services:
        services.publisher.wait_until_empty(Stream.RECEIPTS, timeout_s=60)
    assert profile(client, "receipt-1")["messages"] == before


def test_receipts_for_unknown_messages_are_taken_and_change_nothing(
    app: RunningApp, client: httpx.Client, keyless: httpx.Client, campaign: Json
) -> None:
    before = _stats(client, campaign["id"])["by_state"]
    unknown = [
        {"key": f"{campaign['id']}:stranger#0", "status": "delivered", "at": AT},
        {"key": "no-campaign:receipt-1#0", "status": "failed", "reason": "blocked", "at": AT},
    ]
    assert post_signed(app, keyless, {"receipts": unknown}).status_code == 202
    assert post_signed(app, keyless, unknown[0]).status_code == 202
    with app.services() as services:
        services.publisher.wait_until_empty(Stream.RECEIPTS, timeout_s=60)
        assert services.db.messages.find_one({"_id": f"{campaign['id']}:stranger"}) is None
        assert services.db.messages.find_one({"_id": "no-campaign:receipt-1"}) is None
    assert _stats(client, campaign["id"])["by_state"] == before


def test_repeated_and_older_receipts_change_nothing(
    app: RunningApp, client: httpx.Client, keyless: httpx.Client, campaign: Json
) -> None:
    key = f"{campaign['id']}:receipt-1#0"
    for status in ("failed", "delivered", "failed", "delivered"):
        assert post_signed(app, keyless, {"key": key, "status": status, "at": AT}).status_code == 202
    by_state = eventually(lambda: _stats(client, campaign["id"])["by_state"], lambda found: found["delivered"] == 1)
    assert sum(by_state.values()) == 1


def test_opened_and_clicked_count_beyond_delivered_in_whatever_order_they_come(
    app: RunningApp, client: httpx.Client, keyless: httpx.Client, campaign: Json
) -> None:
    key = f"{campaign['id']}:receipt-1#0"
    for told, state in ((("opened", "delivered", "failed"), "opened"), (("clicked", "opened"), "clicked")):
        for status in told:
            assert post_signed(app, keyless, {"key": key, "status": status, "at": AT}).status_code == 202
        with app.services() as services:
            services.publisher.wait_until_empty(Stream.RECEIPTS, timeout_s=60)
        by_state = _stats(client, campaign["id"])["by_state"]
        assert {name: count for name, count in by_state.items() if count} == {state: 1}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"receipts": []}, "receipts"),
        ({"receipts": [{"key": "a:b#0", "status": "delivered", "at": AT}] * 1001}, "receipts"),
        ({"key": "a:b#0", "status": "eaten", "at": AT}, "status"),
        ({"key": "without-number", "status": "delivered", "at": AT}, "key"),
        ({"key": "a:b#0", "status": "delivered", "at": "2026-01-01T00:00:00"}, "at"),
        ({"key": "a:b#0", "status": "delivered"}, "at"),
    ],
)
def test_signed_nonsense_is_refused_with_the_field(
    app: RunningApp, keyless: httpx.Client, document: Json, field: str
) -> None:
    assert field in problem_in(post_signed(app, keyless, document), 422)["detail"]


def test_signed_body_that_is_no_json_is_refused(app: RunningApp, keyless: httpx.Client) -> None:
    answer = keyless.post("/receipts", content=b"{", headers={"X-Signature": signature(app, b"{")})
    assert "JSON" in problem_in(answer, 422)["detail"]
