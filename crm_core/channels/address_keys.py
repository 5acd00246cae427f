"""Address keys: one form for all spellings of an address, by which its owner's no counts and it gets a message once.

Source of the phone numbers' rules: Google's libphonenumber, through phonenumbers.
"""

import re
from collections.abc import Callable
from functools import cache, lru_cache

import phonenumbers
from babel import Locale

MakeKey = Callable[[str, str | None], str]
"""From an address, not blank, and the country that it belongs to, if that is known."""
MAX_REMEMBERED = 10_000


def token_key(address: str, country: str | None) -> str:
    return address


def mail_key(address: str, country: str | None) -> str:
    return address.lower()


@lru_cache(MAX_REMEMBERED)
def phone_key(address: str, country: str | None) -> str:
    """In E.164, without an extension. Of a number that no country is known for, or that can be none, its digits."""
    try:
        number = phonenumbers.parse(address, country)
    except phonenumbers.NumberParseException:
        return re.sub(r"[^0-9]", "", address) or address
    if not phonenumbers.is_possible_number(number):
        return re.sub(r"[^0-9+]", "", address)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(MAX_REMEMBERED)
def country_code(country: str) -> str | None:
    """The ISO 3166 code of a country that is written as its code or by its English name; None for any other text."""
    code = country.strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else _codes().get(country.strip().casefold())


@cache
def _codes() -> dict[str, str]:
    names = Locale("en").territories
    return {name.casefold(): code for code, name in names.items() if code in phonenumbers.SUPPORTED_REGIONS}
