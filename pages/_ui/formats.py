"""How numbers, money, shares and times read on every page. Pure; English; nothing is rounded into a lie."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Final

from babel.dates import format_timedelta
from babel.numbers import format_compact_currency, format_currency, get_currency_precision, get_currency_symbol

LOCALE: Final = "en"
NONE: Final = "–"
JOINT: Final = "\u00a0"
JUST_NOW: Final = f"just{JOINT}now"
_JUST_NOW: Final = timedelta(seconds=2)
_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=])")
_REPLACED: Final = re.compile(
    r"(?<=http):(?=//)|(?<=https):(?=//)|(?<=www)\.|(?<=[-.\w+])@(?=[-\w])"  # links
    r"|:(?!\d\d:\d\d)(?=[-+\w]+(?:/\w+)?:)"  # icons and emoji
    r"|[-<>~](?=[-=>])",  # arrows and the like
    re.IGNORECASE,
)
_APART: Final = ":color[{}]"
"""A sign in a span without a colour: Streamlit replaces words of the text that is left when escapes are read, piece by
piece, and this makes two pieces of one."""
_SPOKEN: Final = re.compile(r":color\[(.+?)\]|\\(.)|\*\*")


def number(n: int) -> str:
    """48210 as "48,210"."""
    return f"{n:,}"


def money(amount_minor: int, currency: str) -> str:
    """Minor units as an exact amount: 1825000 INR is "₹18,250.00", 500 JPY is "¥500"."""
    return money_major(_major(amount_minor, currency), currency)


def money_major(amount: Decimal | float, currency: str) -> str:
    """Major units, rounded to what the currency has: "₹18,250.00"."""
    return str(format_currency(amount, currency, locale=LOCALE))


def money_short(amount_minor: int, currency: str) -> str:
    """For a metric card: "₹18.2M". Give the exact amount beside it or on hover."""
    amount = _major(amount_minor, currency)
    if abs(amount) < 10_000:
        return money_major(amount, currency)
    return str(format_compact_currency(amount, currency, locale=LOCALE, fraction_digits=1))


def currency_symbol(currency: str) -> str:
    """ "₹" for INR, for the ticks of an axis; a currency without a symbol is its code."""
    return str(get_currency_symbol(currency, locale=LOCALE))


def percent(part: float, whole: float) -> str:
    """Share with one decimal, "4.8 %"; "–" of nothing.

    "100 %" and "0 %" are exact; what only rounds to them reads ">99.9 %" and "<0.1 %".
    """
    if not whole:
        return NONE
    if part == whole:
        return "100 %"
    if not part:
        return "0 %"
    share = 100 * part / whole
    if 0 < share < 0.05:
        return "<0.1 %"
    if 99.95 <= share < 100:
        return ">99.9 %"
    return f"{share:.1f} %"


def change(now: float, before: float) -> str | int | None:
    """Change against the period before, "+12.4 %" or "-3.1 %", for ``st.metric(delta=…)``; None without one.

    The minus is ASCII: before "−", Streamlit draws a green arrow up. No change is the number 0, drawn grey.
    """
    if not before:
        return None
    if now == before:
        return 0
    sign = "+" if now > before else "-"
    return f"{sign}{percent(abs(now - before), before)}"


def relative_time(then: datetime, now: datetime) -> str:
    """ "3 minutes ago", "in 2 hours", "just now", with a JOINT between number and unit.

    By that ``ages.js`` knows it from what people have written, and goes on counting while nobody draws the page again.
    """
    distance = _utc(then) - _utc(now)
    if abs(distance) < _JUST_NOW:
        return JUST_NOW
    text = str(format_timedelta(distance, add_direction=True, threshold=1, locale=LOCALE))
    return text.replace(" ", JOINT).replace(f"{JOINT}ago", " ago")


def utc_exact(then: datetime) -> str:
    """ "2026-11-22 12:04:31 UTC"."""
    return f"{_utc(then):%Y-%m-%d %H:%M:%S} UTC"


def duration(length: timedelta) -> str:
    """The two largest units: "31 ms", "9 s", "3 min 20 s", "2 h 5 min", "4 d 1 h"."""
    if length < timedelta(seconds=1):
        return f"{max(length, timedelta()) // timedelta(milliseconds=1)} ms"
    rest = int(length.total_seconds())
    parts: list[tuple[int, str]] = []
    for unit, seconds in _UNITS:
        amount, rest = divmod(rest, seconds)
        if amount or parts:
            parts.append((amount, unit))
    return " ".join(f"{amount} {unit}" for amount, unit in parts[:2] if amount)


def file_size(length: int) -> str:
    """Bytes in decimal units: "812 bytes", "1.2 kB", "20.0 MB"."""
    if length < 1000:
        return f"{length} bytes"
    return f"{length / 1000:,.1f} kB" if length < 999_950 else f"{length / 1_000_000:,.1f} MB"


def literal(text: str) -> str:
    """Text from people, safe inside Markdown: "$5 *off* :red[x] :material/bolt: www.example.com" reads as typed."""
    words, parts, end = " ".join(text.split()), [], 0
    for found in _REPLACED.finditer(words):
        parts += [_escaped(words[end : found.start()]), _APART.format(_escaped(found[0]))]
        end = found.end()
    return "".join([*parts, _escaped(words[end:])])


def spoken(markdown: str) -> str:
    """What ``literal`` and bold print make of text, read aloud: for where Markdown is not read, as in ``alt``."""
    return _SPOKEN.sub(lambda found: spoken(found[1]) if found[1] else found[2] or "", markdown)


def figure_text(text: str) -> str:
    """Text from people, safe in a figure: Plotly reads some HTML, links too, in labels and on hover."""
    return escape(" ".join(text.split()), quote=False)


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _major(amount_minor: int, currency: str) -> Decimal:
    return Decimal(amount_minor).scaleb(-get_currency_precision(currency))


def _utc(then: datetime) -> datetime:
    if then.tzinfo is None:
        raise ValueError(f"{then!r} has no time zone; times here are aware")
    return then.astimezone(UTC)
