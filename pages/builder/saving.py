"""Keeps the board as a segment, or as a version of the one that is open, and goes on to a campaign."""

from collections.abc import Callable
from typing import Final, NoReturn

import streamlit as st

from crm_core.audience.model import Segment
from crm_core.channels.registry import DEFAULT_CHANNEL
from crm_core.errors import CrmError
from crm_core.rules.context import SegmentDefinition
from crm_core.rules.loading import dump_rule
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.guard import show_error
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages.builder.audience.panel import CHANNEL
from pages.builder.board.board import Board
from pages.builder.board.session import board_now, is_unsaved, note_saved, opened_now
from pages.builder.links import show_in_link

SAVED: Final = "builder_saved"


def draw_actions(board: Board, hindrance: str | None) -> None:
    """Save, and go on to a campaign. hindrance: why neither is possible."""
    disabled, why = hindrance is not None, literal(hindrance) if hindrance else None
    if st.button("Save segment", icon=":material/bookmark:", disabled=disabled, help=why):
        save_dialog(then_campaign=False)
    if st.button("Use in campaign", icon=":material/arrow_forward:", type="primary", disabled=disabled, help=why):
        _use_in_campaign(board)
    if saved := st.session_state.pop(SAVED, None):
        st.toast(f"Segment {literal(saved)} is saved.", icon=":material/check_circle:")


def to_campaign(**audience: str) -> NoReturn:
    """With the channel that its reach was looked at for."""
    go_to("new_campaign", channel=st.session_state.get(CHANNEL) or DEFAULT_CHANNEL, **audience)


def _use_in_campaign(board: Board) -> None:
    """Straight on where the board is exactly a saved segment, as it is now."""
    opened = opened_now().segment
    try:
        if opened and not is_unsaved() and services().segments.get(opened.id)["rule"] == dump_rule(board.to_rule()):
            to_campaign(segment=opened.id)
    except CrmError:
        pass  # the dialog says what is possible
    save_dialog(then_campaign=True)


@st.dialog("Save as segment", icon=":material/bookmark:")
def save_dialog(*, then_campaign: bool) -> None:
    board, opened = board_now(), opened_now().segment
    try:
        st.markdown(rule_words(board.to_rule()))
        count = services().audience.count(board.to_rule(), now=services().clock())
    except CrmError as exc:
        show_error(exc)
        return
    st.caption(f"{number(count)} customers now. A segment is counted anew whenever it is used.")
    if opened and is_unsaved():
        _offer_version(opened, then_campaign)
    _offer_new(opened, then_campaign)
    if then_campaign:
        _offer_no_saving(board)


def _offer_version(opened: SegmentDefinition, then_campaign: bool) -> None:
    st.markdown(f"**{literal(opened.name)}** is open in version {opened.version}.")
    label = f"Save as version {opened.version + 1}"
    if st.button(f"{label} and continue" if then_campaign else label, type="primary", key="builder_save_version"):
        _save(
            lambda: services().segments.change(
                opened.id, rule=board_now().to_rule(), version=opened.version, actor=actor()
            ),
            then_campaign,
        )


def _offer_new(opened: SegmentDefinition | None, then_campaign: bool) -> None:
    name = st.text_input("Name", max_chars=100, key="builder_name", placeholder="such as Loyal, not seen for 90 days")
    label = "Save as new segment" if opened else "Save"
    label = f"{label} and continue" if then_campaign else label
    if st.button(label, type="secondary" if opened else "primary", key="builder_save"):
        _save(lambda: services().segments.save(name, board_now().to_rule(), actor=actor()), then_campaign)


def _offer_no_saving(board: Board) -> None:
    if not st.button("Continue without saving", type="tertiary", key="builder_unsaved"):
        return
    try:
        shared_id = services().shared_rules.share(board.to_rule(), actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    to_campaign(board=shared_id)


def _save(save: Callable[[], Segment], then_campaign: bool) -> None:
    try:
        segment = save()
    except CrmError as exc:
        show_error(exc)
        return
    note_saved(segment)
    if then_campaign:
        to_campaign(segment=segment["_id"])
    show_in_link()
    st.session_state[SAVED] = segment["name"]
    st.rerun()
