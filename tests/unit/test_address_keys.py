"""One key for each spelling of an address, by the channel."""

import pytest

from crm_core.channels.registry import CHANNELS


@pytest.mark.parametrize(
    ("phone", "country", "key"),
    [
        ("(415) 555-0154", None, "+14155550154"),
        ("415 555 0154 ext. 12", None, "+14155550154"),
        ("4155550154x3", None, "+14155550154"),
        ("+1 (415) 555-0154", "DE", "+14155550154"),
        ("+49 (0)30 123456", None, "+4930123456"),
        ("0049 30 123456", "DE", "+4930123456"),
        ("030/123456", "Germany", "+4930123456"),
        ("030 123456", "germany ", "+4930123456"),
        ("030 123456", "Atlantis", "030123456"),
        ("123", "US", "123"),
    ],
)
def test_a_phone_number_has_one_key_in_all_spellings(phone: str, country: str | None, key: str) -> None:
    customer = {"phone": phone, "country": country}
    assert CHANNELS["sms"].address_key(customer, "US") == CHANNELS["whatsapp"].address_key(customer, "US") == key


def test_a_number_of_no_known_country_is_told_by_its_digits() -> None:
    assert {CHANNELS["sms"].address_key({"phone": each}, None) for each in ("030 123456", "030/12-34-56")} == {
        "030123456"
    }


def test_mail_and_tokens_have_keys_and_who_has_no_address_has_none() -> None:
    customer = {"email": " Ann@Example.COM", "attributes": {"push_token": " T0 "}, "phone": ""}
    assert CHANNELS.address_keys(customer, None) == ["attributes.push_token:T0", "email:ann@example.com"]
    assert CHANNELS["in_app"].address_key(customer, None) is None
    stored = {"address_keys": CHANNELS.address_keys(customer, None)}
    assert [CHANNELS[name].stored_key(stored) for name in ("email", "push", "sms")] == ["ann@example.com", "T0", None]
