"""The one control for the range of days that a page is about; the link has it."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import streamlit as st

from crm_core.insights.periods import FIRST_DAY, Period

RANGES: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {"7d": ("7 days", 7), "30d": ("30 days", 30), "90d": ("90 days", 90), "12m": ("12 months", 365)}
)
CUSTOM: Final = "custom"
BETWEEN: Final = ".."


def pick_range(today: date, *, key: str = "range", default: str = "30d") -> Period:
    """What is chosen, up to today or between two days."""
    chosen_key, days_key, written_key = f"{key}_chosen", f"{key}_days", f"{key}_written"
    linked = st.query_params.get("range", "")
    if chosen_key not in st.session_state or (linked and linked != st.session_state.get(written_key)):
        linked_choice, days = _read(linked, default)
        st.session_state[chosen_key] = linked_choice
        st.session_state[days_key] = days or _period(default, today)
    with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
        picked = st.segmented_control(
            "Range of days",
            [*RANGES, CUSTOM],
            required=True,
            format_func=lambda name: RANGES[name][0] if name in RANGES else "Custom",
            key=chosen_key,
            label_visibility="collapsed",
            wrap=True,
        )
        choice = picked or default
        if choice == CUSTOM:
            period = _custom(days_key, today)
        else:
            period = Period(*_period(choice, today))
            st.session_state[days_key] = (period.first, period.last)
    link = f"{period.first}{BETWEEN}{period.last}" if choice == CUSTOM else choice
    st.query_params["range"] = st.session_state[written_key] = link
    return period


def _custom(key: str, today: date) -> Period:
    picked = st.date_input(
        "From and to",
        min_value=FIRST_DAY,
        max_value=today + timedelta(days=366),
        key=key,
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        width=240,
    )
    days = picked if isinstance(picked, tuple) else (picked,)
    if len(days) < 2:
        st.caption("Pick the last day as well.")
    first = days[0] if days else today
    return Period(first, days[-1] if days else today)


def _period(name: str, today: date) -> tuple[date, date]:
    return today - timedelta(days=RANGES[name][1] - 1), today


def _read(linked: str, default: str) -> tuple[str, tuple[date, date] | None]:
    """What a link names; the default for one that names nothing."""
    if linked in RANGES:
        return linked, None
    try:
        first, last = map(date.fromisoformat, linked.split(BETWEEN))
    except ValueError:
        return default, None
    return (CUSTOM, (first, last)) if FIRST_DAY <= first <= last else (default, None)
