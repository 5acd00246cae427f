"""A widget for each kind of setting: given the value, it returns the one that was chosen."""

from collections.abc import Callable, Mapping
from datetime import time
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

import streamlit as st
from babel.core import Locale
from babel.numbers import list_currencies

from crm_core.channels.registry import CHANNELS
from crm_core.workspace.kinds import COUNTRIES, Kind
from crm_core.workspace.rows import Row
from pages._ui.accent import shade_of
from pages._ui.palette import THEMES
from pages.settings.state import key_of

_ENGLISH: Final = Locale("en")
_FIRST_HOURS: Final = "21:00-08:00"


def edit_value(row: Row, value: Any, *, disabled: bool) -> Any:
    return _FIELDS[row.kind](row, value, disabled)


def _switch(row: Row, value: Any, disabled: bool) -> Any:
    key = key_of(row.name)
    place = 0 if value else 1
    return st.radio(row.label, row.words, place, key=key, disabled=disabled, horizontal=True) == row.words[0]


def _number(row: Row, value: Any, disabled: bool) -> Any:
    if row.is_optional and not _is_wanted(row, value, disabled):
        return None
    convert = int if row.is_whole else float
    low = convert(row.bounds["ge"]) if "ge" in row.bounds else None
    high = convert(row.bounds["le"]) if "le" in row.bounds else None
    label = row.unit.capitalize() if row.is_optional else f"{row.label} ({row.unit})" if row.unit else row.label
    begun = value if value is not None else low
    return st.number_input(label, low, high, begun, key=key_of(row.name), disabled=disabled)


def _share(row: Row, value: Any, disabled: bool) -> Any:
    key = key_of(row.name)
    percent = st.number_input(f"{row.label} (%)", 0.1, 100.0, value * 100, 1.0, format="%g", key=key, disabled=disabled)
    return round(percent / 100, 6)


def _text(row: Row, value: Any, disabled: bool) -> Any:
    typed = st.text_input(row.label, value or "", key=key_of(row.name), disabled=disabled)
    return typed or (None if row.is_optional else "")


def _choice(row: Row, value: Any, disabled: bool) -> Any:
    key = key_of(row.name)
    return st.selectbox(row.label, row.choices, row.choices.index(value), key=key, disabled=disabled)


def _colour(row: Row, value: Any, disabled: bool) -> Any:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.color_picker(row.label, value, key=key_of(row.name), disabled=disabled).upper()
        for theme in THEMES:
            shade = shade_of(chosen, theme).fill
            st.html(
                f'<span style="display:inline-block;padding:.4rem .8rem;border-radius:8px;color:#fff;'
                f'font-size:.875rem;background:{shade}">Button, {theme}</span>',
                width="content",
            )
    return chosen


def _zone(row: Row, value: Any, disabled: bool) -> Any:
    names = _zones() if value in _zones() else [value, *_zones()]
    return st.selectbox(row.label, names, names.index(value), key=key_of(row.name), disabled=disabled)


def _currency(row: Row, value: Any, disabled: bool) -> Any:
    return _named(row, value, _currencies(), disabled)


def _country(row: Row, value: Any, disabled: bool) -> Any:
    return _named(row, value, _countries(), disabled)


def _named(row: Row, value: Any, names: Mapping[str, str], disabled: bool) -> Any:
    codes: list[str | None] = [None, *names] if row.is_optional else [*names]

    def shown(code: str | None) -> str:
        return f"{names[code]} ({code})" if code else row.unset

    key = key_of(row.name)
    return st.selectbox(row.label, codes, codes.index(value), format_func=shown, key=key, disabled=disabled)


def _hours(row: Row, value: Any, disabled: bool) -> Any:
    if not _is_wanted(row, value, disabled):
        return None
    start, end = (time.fromisoformat(each) for each in (value or _FIRST_HOURS).split("-"))
    with st.container(horizontal=True, gap="small"):
        first = st.time_input("From", start, key=key_of(row.name, "start"), disabled=disabled, step=900, width=140)
        last = st.time_input("To", end, key=key_of(row.name, "end"), disabled=disabled, step=900, width=140)
    return f"{first:%H:%M}-{last:%H:%M}"


def _rates(row: Row, value: Any, disabled: bool) -> Any:
    st.markdown(f":small[{row.label} ({row.unit})]", width="content")
    rates: dict[str, float] = {}
    with st.grid(3, min_column_width=120, gap="small"):
        for channel in CHANNELS:
            rate = st.number_input(
                CHANNELS.label(channel),
                0.0,
                value=value.get(channel),
                step=1.0,
                format="%g",
                placeholder=row.unset,
                key=key_of(row.name, channel),
                disabled=disabled,
            )
            if rate is not None:
                rates[channel] = rate
    return dict(sorted(rates.items()))


def _is_wanted(row: Row, value: Any, disabled: bool) -> bool:
    return st.toggle(row.label, value is not None, key=key_of(row.name, "on"), disabled=disabled)


@cache
def _zones() -> list[str]:
    """Those that people know: an area and a place."""
    areas = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/")
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith((*areas, "Pacific/")))]


@cache
def _countries() -> dict[str, str]:
    return dict(sorted(((code, _ENGLISH.territories[code]) for code in COUNTRIES), key=lambda pair: pair[1]))


@cache
def _currencies() -> dict[str, str]:
    names = ((code, str(_ENGLISH.currencies.get(code, code))) for code in list_currencies())
    return dict(sorted(names, key=lambda pair: pair[0]))


_FIELDS: Final[Mapping[Kind, Callable[[Row, Any, bool], Any]]] = {
    Kind.SWITCH: _switch,
    Kind.NUMBER: _number,
    Kind.SHARE: _share,
    Kind.CHOICE: _choice,
    Kind.TEXT: _text,
    Kind.COLOUR: _colour,
    Kind.COUNTRY: _country,
    Kind.CURRENCY: _currency,
    Kind.HOURS: _hours,
    Kind.RATES: _rates,
    Kind.ZONE: _zone,
}
