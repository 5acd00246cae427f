"""The rule as a sentence, and as text that can be edited: it follows the board, and the board follows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from crm_core.errors import BadRuleText, CrmError, InvalidInput, Unavailable
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from pages._ui.deps import services
from pages._ui.formats import literal
from pages.builder.board.board import Board
from pages.builder.board.reading import Reading
from pages.builder.board.session import board_now, show_rule
from pages.builder.widgets import hold

TEXT: Final = "builder_text"
MISREAD: Final = "builder_text_misread"
MAX_SHOWN: Final = 600


@dataclass(frozen=True)
class Misread:
    """What was typed on which revision of the board, and why it is no rule."""

    revision: int
    reason: str


def draw_sentence(board: Board, reading: Reading) -> None:
    """Who is meant, in plain English."""
    bound = _bound(board, reading)
    if bound is None:
        st.caption("The sentence follows once every rule can be evaluated and the database answers.")
        return
    text = to_sentence(bound, money_formatter(services().workspace.current().currency))
    text = text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
    st.markdown(f"**Who:** {literal(text[0].upper() + text[1:])}")


def draw_text(board: Board, reading: Reading, uncounted: Sequence[str]) -> None:
    """An error is said below the text, which stays as it was typed, and so does the board."""
    bound = _bound(board, reading)
    if bound is None:
        st.caption("The text follows once every rule can be evaluated and the database answers.")
        return
    misread: Misread | None = st.session_state.get(MISREAD)
    if misread is None or misread.revision != board.revision or TEXT not in st.session_state:
        misread = None
        hold(TEXT, to_text(bound))
    shown = st.session_state[TEXT]
    st.text_area("Rule as text", shown, key=TEXT, height=100, on_change=read_text, label_visibility="collapsed")
    if misread:
        st.error(f"{literal(misread.reason)} The board stays as it was.", icon=":material/error:")
    elif uncounted:
        st.caption(
            f"Not in the text, because they have no value yet: {literal(', '.join(uncounted))}. "
            "A change of the text leaves them out."
        )
    else:
        st.caption("Press Ctrl and Enter to put a changed text on the board.")


def read_text() -> None:
    """On a change of the text: what it says comes onto the board."""
    typed, board = st.session_state[TEXT], board_now()
    st.session_state.pop(MISREAD, None)
    try:
        rule = parse_text(typed, Reading().context()) if typed.strip() else None
    except BadRuleText as exc:
        st.session_state[MISREAD] = Misread(board.revision, _in_words(exc))
    except CrmError as exc:
        st.session_state[MISREAD] = Misread(board.revision, str(exc))
    else:
        if rule is None:
            st.session_state[MISREAD] = Misread(board.revision, "A rule of nothing: write everyone, or a condition.")
        elif rule != board.to_rule():
            show_rule(rule)


def _in_words(exc: BadRuleText) -> str:
    """With the line also where there is only one."""
    message = str(exc)
    return message[:1].upper() + message[1:] if exc.line > 1 else f"Line 1, {message}"


def _bound(board: Board, reading: Reading) -> Bound | None:
    try:
        return bind(board.to_rule(), reading.context())
    except (InvalidInput, Unavailable):
        return None
