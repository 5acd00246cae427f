"""What is known of the audience in this run: fresh from memory, being counted in the database, or as it was."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st

from crm_core.audience.counting import Counting
from crm_core.audience.preview import Preview, Source
from crm_core.audience.snapshot.keeper import State, Status, age
from crm_core.errors import Unavailable
from crm_core.rules.loading import dump_rule
from crm_core.rules.tree import AnyRule
from pages._ui.deps import actor, services
from pages._ui.queries import sample_size

LAST: Final = "builder_last_result"
COUNTING: Final = "builder_counting"
GIVEN_UP: Final = "builder_given_up"
STALE_S: Final = 10.0
AT_ONCE_S: Final = 0.3
"""A count that the database finishes so soon is not announced."""


@dataclass(frozen=True)
class Measured:
    """result: None while it is counted. is_of_rule: false when the result is of the rules before. why_stale: in words,
    empty for a fresh one."""

    result: Preview | None
    is_of_rule: bool = True
    why_stale: str = ""

    @property
    def is_stale(self) -> bool:
        return bool(self.why_stale)


def measure(rule: AnyRule) -> Measured:
    """Raises BadRule, and Unavailable when there is not even a result of before."""
    try:
        result = _count(rule)
    except Unavailable as exc:
        return _as_before(rule, str(exc))
    if result is None:
        return Measured(None)
    st.session_state[LAST] = _key(rule), result
    return Measured(result, why_stale=_why_stale(result))


def last_result() -> Preview | None:
    """The last good one of this session, of whatever rules."""
    kept: tuple[str, Preview] | None = st.session_state.get(LAST)
    return kept[1] if kept else None


def cancel_count() -> None:
    """The rules are not counted again until somebody asks for it, or they change."""
    kept: tuple[str, Counting] | None = st.session_state.pop(COUNTING, None)
    if kept:
        st.session_state[GIVEN_UP] = kept[0]
        kept[1].cancel()


def is_given_up(rule: AnyRule) -> bool:
    return bool(st.session_state.get(GIVEN_UP) == _key(rule))


def count_again() -> None:
    for name in (COUNTING, GIVEN_UP):
        st.session_state.pop(name, None)


def is_counting() -> bool:
    kept: tuple[str, Counting] | None = st.session_state.get(COUNTING)
    return bool(kept and not kept[1].is_done())


def data_age(result: Preview, state: State, now: datetime) -> float | None:
    """Seconds since what was counted was true; None for what the database has counted."""
    found = age(state, now)
    return found.total_seconds() if result.source is Source.MEMORY and found is not None else None


def _why_stale(result: Preview) -> str:
    found = services()
    state, now = found.snapshot.state, found.clock()
    seconds = data_age(result, state, now)
    if seconds is None:
        return ""
    if state.status is Status.AWAY:
        return f"The database does not answer. {_as_of(result)}"
    return f"What changed in the last {seconds:.0f} seconds is still being read." if seconds > STALE_S else ""


def _count(rule: AnyRule) -> Preview | None:
    """None while the database counts. A count of other rules is given up: nobody wants it any more."""
    found = services().previews.in_memory(rule, actor=actor())
    if found is not None:
        count_again()
        return found
    if is_given_up(rule):
        return None
    kept: tuple[str, Counting] | None = st.session_state.get(COUNTING)
    if kept is None or kept[0] != _key(rule):
        if kept:
            kept[1].cancel()
        kept = _key(rule), services().previews.start_counting(rule, actor=actor(), sample=sample_size())
        st.session_state[COUNTING] = kept
    return kept[1].result() if kept[1].is_done(wait_s=AT_ONCE_S) else None


def _as_before(rule: AnyRule, why: str) -> Measured:
    kept: tuple[str, Preview] | None = st.session_state.get(LAST)
    count_again()
    if kept is None:
        raise Unavailable(why)
    return Measured(kept[1], kept[0] == _key(rule), f"{why} {_as_of(kept[1])}")


def _as_of(result: Preview) -> str:
    return f"These numbers are as of {result.as_of:%H:%M:%S} UTC; they are renewed when it answers again."


def _key(rule: AnyRule) -> str:
    return json.dumps(dump_rule(rule), sort_keys=True)
