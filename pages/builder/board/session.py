"""The board of a reader's session: what is on it, what it was before, and what was opened or saved last."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import streamlit as st

from crm_core.audience.model import Segment, definition_of
from crm_core.errors import InvalidInput, NotFound
from crm_core.rules.context import SegmentDefinition
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule
from pages.builder.board.board import Board, board_of
from pages.builder.board.history import History
from pages.builder.board.moves import clear

HISTORY: Final = "builder_history"
OPENED: Final = "builder_opened"
REFUSED: Final = "builder_refused"


@dataclass(frozen=True)
class Opened:
    """What the board was when it was opened or saved last. segment: as it was then, or None. shared: id of the link."""

    outline: dict[str, Any] = field(default_factory=lambda: Board().outline)
    segment: SegmentDefinition | None = None
    shared: str | None = None


def history_now() -> History:
    found: History = st.session_state.get(HISTORY, History())
    return found


def board_now() -> Board:
    return history_now().present


def opened_now() -> Opened:
    found: Opened = st.session_state.get(OPENED, Opened())
    return found


def is_unsaved() -> bool:
    """Whether the board shows something else than what was opened or saved last."""
    return board_now().outline != opened_now().outline


def act(change: Callable[[Board], Board]) -> None:
    """Change the board, which can be undone. What cannot be done is said by the page that is drawn next."""
    history = history_now()
    try:
        st.session_state[HISTORY] = history.then(change(history.present))
    except (InvalidInput, NotFound) as exc:
        st.session_state[REFUSED] = str(exc)


def undo() -> None:
    st.session_state[HISTORY] = history_now().undo()


def redo() -> None:
    st.session_state[HISTORY] = history_now().redo()


def clear_board() -> None:
    act(clear)


def show_rule(rule: AnyRule) -> None:
    """Put another rule on the board, which can be undone."""
    act(lambda board: _following(board, rule))


def open_segment(segment: Segment) -> None:
    """Put a saved segment on the board."""
    show_rule(load_rule(segment["rule"]))
    note_saved(segment)


def open_shared(shared_id: str, rule: AnyRule) -> None:
    show_rule(rule)
    st.session_state[OPENED] = Opened(board_now().outline, shared=shared_id)


def start_anew() -> None:
    """An empty board that belongs to no segment."""
    clear_board()
    act(lambda board: replace(board, root=replace(board.root, kind="all")))
    st.session_state[OPENED] = Opened()


def forget_changes() -> None:
    """What is on the board is not to be kept."""
    st.session_state[OPENED] = replace(opened_now(), outline=board_now().outline)


def note_saved(segment: Segment) -> None:
    """The board is what this segment says."""
    st.session_state[OPENED] = Opened(board_now().outline, definition_of(segment))


def _following(board: Board, rule: AnyRule) -> Board:
    """Ids and revisions go on, since widgets remember what they showed by these."""
    return replace(board_of(rule, first_id=board.next_id), revision=board.revision + 1)
