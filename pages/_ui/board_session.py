"""The board of a reader's session; other pages put a segment on it, or nothing."""

from dataclasses import replace
from typing import Final

import streamlit as st

from crm_core.rules.loading import load_rule
from pages._ui.board import Board, board_of
from pages._ui.deps import services

BOARD: Final = "builder_board"
OPENED: Final = "builder_opened"


def board_now() -> Board:
    found: Board = st.session_state.get(BOARD, Board())
    return found


def keep_board(board: Board) -> None:
    st.session_state[BOARD] = board


def keep_cleared() -> None:
    """Start over, with no rules; condition ids go on, since widgets remember what they showed by these."""
    keep_board(board_now().cleared())


def open_segment(segment_id: str, *, again: bool = False) -> None:
    """Put a saved segment on the board, once. again: also when it was opened before, and changed since.

    Raises NotFound, and BadRule for a rule that the board has no room for.
    """
    if st.session_state.get(OPENED) == segment_id and not again:
        return
    segment = services().segments.get(segment_id)
    before = board_now()
    opened = board_of(load_rule(segment["rule"]), first_id=before.next_id)
    keep_board(replace(opened, revision=before.revision + 1))
    note_opened(segment_id)


def note_opened(segment_id: str) -> None:
    """The board shows this segment: its link changes nothing on it."""
    st.session_state[OPENED] = segment_id
