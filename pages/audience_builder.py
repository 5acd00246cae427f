"""Audience builder: drag fields to rules, see at once whom they reach, keep the rule as a segment."""

from dataclasses import replace
from typing import NoReturn

import streamlit as st

from crm_core.audience.evaluation import Preview
from crm_core.errors import BadRule, CrmError, InvalidInput
from crm_core.money import money_formatter
from pages._ui import queries
from pages._ui.board import Board, palette_texts
from pages._ui.board_session import board_now, keep_board, keep_cleared, note_opened, open_segment
from pages._ui.board_view import apply_drag, draw_board
from pages._ui.condition_editor import edit_condition
from pages._ui.deps import ACTOR, services
from pages._ui.formats import literal, number, percent
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages._ui.tables import customer_table
from pages._ui.widgets import page_header

KIND = "builder_kind"
PICKED = "builder_pick"
currency = services().settings.currency
show_money = money_formatter(currency)


def offer_other_ways(exc: BadRule) -> NoReturn:
    """What to do with a segment that the board cannot show."""
    st.warning(literal(str(exc)), icon=":material/dashboard_customize:")
    with st.container(horizontal=True):
        if st.button("All segments", icon=":material/groups:"):
            go_to("segments")
        if st.button("Start with an empty board", icon=":material/add:"):
            keep_cleared()
            del st.query_params["segment"]
            st.rerun()
    st.stop()


def load_board() -> Board:
    """The board of this session after what was dragged; a link with ``?segment=`` puts that segment on it, once."""
    if wanted := st.query_params.get("segment"):
        try:
            open_segment(wanted)
        except BadRule as exc:
            offer_other_ways(exc)
    return apply_drag(board_now(), show_money)


def add_chosen() -> None:
    """The way without a mouse: pick a field from the list."""
    label = st.session_state["builder_add"]
    if label:
        keep_board(board_now().add(palette_texts()[label]))
        st.session_state["builder_add"] = None


def switch_kind() -> None:
    keep_board(board_now().switch(st.session_state[KIND]))


def pick_condition() -> None:
    keep_board(replace(board_now(), selected=st.session_state[PICKED]))


def remove_selected(condition_id: int) -> None:
    keep_board(board_now().remove(condition_id))


def edit_board(board: Board) -> Board:
    """Switch between all and any, pick a condition and change it."""
    with st.container(border=True):
        top = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
        st.session_state[KIND] = board.kind  # the board may have changed otherwise, as by opening a segment
        top.segmented_control(
            "Match",
            ["all", "any"],
            required=True,
            format_func={"all": "ALL rules", "any": "ANY rule"}.__getitem__,
            key=KIND,
            on_change=switch_kind,
        )
        top.selectbox(
            "Add a rule without dragging",
            list(palette_texts()),
            index=None,
            key="builder_add",
            on_change=add_chosen,
            placeholder="Choose a field",
            width=260,
        )
        if not board.conditions:
            st.caption("Drag a field down into the rules. With the keyboard: Tab to it, Space, arrow keys, Space.")
            return board
        return edit_selected(board)


def edit_selected(board: Board) -> Board:
    ids = [condition.id for condition in board.conditions]
    names = {condition.id: f"{place}. {condition.label}" for place, condition in enumerate(board.conditions, start=1)}
    st.session_state[PICKED] = board.selected
    st.pills("Edit rule", ids, required=True, format_func=names.__getitem__, key=PICKED, on_change=pick_condition)
    condition = board.condition(board.selected)
    assert condition is not None, "one of the conditions is always selected"
    changed = board.change(edit_condition(condition, currency))
    with st.container(horizontal=True):
        st.button(
            "Remove this rule",
            icon=":material/delete:",
            type="tertiary",
            key=f"builder_remove_{condition.id}",
            on_click=remove_selected,
            args=(condition.id,),
        )
        st.button("Clear all rules", icon=":material/clear_all:", type="tertiary", on_click=keep_cleared)
    return changed


def show_result(board: Board) -> Preview | None:
    rule = board.to_rule()
    try:
        result = queries.preview(rule)
    except InvalidInput as exc:
        st.error(f"The rules cannot be evaluated: {literal(str(exc))}", icon=":material/error:")
        return None
    with st.container(border=True):
        st.metric(
            "Customers match",
            number(result.count),
            percent(result.count, result.total) + f" of {number(result.total)}",
            delta_color="off",
            delta_arrow="off",
        )
        st.markdown(f"**Who:** {rule_words(rule)}")
        st.caption(f"Exact as of {result.as_of:%H:%M:%S} UTC · {result.took_ms:.0f} ms")
    if board.incomplete:
        names = ", ".join(condition.label for condition in board.incomplete)
        st.warning(f"Not counted yet, because no value is chosen: {names}.", icon=":material/edit:")
    return result


def show_sample(result: Preview) -> None:
    st.subheader("Sample", anchor=False)
    if not result.total:
        st.caption("There are no customers yet. The overview says how to load some.")
        return
    if not result.count:
        st.caption("Nobody matches all of this. Loosen a rule, or match ANY instead of ALL.")
        return
    customer_table(result.sample, currency, key="builder_sample")
    shown = len(result.sample)
    st.caption(
        f"The first {shown} of {number(result.count)} by customer id." if result.count > shown else "All of them."
    )


@st.dialog("Save as segment", icon=":material/bookmark:")
def save_dialog(board: Board, count: int, *, then_campaign: bool) -> None:
    st.markdown(rule_words(board.to_rule()))
    st.caption(f"{number(count)} customers now. A segment is counted anew whenever it is used.")
    name = st.text_input("Name", max_chars=100, key="builder_name", placeholder="such as Loyal, not seen for 90 days")
    if not st.button("Save and continue" if then_campaign else "Save", type="primary", key="builder_save"):
        return
    try:
        segment = services().segments.save(name, board.to_rule(), actor=ACTOR)
    except CrmError as exc:
        st.error(literal(str(exc)))
        return
    if then_campaign:
        go_to("new_campaign", segment=segment["_id"])
    note_opened(segment["_id"])
    st.query_params["segment"] = segment["_id"]
    st.session_state["builder_saved"] = segment["name"]
    st.rerun()


actions = page_header("Audience builder", "Drag fields into rules and see at once whom they reach.")
left, right = st.columns([7, 5], gap="medium")
drawn, edited = left.container(), left.container()
board = load_board()
with edited:
    board = edit_board(board)
keep_board(board)
with drawn:
    draw_board(board, show_money)
with right:
    result = show_result(board)
    if result:
        show_sample(result)
is_ready = result is not None and bool(board.to_rule().rules) and not board.incomplete
hint = None if is_ready else "Needs at least one rule, and a value in each."
with actions:
    if st.button("Save segment", icon=":material/bookmark:", disabled=not is_ready, help=hint) and result:
        save_dialog(board, result.count, then_campaign=False)
    go_on = st.button(
        "Use in campaign", icon=":material/arrow_forward:", type="primary", disabled=not is_ready, help=hint
    )
    if go_on and result:
        save_dialog(board, result.count, then_campaign=True)
if saved := st.session_state.pop("builder_saved", None):
    st.toast(f"Segment {literal(saved)} is saved.", icon=":material/check_circle:")
