"""Above the board: undo, redo, clear, share, the switch for the text, and the palette's search."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from crm_core.audience.shared_rules import KEPT
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import show_error
from pages.builder.board.board import Board
from pages.builder.board.moves import add
from pages.builder.board.palette import ALL, GROUPS, MAX_SHOWN, Entry, find_entries
from pages.builder.board.session import act, clear_board, history_now, redo, undo
from pages.builder.board.tree import path_words
from pages.builder.exporting import draw_export

ADD: Final = "builder_add"
SEARCH: Final = "builder_search"
SHOWN: Final = "builder_palette"
TEXT_SHOWN: Final = "builder_text_shown"


def draw_toolbar(board: Board) -> bool:
    """Whether the rule is to be shown as text."""
    history = history_now()
    with st.container(horizontal=True, key="builder_toolbar", vertical_alignment="center", gap="small"):
        _icon("Undo", "undo", undo, disabled=not history.past)
        _icon("Redo", "redo", redo, disabled=not history.future)
        st.button(
            "Clear all rules",
            icon=":material/clear_all:",
            type="tertiary",
            on_click=clear_board,
            disabled=board.is_empty,
        )
        if st.button("Share", icon=":material/link:", type="tertiary", disabled=board.asks_nothing):
            share_dialog(board)
        draw_export(board)
        return st.toggle("Rule as text", key=TEXT_SHOWN)


def _icon(label: str, icon: str, action: object, *, disabled: bool) -> None:
    with st.container(key=f"builder_icon_{icon}", width="content"):
        st.button(label, icon=f":material/{icon}:", help=label, type="tertiary", on_click=action, disabled=disabled)  # type: ignore[arg-type]


@st.dialog("Share this audience", icon=":material/link:")
def share_dialog(board: Board) -> None:
    """A link that opens the rules on somebody else's board."""
    try:
        shared_id = services().shared_rules.share(board.to_rule(), actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.code(f"{(st.context.url or '').rstrip('/')}?board={shared_id}", language=None, wrap_lines=True)
    st.caption(
        f"Whoever can open ClientNest sees these rules by it, as they are now, for {KEPT.days} days. "
        "Nothing of them is in the link."
    )
    if board.incomplete:
        st.caption("Rules without a value are not shared.")


def draw_palette_controls(board: Board, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Search, group, and the way without dragging; returns the entries to show in the palette."""
    row = st.container(horizontal=True, vertical_alignment="bottom", key="builder_palette_row", gap="small")
    text = row.text_input("Search the fields", key=SEARCH, placeholder="such as city", width=170)
    group = row.selectbox("Show", GROUPS, key=SHOWN, width=130)
    _draw_adding(row, board, entries)
    found = find_entries(entries, text, group or ALL)
    if not found:
        st.caption(f"Nothing here has “{literal(text)}” in its name." if text else "There is nothing of this kind yet.")
    elif len(found) > MAX_SHOWN:
        st.caption(f"The first {MAX_SHOWN} of {len(found)} are shown. Search for the others.")
    return found[:MAX_SHOWN]


def _draw_adding(row: st.delta_generator.DeltaGenerator, board: Board, entries: Sequence[Entry]) -> None:
    by_label = {entry.label: entry for entry in entries}
    group = board.group_of(board.selected)
    place = "" if group.id == board.root.id else f" to group {path_words(board.path_of(group.id))}"

    def add_chosen() -> None:
        label = st.session_state[ADD]
        st.session_state[ADD] = None
        if label:
            act(lambda board: add(board, by_label[label].node, group.id))

    row.selectbox(
        "Add a rule without dragging",
        list(by_label),
        index=None,
        key=ADD,
        on_change=add_chosen,
        placeholder=f"Choose what to add{place}",
        width="stretch",
    )
