"""Delivery receipts as the vendor posts them."""

import json
from typing import Any

import pytest

from crm_core.campaigns.messages.receipts import MAX_RECEIPTS, parse_receipts
from crm_core.campaigns.messages.rows import message_key, row_id
from crm_core.errors import InvalidInput
from workers.vendor.wire import parse_batch

RECEIPT = {"key": "campaign:c1#0", "vendor_id": "v1", "status": "delivered", "at": "2026-06-15T12:00:00+02:00"}


def parse(body: Any) -> list[dict[str, Any]]:
    receipts: list[dict[str, Any]] = json.loads(parse_receipts(json.dumps(body).encode()))["receipts"]
    return receipts


def refusal(body: bytes) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse_receipts(body)
    return caught.value


def test_one_receipt_and_a_batch_of_them_become_the_same_payload() -> None:
    assert parse(RECEIPT) == parse({"receipts": [RECEIPT]})


def test_a_failed_receipt_keeps_its_reason() -> None:
    assert parse(RECEIPT | {"status": "failed", "reason": "unknown_number"})[0]["reason"] == "unknown_number"


def test_what_the_vendor_says_beyond_the_agreed_fields_is_dropped() -> None:
    assert "body" not in parse(RECEIPT | {"body": "Hi Asha"})[0]


def test_a_customer_id_with_a_hash_or_a_colon_is_a_valid_key() -> None:
    assert parse(RECEIPT | {"key": "campaign:a:b#c#0"})[0]["key"] == "campaign:a:b#c#0"


@pytest.mark.parametrize(
    "change",
    [
        {"key": "no campaign"},
        {"key": "campaign:c1"},
        {"key": "campaign:c1#\N{ARABIC-INDIC DIGIT THREE}"},
        {"key": "campaign:c1#\U00011f50"},
        {"key": "campaign:c1#x"},
        {"key": ":c1#0"},
        {"key": 5},
        {"status": "read"},
        {"status": None},
        {"at": "2026-06-15T12:00:00"},
        {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00+14:00"},
        {"at": "9999-12-31T23:59:59-14:00"},
        {"vendor_id": "x" * 101},
    ],
)
def test_a_receipt_with_a_bad_field_is_refused_by_the_name_of_the_field(change: dict[str, Any]) -> None:
    exc = refusal(json.dumps({"receipts": [RECEIPT | change]}).encode())
    assert next(iter(change)) in str(exc.field)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"5", b'{"receipts": []}', b'{"receipts": [1]}', b"\xff"])
def test_a_body_that_holds_no_receipt_is_refused(body: bytes) -> None:
    assert "receipt is not valid" in str(refusal(body))


def test_a_batch_has_at_most_1000_receipts() -> None:
    assert len(parse({"receipts": [RECEIPT] * MAX_RECEIPTS})) == MAX_RECEIPTS
    refusal(json.dumps({"receipts": [RECEIPT] * (MAX_RECEIPTS + 1)}).encode())


def test_the_message_to_the_longest_customer_id_has_a_valid_key() -> None:
    key = message_key({"_id": row_id("0" * 32, "\N{SNOWMAN}" * 254), "n": 999_999})
    assert parse(RECEIPT | {"key": key})[0]["key"] == key
    message = {"key": key, "to": "\N{SNOWMAN}" * 254, "channel": "in_app", "body": "Hi"}
    assert parse_batch(json.dumps({"campaign": "c", "messages": [message]}).encode()).messages[0].key == key
