"""Which amounts, counts, times, texts, ids and attributes a record may hold."""

from typing import Any

import pytest

from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import FieldError
from tests.unit.parsed import CUSTOMER, ORDER, accepted, error, parse

NOT_AN_ID = "must not begin or end with a space or hold control characters"
NOT_AN_ATTRIBUTE_NAME = "is no attribute name: 1 to 40 of a-z, 0-9 and _, the first a letter"


@pytest.mark.parametrize(
    "text", ["-0.01", "-5", "1000000000000.01", "1e13", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 400]
)
def test_an_amount_below_zero_or_beyond_all_bounds_is_rejected(text: str) -> None:
    body = b'{"id": "o1", "customer_id": "c1", "amount": ' + text.encode() + b"}"
    assert error(Stream.ORDERS, body) == FieldError("amount", "must be between 0 and 1,000,000,000,000")


@pytest.mark.parametrize(("amount", "digits"), [(29.335, 2), (0.001, 2), (1.5, 0), (1.0005, 3)])
def test_an_amount_with_more_decimals_than_the_currency_is_rejected(amount: float, digits: int) -> None:
    rejected = parse(Stream.ORDERS, {**ORDER, "amount": amount}, digits=digits).rejected
    assert rejected[0].errors == [FieldError("amount", f"must have at most {digits} decimals")]


@pytest.mark.parametrize(("amount", "digits"), [(0, 2), (29.33, 2), (29.3, 2), (1500, 0), (1.005, 3), (10**12, 2)])
def test_an_amount_within_the_bounds_is_kept_exactly(amount: float, digits: int) -> None:
    assert accepted(Stream.ORDERS, {**ORDER, "amount": amount}, digits=digits)["amount"] == str(amount)


@pytest.mark.parametrize(("text", "message"), [("-1", "at least 0"), ("1000000001", "at most"), ("9" * 400, "at most")])
def test_a_count_has_its_bounds_too(text: str, message: str) -> None:
    found = error(Stream.CUSTOMERS, b'{"id": "c1", "visits": ' + text.encode() + b"}")
    assert found.field == "visits"
    assert message in found.message


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-06-15T10:00:00Z", "2026-06-15T10:00:00+00:00"),
        ("2026-06-15T10:00:00+05:30", "2026-06-15T04:30:00+00:00"),
        ("2026-06-15T10:00:00", "2026-06-15T10:00:00+00:00"),
        ("2026-06-15 10:00", "2026-06-15T10:00:00+00:00"),
        ("2026-06-15", "2026-06-15T00:00:00+00:00"),
        ("1900-01-01", "1900-01-01T00:00:00+00:00"),
    ],
)
def test_a_time_becomes_utc_and_one_without_a_zone_is_taken_as_utc(given: str, kept: str) -> None:
    assert accepted(Stream.ORDERS, {**ORDER, "ordered_at": given})["ordered_at"] == kept


def test_a_clock_may_be_five_minutes_ahead_and_not_more() -> None:
    accepted(Stream.ORDERS, {**ORDER, "ordered_at": "2026-06-15T12:05:00Z"})
    found = error(Stream.ORDERS, {**ORDER, "ordered_at": "2026-06-15T12:05:00.001Z"})
    assert found == FieldError("ordered_at", "must not be more than 5 minutes in the future")


def test_a_date_of_tomorrow_is_in_the_future() -> None:
    assert "in the future" in error(Stream.ORDERS, {**ORDER, "ordered_at": "2026-06-16"}).message


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "15.06.2026",
        "2026-02-30",
        "2026-06-15T25:00:00Z",
        "20260615",
        "２０２６-06-15",
        "",
        1781524800,
        True,
        ["2026"],
        "1899-12-31",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_what_is_no_usable_time_is_rejected(value: Any) -> None:
    assert error(Stream.ORDERS, {**ORDER, "ordered_at": value}).field == "ordered_at"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("", "must not be empty"),
        ("x" * 255, "must have at most 254 characters"),
        (" c1", NOT_AN_ID),
        ("c1 ", NOT_AN_ID),
        (" ", NOT_AN_ID),
        ("c1\n", NOT_AN_ID),
        ("\u00a0c1", NOT_AN_ID),
        ("c\t1", NOT_AN_ID),
        ("c\x001", NOT_AN_ID),
        ("c\x7f1", NOT_AN_ID),
        (1, "must be a text"),
        (None, "must be a text"),
    ],
)
def test_an_id_is_a_text_of_1_to_254_characters_without_spaces_at_its_ends(value: Any, message: str) -> None:
    assert error(Stream.CUSTOMERS, {"id": value}) == FieldError("id", message)
    assert error(Stream.ORDERS, {**ORDER, "customer_id": value}) == FieldError("customer_id", message)


@pytest.mark.parametrize("value", ["c", "x" * 254, "a b", "00042", "a:b#c/d", "客户-7", "$where", "a.b"])
def test_any_other_text_is_an_id(value: str) -> None:
    assert accepted(Stream.CUSTOMERS, {"id": value}) == {"id": value}


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "a\x07", "\x1b[31m", "\x7f"])
@pytest.mark.parametrize("field", ["name", "city", "category"])
def test_control_characters_in_a_text_are_rejected(field: str, text: str) -> None:
    assert error(Stream.CUSTOMERS, {"id": "c1", field: text}) == FieldError(field, "must not hold control characters")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"name": "x" * 201}, "name", "must have at most 200 characters"),
        ({"tags": ["a"] * 51}, "tags", "must have at most 50 entries"),
        ({"tags": ["a", 5]}, "tags.1", "must be a text"),
        ({"email": "nobody"}, "email", "must be an e-mail address, such as asha@example.com"),
        ({"email": "a b@example.com"}, "email", "must be an e-mail address, such as asha@example.com"),
        ({"phone": "call me"}, "phone", "must be a phone number of 3 to 32 digits, spaces and ()./-, such as "),
        ({"consent": {"sms": "yes"}}, "consent.sms", "must be one of 'granted', 'denied' or 'unknown'"),
        ({"consent": {"fax": "granted"}}, "consent.fax", "must be one of 'in_app', 'email', 'sms', 'whatsapp' or "),
        ({"consent": {"sms": None}}, "consent.sms", "must be one of 'granted', 'denied' or 'unknown'"),
    ],
)
def test_a_text_that_breaks_its_rule_is_rejected(change: dict[str, Any], field: str, message: str) -> None:
    found = error(Stream.CUSTOMERS, {**CUSTOMER, **change})
    assert found.field == field
    assert found.message.startswith(message)


@pytest.mark.parametrize("value", ["gold", "", 5, -5, 2**63 - 1, -(2**63), 1.5, True, None, ["a", "b"], []])
def test_an_attribute_keeps_its_value_and_its_type(value: Any) -> None:
    kept = accepted(Stream.CUSTOMERS, {"id": "c1", "attributes": {"score": value}})["attributes"]["score"]
    assert kept == value
    assert type(kept) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775808",
        "-9223372036854775809",
        "9" * 400,
        "NaN",
        "1e999",
        '"' + "x" * 201 + '"',
        r'"a\u0000b"',
        '{"x": 1}',
        '[["a"]]',
        "[1]",
        "[" + ", ".join(['"a"'] * 51) + "]",
    ],
)
def test_an_attribute_that_cannot_be_kept_is_rejected_under_its_own_name(text: str) -> None:
    found = error(Stream.CUSTOMERS, b'{"id": "c1", "attributes": {"score": ' + text.encode() + b"}}")
    assert found.field == "attributes.score"
    assert "must be a text of at most 200 characters" in found.message


@pytest.mark.parametrize("name", ["", "Score", "a.b", "$where", "1st", "_x", "a" * 41, "a/b", "naïve"])
def test_an_attribute_has_a_plain_name(name: str) -> None:
    found = error(Stream.CUSTOMERS, {"id": "c1", "attributes": {name: 1}})
    assert found == FieldError(f"attributes.{name}", NOT_AN_ATTRIBUTE_NAME)


def test_a_customer_has_at_most_50_attributes() -> None:
    assert "at most 50" in error(Stream.CUSTOMERS, {"id": "c1", "attributes": {f"a{n}": n for n in range(51)}}).message
