"""How the values of an insight's columns read, and what they are on an axis."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from crm_core.insights.frame import Unit
from crm_core.money import to_major
from pages._ui.formats import NONE, money, number, percent

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def in_words(value: Any, unit: Unit, currency: str) -> str:
    """The value as people read it, exactly; of nothing a dash."""
    if value is None:
        return NONE
    return money(value, currency) if unit is Unit.MONEY else _WORDS[unit](value)


def on_axis(value: Any, unit: Unit, digits: int) -> Any:
    """Money in major units, everything else as it is. digits: minor ones of the currency."""
    return float(to_major(value, digits)) if unit is Unit.MONEY and value is not None else value


def day_words(day: date) -> str:
    """ "9 Dec 2026"."""
    return f"{day.day} {day:%b %Y}"


def range_words(first: date, last: date) -> str:
    """ "10 Nov to 9 Dec 2026"; the first year only where it is another."""
    if first == last:
        return day_words(first)
    start = f"{first.day} {first:%b}" if first.year == last.year else day_words(first)
    return f"{start} to {day_words(last)}"


_WORDS: Final[Mapping[Unit, Callable[[Any], str]]] = {
    Unit.TEXT: str,
    Unit.COUNT: number,
    Unit.SHARE: lambda share: percent(share, 1),
    Unit.DAY: day_words,
    Unit.MONTH: lambda month: f"{month:%b %Y}",
    Unit.DAYS: lambda days: f"{number(days)} {'day' if days == 1 else 'days'}",
    Unit.WEEKDAY: LONG_WEEKDAYS.__getitem__,
    Unit.HOUR: lambda hour: f"{hour:02}:00",
    Unit.NUMBER: lambda value: f"{value:,.4f}".rstrip("0").rstrip("."),
}
