"""The types of workspace settings: how each is written in the environment and stored, and what it may be."""

import re
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.numbers import UnknownCurrencyError, validate_currency
from pydantic import AfterValidator, BeforeValidator

from crm_core.channels.registry import CHANNELS


class Kind(StrEnum):
    """What people choose a value with. The type of a setting says its kind."""

    SWITCH = "switch"
    NUMBER = "number"
    SHARE = "share"
    CHOICE = "choice"
    TEXT = "text"
    COLOUR = "colour"
    COUNTRY = "country"
    CURRENCY = "currency"
    HOURS = "hours"
    RATES = "rates"
    ZONE = "zone"


MIN_RATE, MAX_RATE = 0.01, 1_000_000
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code)) - {
    *("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ")  # of these CLDR has names, but they are no countries
}
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_RATE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
_COLOUR = re.compile("#[0-9A-Fa-f]{6}")


def check_name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= 40 or not name.isprintable():
        raise ValueError("a name has 1 to 40 printable characters")
    return name


def check_address(text: str) -> str:
    """Lines become one."""
    address = ", ".join(" ".join(line.split()).rstrip(",") for line in text.splitlines() if line.strip())
    if not 1 <= len(address) <= 200 or not address.isprintable():
        raise ValueError("a postal address has 1 to 200 printable characters")
    return address


def check_colour(text: str) -> str:
    if not _COLOUR.fullmatch(text):
        raise ValueError(f"{text!r} is no colour; it looks like #4F46E5")
    return text.upper()


def check_currency(code: str) -> str:
    try:
        validate_currency(code)
    except UnknownCurrencyError as exc:
        raise ValueError(f"{code!r} is no ISO 4217 currency code, for example USD, EUR or INR") from exc
    return code


def check_country(code: str) -> str:
    if code not in COUNTRIES:
        raise ValueError(f"{code!r} is no ISO 3166 country code, for example DE, IN or US")
    return code


def check_hours(text: str) -> str:
    start, _, end = text.partition("-")
    if not re.fullmatch(_CLOCK, start) or not re.fullmatch(_CLOCK, end) or start == end:
        raise ValueError(f"{text!r} are no quiet hours; they look like 21:00-08:00, with two different times")
    return text


def check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as exc:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone; it is an IANA name such as Europe/Berlin, or UTC") from exc
    return name


def read_rates(value: Any) -> Any:
    """``sms=100,email=50`` as messages a second by channel; anything but a text is left as it is."""
    if not isinstance(value, str):
        return value
    rates: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        channel, _, rate = (word.strip() for word in part.partition("="))
        if channel in rates:
            raise ValueError(f"{part!r} names a channel twice")
        if not _RATE.fullmatch(rate):
            raise ValueError(f"{part!r} needs messages a second, from {MIN_RATE} to {MAX_RATE:,}")
        rates[channel] = float(rate)
    return rates


def check_rates(rates: dict[str, float]) -> dict[str, float]:
    for channel, rate in rates.items():
        if channel not in CHANNELS:
            raise ValueError(f"{channel!r} names no channel; they are {', '.join(CHANNELS)}")
        if not MIN_RATE <= rate <= MAX_RATE:
            raise ValueError(f"{channel} needs messages a second, from {MIN_RATE} to {MAX_RATE:,}")
    return dict(sorted(rates.items()))


Name = Annotated[str, AfterValidator(check_name), Kind.TEXT]
PostalAddress = Annotated[str, AfterValidator(check_address), Kind.TEXT]
Colour = Annotated[str, AfterValidator(check_colour), Kind.COLOUR]
Currency = Annotated[str, AfterValidator(check_currency), Kind.CURRENCY]
Country = Annotated[str, AfterValidator(check_country), Kind.COUNTRY]
Hours = Annotated[str, AfterValidator(check_hours), Kind.HOURS]
Zone = Annotated[str, AfterValidator(check_zone), Kind.ZONE]
Rates = Annotated[dict[str, float], BeforeValidator(read_rates), AfterValidator(check_rates), Kind.RATES]
