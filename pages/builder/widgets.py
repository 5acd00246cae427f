"""Widgets that follow the board: they show what it holds, and change it only when somebody uses them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import streamlit as st

from crm_core.errors import InvalidInput
from crm_core.rules.tree import MAX_DAYS
from crm_core.schema.kinds import KEYWORD
from pages.builder.board.session import act, board_now
from pages.builder.board.tree import Condition, Draft

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
ANYTHING: Final = "any"
MAX_SHOWN: Final = 2**53 - 1
LEAST_PERCENT: Final = 0.01
DAY_FORMAT: Final = "YYYY-MM-DD"


def key_of(condition_id: int, name: str) -> str:
    return f"builder_{condition_id}_{name}"


def hold(key: str, value: Any) -> Any:
    """Let the widget of that key show ``value``. One that shows it already is left alone: somebody may be typing.

    Returns it, to be the widget's default as well: one that is just taken off the page may report that as a change.
    Where it can be cleared it has no default; see ``commit``.
    """
    if st.session_state.get(key) != value:
        st.session_state[key] = value
    return value


def commit(condition_id: int, key: str, changes: Callable[[Any], Draft]) -> None:
    """On a change of the widget: put what it shows into the condition. changes: the parts of the draft, from that.

    Nothing is no change of a condition that is not edited any more: its widget was just taken off the page.
    """
    value = st.session_state[key]
    if value is None and board_now().selected != condition_id:
        return
    act(lambda board: board.with_draft(condition_id, changes(value)))


@dataclass(frozen=True)
class Part:
    """What has an operator and a value: a condition, or what it asks of an item or a property within it.

    draft: with both. name: how the keys of its widgets begin; about: how their labels end, such as " of the item".
    within: the changes of the condition, from those of this.
    """

    condition_id: int
    draft: Draft
    name: str = ""
    about: str = ""
    within: Callable[[Draft], Draft] = dict

    def key(self, name: str) -> str:
        return key_of(self.condition_id, f"{self.name}{name}")

    def commit(self, key: str, changes: Callable[[Any], Draft]) -> None:
        """As ``commit``. changes: of the draft of this part."""
        commit(self.condition_id, key, lambda shown: self.within(changes(shown)))


def put_field(condition: Condition, name: str) -> tuple[str, partial[None]]:
    """Key and callback of the widget for one part of the draft."""
    key = key_of(condition.id, name)
    return key, partial(commit, condition.id, key, lambda value: {name: value})


def number_field(
    label: str, key: str, value: float | None, on_change: Callable[[], None], *, step: float = 1.0, **options: Any
) -> None:
    """A number from 0; a rule from the API may also hold one below, or a fraction of a count.

    What no browser can show, or is no number because the field has changed its type, is to be typed anew.
    """
    shown = float(value) if isinstance(value, int | float) and abs(value) <= MAX_SHOWN else None
    hold(key, shown)
    low = min(0.0, shown or 0.0)
    st.number_input(label, low, None, None, step, key=key, on_change=on_change, **options)


def days_field(
    label: str,
    key: str,
    value: Any,
    on_change: Callable[[], None],
    *,
    least: int = 0,
    most: int = MAX_DAYS,
    **options: Any,
) -> None:
    """A whole number; another value is to be typed anew."""
    hold(key, value if isinstance(value, int) and least <= value <= most else None)
    st.number_input(label, least, most, None, 1, key=key, on_change=on_change, **options)


def percent_field(label: str, key: str, value: Any, on_change: Callable[[], None], **options: Any) -> None:
    """Above 0, with two decimals at most; another value is to be typed anew."""
    shown = float(value) if isinstance(value, int | float) and LEAST_PERCENT <= value <= 100 else None
    hold(key, shown)
    st.number_input(label, LEAST_PERCENT, 100.0, None, 1.0, format="%g", key=key, on_change=on_change, **options)


def day_field(label: str, key: str, value: str | None, on_change: Callable[[], None]) -> None:
    """value: an ISO date."""
    day = to_day(value)
    hold(key, day)
    latest = max(LATEST, day or LATEST)
    st.date_input(label, None, min(EARLIEST, day or EARLIEST), latest, key=key, on_change=on_change, format=DAY_FORMAT)


def choice_field(
    label: str, key: str, value: str | None, options: Sequence[str], on_change: Callable[[], None], **more: Any
) -> None:
    """One of the options, or the value that is held already, or none."""
    offered = list(options) if value is None or value in options else [*options, value]
    hold(key, value)
    st.selectbox(label, offered, None, key=key, on_change=on_change, **more)


def read_keyword(typed: str | None, what: str) -> str | None:
    """What was typed as such a name is stored; None for nothing. Raises InvalidInput for what cannot be one. what: what
    it is to be, such as "a type of event"."""
    cleaned = re.sub(r"[\s-]+", "_", (typed or "").strip().lower())
    if cleaned and not re.fullmatch(KEYWORD, cleaned):
        raise InvalidInput(
            f"{typed!r} cannot be {what}: these are 1 to 40 letters a to z, digits and _, a letter first."
        )
    return cleaned or None


def to_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except (TypeError, ValueError):
        return None


def to_whole(value: float | None) -> float | None:
    return int(value) if value is not None and float(value).is_integer() else value
