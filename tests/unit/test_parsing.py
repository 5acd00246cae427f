"""What bodies ``POST /customers`` and ``POST /orders`` accept, and which record they blame for what."""

import json
from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import MAX_RECORD_BYTES, MAX_RECORDS, FieldError, parse_rows
from crm_core.ingest.scalars import ValidationContext
from crm_core.schema.statuses import STATUS_NAMES
from tests.unit.parsed import CUSTOMER, NOW, ORDER, accepted, error, parse, refusal

NOT_AN_AMOUNT = "must be a JSON number, such as 29.33"


@pytest.mark.parametrize(
    "body",
    [b"", b"  ", b"{", b'{"id": "c1"', b'[{"id": "c1"}', b"id=c1", b"{'id': 'c1'}", b'{"id": "c1"} {}', b"\xff\xfe"],
)
@pytest.mark.parametrize("stream", [Stream.CUSTOMERS, Stream.ORDERS])
def test_malformed_json_is_refused_with_its_place(stream: Stream, body: bytes) -> None:
    message = refusal(stream, body)
    assert "no valid JSON" in message
    assert "line 1 column" in message


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'[{"id": ' + b"[" * 5_000])
def test_json_nested_too_deep_is_refused_and_not_a_crash(body: bytes) -> None:
    assert "recursion limit" in refusal(Stream.CUSTOMERS, body)


@pytest.mark.parametrize("bad", [[], [{"id": "c3", "visits": -1}]], ids=["good otherwise", "beside a bad one"])
def test_a_record_that_is_too_large_is_named_with_its_size_and_spoils_no_other(bad: list[Any]) -> None:
    """Each of its fields may be as long as it is, but a thousand such records are read at once."""
    large = {"id": "c1", "attributes": {f"a{number}": ["x" * 200] * 50 for number in range(50)}}
    batch = parse(Stream.CUSTOMERS, [{"id": "c0"}, large, {"id": "c2"}, *bad])
    assert [json.loads(payload)["id"] for payload in batch.payloads] == ["c0", "c2"]
    assert [row.index for row in batch.rejected] == [1, 3][: 1 + len(bad)]
    (fault,) = batch.rejected[0].errors
    assert (fault.field, "takes 507," in fault.message) == ("", True)
    assert f"at most {MAX_RECORD_BYTES:,} are allowed" in fault.message
    assert error(Stream.CUSTOMERS, large) == fault


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udc00", rb"\ud800x"])
def test_a_lone_surrogate_is_named_with_its_field_and_spoils_no_other_record(text: bytes) -> None:
    rule = "must be valid Unicode, without lone surrogates"
    bad = b'{"id": "c1", "name": "' + text + b'"}'
    batch = parse(Stream.CUSTOMERS, b'[{"id": "c0"}, ' + bad + b', {"id": "c2"}]')
    assert [json.loads(payload)["id"] for payload in batch.payloads] == ["c0", "c2"]
    assert [(row.index, row.errors) for row in batch.rejected] == [(1, [FieldError("name", rule)])]
    assert error(Stream.CUSTOMERS, b'{"id": "' + text + b'"}') == FieldError("id", rule)
    assert "must be a text" in error(Stream.CUSTOMERS, b'{"id": "c1", "attributes": {"a": "' + text + b'"}}').message
    assert error(Stream.CUSTOMERS, b'{"id": "c1", "' + text + b'": 1}') == FieldError("", rule)
    key = error(Stream.CUSTOMERS, b'{"id": "c1", "attributes": {"' + text + b'": 1}}')
    assert (key.field.encode(), key.message) == (key.field.encode(), rule)


def test_no_record_at_all_is_refused() -> None:
    assert "1 to 1,000 records, this one has 0" in refusal(Stream.CUSTOMERS, b"[]")


def test_a_request_takes_1000_records_and_not_one_more() -> None:
    many = [{"id": f"c{n}"} for n in range(MAX_RECORDS + 1)]
    assert len(parse(Stream.CUSTOMERS, many[:-1]).payloads) == MAX_RECORDS
    assert "this one has 1,001" in refusal(Stream.CUSTOMERS, json.dumps(many).encode())
    bad = [{"id": n} for n in range(MAX_RECORDS + 1)]
    assert "this one has 1,001" in refusal(Stream.CUSTOMERS, json.dumps(bad).encode())


def test_a_single_object_is_a_batch_of_one() -> None:
    assert parse(Stream.ORDERS, ORDER).payloads == parse(Stream.ORDERS, [ORDER]).payloads


@pytest.mark.parametrize("body", [b"null", b"5", b'"c1"', b"true"])
def test_what_is_no_object_is_rejected_as_a_record(body: bytes) -> None:
    assert error(Stream.CUSTOMERS, body) == FieldError("", "must be an object")


def test_good_records_of_a_batch_are_kept_and_bad_ones_named_by_their_place() -> None:
    batch = parse(
        Stream.ORDERS,
        [ORDER, {**ORDER, "amount": -1}, {**ORDER, "id": "o3"}, None, {**ORDER, "id": "", "status": "lost"}],
    )
    assert [json.loads(payload)["id"] for payload in batch.payloads] == ["o1", "o3"]
    assert [rejection.index for rejection in batch.rejected] == [1, 3, 4]
    assert [error.field for error in batch.rejected[2].errors] == ["id", "status"]


def test_rows_already_read_from_json_are_judged_alike() -> None:
    rows = [ORDER, {**ORDER, "amount": "29.33"}]
    assert parse_rows(Stream.ORDERS, rows, ValidationContext(NOW, 2, "USD")) == parse(Stream.ORDERS, rows)


@pytest.mark.parametrize("stream_and_record", [(Stream.CUSTOMERS, CUSTOMER), (Stream.ORDERS, ORDER)])
def test_an_unknown_field_rejects_its_record_and_names_those_that_are_allowed(
    stream_and_record: tuple[Stream, dict[str, Any]],
) -> None:
    stream, record = stream_and_record
    found = error(stream, {**record, "nmae": "Asha"})
    assert found.field == "nmae"
    assert found.message.startswith("is no known field; allowed are id, ")


def test_an_unknown_field_of_an_item_is_answered_with_the_fields_of_items() -> None:
    found = error(Stream.ORDERS, {**ORDER, "items": [{"name": "CD", "colour": "red"}]})
    assert found == FieldError("items.0.colour", "is no known field; allowed are name, sku, quantity, price")


@pytest.mark.parametrize("missing", ["id", "customer_id", "amount"])
def test_a_missing_field_is_required(missing: str) -> None:
    record = {name: value for name, value in ORDER.items() if name != missing}
    assert error(Stream.ORDERS, record) == FieldError(missing, "is required")


def test_camel_case_is_read_and_becomes_snake_case() -> None:
    record = accepted(Stream.CUSTOMERS, {"id": "c1", "loyaltyMember": True, "cartValue": 5, "totalSpend": 7})
    assert record == {"id": "c1", "loyalty_member": True, "cart_value": "5", "total_spend": "7"}
    assert accepted(Stream.ORDERS, {"id": "o1", "customerId": "c1", "amount": 1, "orderedAt": "2026-01-01"}).keys() == {
        "id",
        "customer_id",
        "amount",
        "ordered_at",
    }


def test_errors_name_fields_in_snake_case_whatever_the_caller_wrote() -> None:
    assert error(Stream.CUSTOMERS, {"id": "c1", "cartValue": "5"}).field == "cart_value"


def test_a_field_given_twice_under_both_names_is_rejected() -> None:
    assert error(Stream.ORDERS, {**ORDER, "customerId": "c2"}).field == "customer_id"


def test_null_is_kept_and_absent_is_not_made_up() -> None:
    assert accepted(Stream.CUSTOMERS, {"id": "c1", "city": None}) == {"id": "c1", "city": None}
    assert accepted(Stream.ORDERS, {**ORDER, "status": None}).keys() == {*ORDER, "status"}


@pytest.mark.parametrize("field", ["id", "customer_id", "amount"])
def test_a_required_field_cannot_be_cleared(field: str) -> None:
    assert error(Stream.ORDERS, {**ORDER, field: None}).field == field


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": 5}, "must be a text"),
        ({"name": ["Asha"]}, "must be a text"),
        ({"city": True}, "must be a text"),
        ({"tags": "vip"}, "must be an array"),
        ({"tags": {"vip": True}}, "must be an array"),
        ({"loyalty_member": "true"}, "must be true or false"),
        ({"loyalty_member": 1}, "must be true or false"),
        ({"abandoned_cart": "no"}, "must be true or false"),
        ({"visits": "3"}, "must be a whole number"),
        ({"visits": True}, "must be a whole number"),
        ({"visits": 2.5}, "must be a whole number"),
        ({"visits": [3]}, "must be a whole number"),
        ({"order_count": False}, "must be a whole number"),
        ({"cart_value": "5"}, NOT_AN_AMOUNT),
        ({"cart_value": True}, NOT_AN_AMOUNT),
        ({"total_spend": [5]}, NOT_AN_AMOUNT),
        ({"total_spend": {"amount": 5}}, NOT_AN_AMOUNT),
        ({"attributes": ["a"]}, "must be an object"),
        ({"consent": "granted"}, "must be an object"),
    ],
)
def test_a_value_of_another_type_is_never_converted(change: dict[str, Any], message: str) -> None:
    (field,) = change
    assert error(Stream.CUSTOMERS, {**CUSTOMER, **change}) == FieldError(field, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"amount": "29.33"}, NOT_AN_AMOUNT),
        ({"amount": True}, NOT_AN_AMOUNT),
        ({"amount": None}, NOT_AN_AMOUNT),
        ({"customer_id": 17}, "must be a text"),
        ({"status": 1}, "must be one of pending, confirmed, shipped, delivered, returned, cancelled, refunded, voided"),
        (
            {"status": "lost"},
            "must be one of pending, confirmed, shipped, delivered, returned, cancelled, refunded, voided",
        ),
        ({"items": {"name": "CD"}}, "must be an array"),
        ({"category": 5}, "must be a text"),
    ],
)
def test_a_value_of_an_order_of_another_type_is_never_converted(change: dict[str, Any], message: str) -> None:
    (field,) = change
    assert error(Stream.ORDERS, {**ORDER, **change}) == FieldError(field, message)


@pytest.mark.parametrize(
    ("item", "field", "message"),
    [
        ({}, "items.0.name", "is required"),
        ({"name": "CD", "quantity": 1.5}, "items.0.quantity", "must be a whole number"),
        ({"name": "CD", "quantity": -1}, "items.0.quantity", "must be at least 0"),
        ({"name": "CD", "price": "5"}, "items.0.price", NOT_AN_AMOUNT),
        ("CD", "items.0", "must be an object"),
    ],
)
def test_a_bad_item_is_named_by_its_place(item: Any, field: str, message: str) -> None:
    assert error(Stream.ORDERS, {**ORDER, "items": [item]}) == FieldError(field, message)


def test_every_field_of_a_customer_arrives() -> None:
    record = {
        "id": "c1",
        "name": "Asha Rao",
        "email": "asha@example.com",
        "phone": "+91 20 1234",
        "city": "Pune",
        "country": "India",
        "category": "Books",
        "tags": ["vip", "early"],
        "loyalty_member": True,
        "abandoned_cart": False,
        "visits": 4,
        "order_count": 2,
        "attributes": {"size": "M"},
        "consent": {"sms": "granted", "in_app": "denied"},
    }
    assert accepted(Stream.CUSTOMERS, record) == record


def test_every_field_of_an_order_arrives() -> None:
    record = {
        "id": "o1",
        "customer_id": "c1",
        "status": "shipped",
        "category": "Music",
        "items": [{"name": "CD", "sku": "cd-1", "quantity": 2}],
    }
    assert accepted(Stream.ORDERS, {**record, "amount": 29.33}) == {**record, "amount": "29.33"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *(("Paid", "confirmed"), ("PROCESSING", "confirmed"), ("partially_refunded", "confirmed")),
        *(("Partially Refunded", "confirmed"), ("fulfilled", "shipped"), ("Completed", "delivered")),
        *(("on-hold", "pending"), ("On_Hold", "pending"), ("on hold", "pending"), ("canceled", "cancelled")),
        *((name.upper(), name) for name in STATUS_NAMES),
    ],
)
def test_a_word_of_a_shop_is_the_status_that_it_means(word: str, status: str) -> None:
    assert accepted(Stream.ORDERS, {**ORDER, "status": word})["status"] == status


@pytest.mark.parametrize("refunded", [0, 0.01, 29.33])
def test_a_refund_of_up_to_the_amount_is_accepted(refunded: float) -> None:
    assert accepted(Stream.ORDERS, {"refunded": refunded, **ORDER})["refunded"] == str(refunded)


@pytest.mark.parametrize("refunded", [29.34, 1000])
def test_a_refund_of_more_than_the_amount_is_refused(refunded: float) -> None:
    found = error(Stream.ORDERS, {"refunded": refunded, **ORDER})
    assert found == FieldError("refunded", "must be at most the amount, 29.33")


def test_a_refund_beside_a_bad_amount_is_not_blamed() -> None:
    assert error(Stream.ORDERS, {**ORDER, "amount": -1, "refunded": 5}).field == "amount"


@pytest.mark.parametrize("currency", ["USD", "usd"])
def test_the_workspaces_currency_is_accepted_in_any_case(currency: str) -> None:
    assert accepted(Stream.ORDERS, {**ORDER, "currency": currency})["currency"] == "USD"


@pytest.mark.parametrize("currency", ["EUR", "", "dollars", 5])
def test_another_currency_is_refused_by_name(currency: Any) -> None:
    found = error(Stream.ORDERS, {**ORDER, "currency": currency})
    assert found.field == "currency"
    assert found.message == f"must be USD, the currency of this workspace, not {currency!r}"


def test_an_order_may_clear_its_refund_and_its_currency() -> None:
    record = accepted(Stream.ORDERS, {**ORDER, "refunded": None, "currency": None})
    assert (record["refunded"], record["currency"]) == (None, None)
