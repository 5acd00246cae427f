"""Time zones as shops write them: IANA names in any case, offsets from UTC, a few abbreviations, Windows' names."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

ATTRIBUTES: Final = ("time_zone", "timezone", "tz", "time_zone_name", "timezone_name", "iana_timezone")
"""Custom attributes with a customer's zone; the first that says something counts."""
_ABBREVIATIONS: Final[Mapping[str, str]] = {
    "aedt": "Australia/Sydney",
    "aest": "Australia/Sydney",
    "cest": "Europe/Berlin",
    "eest": "Europe/Athens",
    "hkt": "Asia/Hong_Kong",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "msk": "Europe/Moscow",
    "nzdt": "Pacific/Auckland",
    "nzst": "Pacific/Auckland",
    "pkt": "Asia/Karachi",
    "sgt": "Asia/Singapore",
    "west": "Europe/Lisbon",
}
"""Those that mean one place. IST is that of India, of Israel and of Ireland, CST of America and of China."""
_OFFSET: Final = re.compile(r"(?:utc|gmt)?\s*([+-])(\d{1,2})(?::?([0-5]\d))?")
MAX_LENGTH = 64
LAST_OFFSET_H = 14


def written_zone(attributes: Mapping[str, Any]) -> Any:
    """What is said of a customer's zone; None when nothing is."""
    said = (attributes.get(name) for name in ATTRIBUTES)
    return next((each for each in said if each is not None and each != ""), None)


def read_zone(said: Any) -> tzinfo | None:
    """None for what is not understood."""
    return _read(said) if isinstance(said, str) and len(said) <= MAX_LENGTH else None


@lru_cache(maxsize=1024)
def _read(text: str) -> tzinfo | None:
    name = " ".join(text.split()).casefold()
    if found := _OFFSET.fullmatch(name):
        return _offset(*found.groups())
    known = _names().get(name.replace(" ", "_")) or _ABBREVIATIONS.get(name) or _windows().get(name)
    return ZoneInfo(known) if known else None


def _offset(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    length = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if length > timedelta(hours=LAST_OFFSET_H):
        return None
    return timezone(-length if sign == "-" else length)


@cache
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()} | {"z": "UTC"}


@cache
def _windows() -> dict[str, str]:
    return {name.casefold(): zone for name, zone in get_global("windows_zone_mapping").items()}


@lru_cache(maxsize=4)
def offsets_on(day: date) -> frozenset[tzinfo]:
    """Every offset from UTC that a clock somewhere has at noon of that day."""
    noon = datetime.combine(day, time(12), UTC)
    found = {ZoneInfo(name).utcoffset(noon) for name in available_timezones()}
    return frozenset(timezone(offset) for offset in found if offset is not None)
