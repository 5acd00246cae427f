"""Audience builder: drag fields to rules, see at once whom they reach, keep the rule as a segment."""

from functools import partial

import streamlit as st

from pages._ui.audience_panel import show_audience
from pages._ui.board_reading import Reading
from pages._ui.board_session import board_now
from pages._ui.board_view import apply_drag, draw_board
from pages._ui.builder_editor import edit_board
from pages._ui.builder_links import follow_link, is_asking, show_in_link
from pages._ui.builder_page import Desk, guard_changes, say_refusal, title_caption
from pages._ui.builder_saving import draw_actions
from pages._ui.builder_text import draw_sentence, draw_text
from pages._ui.builder_toolbar import draw_palette_controls, draw_toolbar
from pages._ui.guard import errors_in_words
from pages._ui.widgets import page_header


def draw_audience(desk: Desk) -> None:
    """Once the database has not answered, it is not waited for a second time."""
    with errors_in_words():
        show = partial(show_audience, desk.board, uncounted=desk.uncounted, problems=desk.problem_words)
        desk.reading.ask_or_fail(show)


def draw_rules(desk: Desk) -> None:
    draw_sentence(desk.board, desk.reading)
    if draw_toolbar(desk.board):
        draw_text(desk.board, desk.reading, desk.uncounted)
    entries = draw_palette_controls(desk.board, desk.reading.entries())
    draw_board(desk.board, desk.words, entries, desk.problems)
    edit_board(desk.board, desk.words, desk.reading, desk.problems)


with errors_in_words():
    follow_link()
apply_drag()
desk = Desk(board_now(), Reading())
with page_header("Audience builder", title_caption()):
    draw_actions(desk.board, desk.hindrance)
left, right = st.columns([3, 2], gap="medium")
with right:
    draw_audience(desk)
with left:
    draw_rules(desk)
guard_changes()
say_refusal()
if not is_asking():
    show_in_link()
