"""Beside "inactive for N days": whom that leaves out, and how to have them with one click."""

import streamlit as st

from crm_core.rules.fields import CustomerField
from pages.builder.board.board import Board
from pages.builder.board.moves import or_else
from pages.builder.board.palette import never
from pages.builder.board.session import act, board_now
from pages.builder.board.tree import Condition
from pages.builder.board.words import Words


def offer_never(condition: Condition, words: Words) -> None:
    """Nothing for other conditions, and where it stands beside the other one already."""
    found = words.field_of(condition.draft)
    if not found or not found.idle or condition.draft.get("op") != "more_than_days_ago":
        return
    if _has_beside(board_now(), condition.id, found):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Leaves out customers who have never {found.idle.never}.", width="content")
        st.button(
            f"Or never {found.idle.never}",
            icon=":material/add:",
            key="builder_or_never",
            type="tertiary",
            on_click=_add,
            args=(condition.id, found),
        )


def _has_beside(board: Board, condition_id: int, found: CustomerField) -> bool:
    group = board.group_at(board.path_of(condition_id)[:-1])
    drafts = [child.draft for child in group.children if isinstance(child, Condition)]
    return group.kind == "any" and never(found).draft in drafts


def _add(condition_id: int, found: CustomerField) -> None:
    act(lambda board: or_else(board, condition_id, never(found)))
