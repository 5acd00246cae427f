"""Address keys: one form for all spellings of an address, by which its owner's no counts and it gets a message once.

Source of the phone numbers' rules: Google's libphonenumber, through phonenumbers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from babel import Locale

MakeKey = Callable[[str, str | None], str]
"""From an address, not blank, and the country that it belongs to, if that is known."""
MAX_REMEMBERED = 10_000
MIN_NATIONAL, MAX_NATIONAL = 4, 14
"""Digits behind a calling code of a number that needs no second look."""
_PLAIN = re.compile(r"\+[1-9][0-9 ()./-]{5,38}")
_NOT_DIGITS = re.compile(r"[^0-9]")
_NOTHING = "(?!)"


def token_key(address: str, country: str | None) -> str:
    return address


def mail_key(address: str, country: str | None) -> str:
    return address.lower()


@lru_cache(MAX_REMEMBERED)
def phone_key(address: str, country: str | None) -> str:
    """In E.164, without an extension. Of a number that no country is known for, or that can be none, its digits."""
    return plain_phone_key(address) or parsed_phone_key(address, country)


def parsed_phone_key(address: str, country: str | None) -> str:
    try:
        number = phonenumbers.parse(address, country)
    except phonenumbers.NumberParseException:
        return re.sub(r"[^0-9]", "", address) or address
    if not phonenumbers.is_possible_number(number):
        return re.sub(r"[^0-9+]", "", address)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def plain_phone_key(address: str) -> str | None:
    """The same of most numbers that begin with their calling code, in a tenth of the time; None for any other.

    Either nothing is to be taken out of them, or the digits that are dialled before a number at home.
    """
    if not _PLAIN.fullmatch(address):
        return None
    digits = _NOT_DIGITS.sub("", address)
    plan = _plan(digits[:1]) or _plan(digits[:2]) or _plan(digits[:3])
    national = digits[len(plan.code) :] if plan else ""
    if plan is None or not MIN_NATIONAL <= len(national) <= MAX_NATIONAL:
        return None
    if (prefix := plan.prefix.match(national)) is None:
        return f"+{digits}"
    if plan.rewrites or plan.number.fullmatch(national):
        return None
    left = national[prefix.end() :]
    return f"+{plan.code}{left}" if len(left) in plan.lengths else f"+{digits}"


@dataclass(frozen=True)
class _Plan:
    """How numbers behind a calling code are made. prefix: what is dialled before them at home. number: all that there
    can be. lengths: of those that can be called from abroad. rewrites: whether the prefix is not just taken off."""

    code: str
    prefix: re.Pattern[str]
    number: re.Pattern[str]
    lengths: frozenset[int]
    rewrites: bool


@cache
def _plan(code: str) -> _Plan | None:
    """None for what is no calling code, or belongs to no country."""
    region = phonenumbers.region_code_for_country_code(int(code))
    known = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    general = known.general_desc if known else None
    if known is None or general is None:
        return None
    return _Plan(
        code,
        re.compile(known.national_prefix_for_parsing or _NOTHING),
        re.compile(general.national_number_pattern or _NOTHING),
        frozenset(general.possible_length) - set(general.possible_length_local_only),
        rewrites=bool(known.national_prefix_transform_rule),
    )


@lru_cache(MAX_REMEMBERED)
def country_code(country: str) -> str | None:
    """The ISO 3166 code of a country that is written as its code or by its English name; None for any other text."""
    code = country.strip().upper()
    return code if code in phonenumbers.SUPPORTED_REGIONS else _codes().get(country.strip().casefold())


@cache
def _codes() -> dict[str, str]:
    names = Locale("en").territories
    return {name.casefold(): code for code, name in names.items() if code in phonenumbers.SUPPORTED_REGIONS}
