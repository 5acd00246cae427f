"""How the settings write down what holds messages back: rates of channels, quiet hours, a time zone."""

import re
from zoneinfo import ZoneInfo

from crm_core.channels.registry import CHANNELS

_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_RATE = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")
LEAST_RATE, MOST_RATE = 0.01, 1_000_000


def read_rates(text: str) -> dict[str, float]:
    """``sms=100,email=50`` as messages a second by channel. Raises ValueError that names the part that is wrong."""
    rates: dict[str, float] = {}
    for part in text.split(","):
        channel, _, rate = (word.strip() for word in part.partition("="))
        if channel not in CHANNELS or channel in rates:
            raise ValueError(f"{part.strip()!r} names no channel, or one twice; they are {', '.join(CHANNELS)}")
        if not _RATE.fullmatch(rate) or not LEAST_RATE <= float(rate) <= MOST_RATE:
            raise ValueError(f"{part.strip()!r} needs messages a second, from {LEAST_RATE} to {MOST_RATE:,}")
        rates[channel] = float(rate)
    return rates


def check_rates(text: str) -> str:
    """Raises ValueError, as the other checks."""
    read_rates(text)
    return text


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
