"""Picks a node of the board and edits it in place: its kind, its value, and where it stands."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import streamlit as st

from pages._ui.formats import literal
from pages.builder.board import moves
from pages.builder.board.board import Board
from pages.builder.board.reading import Reading
from pages.builder.board.session import act, board_now
from pages.builder.board.tree import KINDS, Condition, Group, GroupKind, path_words
from pages.builder.board.words import FIXED, MEANINGS, Words
from pages.builder.members import edit_list, edit_segment
from pages.builder.messages import edit_messages
from pages.builder.never import offer_never
from pages.builder.reach import edit_reach
from pages.builder.records import edit_event, edit_measure, edit_order_filters
from pages.builder.values import edit_operator_and_value
from pages.builder.widgets import hold

PICKED: Final = "builder_pick"
KIND: Final = "builder_kind"
MAX_PILLS: Final = 10
MATCH = {"all": "ALL rules", "any": "ANY rule", "none": "NO rule"}


def edit_board(board: Board, words: Words, reading: Reading, problems: Mapping[int, str]) -> None:
    """The list of all nodes, and what is selected in it."""
    with st.container(border=True, key="builder_editor"):
        _pick(board, words)
        node = board.node(board.selected)
        if isinstance(node, Condition):
            _edit_condition(node, words, reading)
            if problem := problems.get(node.id):
                st.error(f"Cannot be evaluated: {literal(problem)}", icon=":material/error:")
        row = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
        with row:
            _switch_kind(board)
            if board.selected != board.root.id:
                _draw_moves(board)
        st.caption(MEANINGS[board.group_of(board.selected).kind])


def node_name(board: Board, node_id: int, words: Words) -> str:
    """Such as "1.2 Total spend"."""
    return f"{path_words(board.path_of(node_id))} {words.name(board.node(node_id))}"


def _pick(board: Board, words: Words) -> None:
    names = {node.id: f"{path_words(path)} {words.name(node)}" for path, node in board.nodes}
    more: dict[str, Any] = {"on_change": _select}
    if len(names) <= MAX_PILLS:
        key = f"{PICKED}_pill"
        st.pills(
            "Edit rule",
            list(names),
            default=hold(key, board.selected),
            required=True,
            format_func=lambda node_id: literal(names[node_id]),
            key=key,
            args=(key,),
            **more,
        )
    else:
        key = f"{PICKED}_list"
        place = list(names).index(hold(key, board.selected))
        st.selectbox("Edit rule", list(names), place, format_func=names.__getitem__, key=key, args=(key,), **more)


def _select(key: str) -> None:
    picked: int | None = st.session_state[key]
    if picked is not None:
        act(lambda board: board.select(picked))


def _edit_condition(condition: Condition, words: Words, reading: Reading) -> None:
    match condition.kind:
        case "field":
            edit_operator_and_value(condition, words, reading)
            offer_never(condition, words)
        case "orders":
            edit_measure(condition)
            edit_operator_and_value(condition, words, reading)
            edit_order_filters(condition, reading)
        case "events":
            edit_event(condition, reading)
            edit_operator_and_value(condition, words, reading)
        case "messages":
            edit_messages(condition, reading)
            edit_operator_and_value(condition, words, reading)
        case "reach" | "suppressed":
            edit_reach(condition)
        case "segment":
            edit_segment(condition, words)
        case "list":
            edit_list(condition, reading)
        case fixed:
            st.caption(f"{FIXED[fixed][0]}: an empty group that was saved so. It can be moved or removed.")


def _switch_kind(board: Board) -> None:
    """Of the group that is selected, or in which the selected rule stands."""
    group = board.group_of(board.selected)
    key = f"{KIND}_{group.id}"
    place = path_words(board.path_of(group.id))
    st.segmented_control(
        "Match" if group.id == board.root.id else f"Match in group {place}",
        list(KINDS),
        default=hold(key, group.kind),
        required=True,
        format_func=MATCH.__getitem__,
        key=key,
        on_change=_switch,
        args=(group.id, key),
        width="content",
    )


def _switch(group_id: int, key: str) -> None:
    """Two quick clicks on one choice can take it back although one is required: the group stays what it is."""
    kind: GroupKind | None = st.session_state[key]
    if kind is not None:
        act(lambda board: moves.switch(board, group_id, kind))


def _draw_moves(board: Board) -> None:
    """Buttons with an icon each; their labels are there for screen readers, and as help. The root has none."""
    node_id = board.selected
    can = {
        "Move up": moves.can_shift(board, node_id, -1),
        "Move down": moves.can_shift(board, node_id, 1),
        "Move into the group beside it": moves.neighbour(board, node_id) is not None,
        "Move out of its group": moves.can_move_out(board, node_id),
    }
    hidden = set() if isinstance(board.node(node_id), Group) else {"Dissolve the group"}
    with st.container(horizontal=True, key="builder_moves", gap="xsmall", width="content"):
        for label, (icon, move) in MOVES.items():
            if label not in hidden:
                st.button(
                    label,
                    icon=f":material/{icon}:",
                    help=label,
                    key=f"builder_move_{icon}",
                    type="tertiary",
                    disabled=not can.get(label, True),
                    on_click=_do,
                    args=(move,),
                )


def _do(move: Callable[[Board, int], Board]) -> None:
    act(lambda board: move(board, board_now().selected))


def _shift(by: int) -> Callable[[Board, int], Board]:
    return partial(_shifted, by)


def _shifted(by: int, board: Board, node_id: int) -> Board:
    return moves.shift(board, node_id, by)


MOVES: Final[Mapping[str, tuple[str, Callable[[Board, int], Board]]]] = {
    "Move up": ("arrow_upward", _shift(-1)),
    "Move down": ("arrow_downward", _shift(1)),
    "Move into the group beside it": ("subdirectory_arrow_right", moves.move_in),
    "Move out of its group": ("keyboard_return", moves.move_out),
    "Put into a new group": ("create_new_folder", moves.wrap),
    "Dissolve the group": ("folder_off", moves.dissolve),
    "Duplicate": ("content_copy", moves.duplicate),
    "Remove": ("delete", moves.remove),
}
