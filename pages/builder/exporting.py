"""The customers whom the rules on the board reach, as a file."""

import streamlit as st

from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.exports import ABOUT, why_not
from pages._ui.formats import number
from pages._ui.guard import show_error
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages.builder.board.board import Board
from pages.builder.board.session import is_unsaved, opened_now


def draw_export(board: Board) -> None:
    """Not while a rule has no value yet: more customers would be in the file than are meant."""
    why = why_not() or ("Choose a value in each rule first." if board.incomplete else None)
    if st.button(
        "Export", icon=":material/download:", type="tertiary", disabled=why is not None, help=why, key="builder_export"
    ):
        export_dialog(board)


@st.dialog("Export these customers", icon=":material/download:")
def export_dialog(board: Board) -> None:
    """Asks for it, and goes on to where exports are shown."""
    rule = board.to_rule()
    try:
        st.markdown(rule_words(rule))
        count = services().audience.count(rule, now=services().clock())
    except CrmError as exc:
        show_error(exc)
        return
    st.markdown(f"**{number(count)}** {'customer' if count == 1 else 'customers'} now.")
    st.caption(f"{ABOUT} It is written in the background, and kept on the Segments page for a day.")
    if not st.button("Export customers", type="primary", key="builder_export_sure"):
        return
    try:
        services().exports.start_rule(rule, _name(board), actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    go_to("segments")


def _name(board: Board) -> str:
    """Of these customers, for people."""
    opened = opened_now().segment
    if opened and not is_unsaved():
        return opened.name
    return "All customers" if board.asks_nothing else "Rules of the audience builder"
