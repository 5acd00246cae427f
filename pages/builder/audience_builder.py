"""Audience builder: drag fields to rules, see at once whom they reach, keep the rule as a segment."""

from functools import partial

import streamlit as st

from pages._ui.guard import errors_in_words
from pages._ui.widgets import page_header
from pages.builder.audience.panel import show_audience
from pages.builder.board.reading import Reading
from pages.builder.board.session import board_now
from pages.builder.board.view import apply_drag, draw_board
from pages.builder.editor import edit_board
from pages.builder.links import follow_link, is_asking, show_in_link
from pages.builder.page import Desk, guard_changes, say_refusal, title_caption
from pages.builder.saving import draw_actions
from pages.builder.text import draw_sentence, draw_text
from pages.builder.toolbar import draw_palette_controls, draw_toolbar


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
