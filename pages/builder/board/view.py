"""Draws the board with streamlit-sortables and reads back what was dragged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st
from streamlit_sortables import sort_items

from pages._ui.plot_theme import reader_theme
from pages.builder.board.arranging import arrange
from pages.builder.board.board import Board
from pages.builder.board.chips import Container, arrangement_of, containers_of
from pages.builder.board.palette import Entry
from pages.builder.board.session import act
from pages.builder.board.style import board_style, least_height_px
from pages.builder.board.words import Words

DRAWN: Final = "builder_drawn"
PLACE: Final = "builder_board_place"
Shown = Sequence[tuple[str, Sequence[str]]]
"""Header and chips of each list of the component."""


@dataclass(frozen=True)
class Drawn:
    """serial: of the component that stands on the page. shown: how its chips lie there, as far as it has told."""

    serial: int
    containers: Sequence[Container]
    shown: Shown

    @property
    def key(self) -> str:
        return f"builder_board_{self.serial}"


def apply_drag() -> None:
    """Do to the board what was dragged since it was drawn. A drag that makes no sense only draws it anew."""
    drawn: Drawn | None = st.session_state.get(DRAWN)
    if drawn is None:
        return
    shown = _told(st.session_state.get(drawn.key))
    if not shown or shown == drawn.shown:
        return
    st.session_state[DRAWN] = replace(drawn, shown=shown)
    arrangement = arrangement_of(shown, drawn.containers)
    if arrangement:
        act(lambda board: arrange(board, arrangement))


def draw_board(board: Board, words: Words, entries: Sequence[Entry], problems: Mapping[int, str]) -> None:
    """The component reads its chips only once: where they must lie otherwise than they do, it becomes a new one."""
    containers = containers_of(board, words, entries, problems)
    wanted = [(container.header, list(container.chips)) for container in containers]
    drawn: Drawn | None = st.session_state.get(DRAWN)
    if drawn is None:
        drawn = Drawn(0, containers, wanted)
    elif wanted != drawn.shown:
        drawn = Drawn(drawn.serial + 1, containers, wanted)
    else:
        drawn = replace(drawn, containers=containers)
    st.session_state[DRAWN] = drawn
    st.html(f"<style>.st-key-{PLACE} {{ min-height: {least_height_px(board)}px; }}</style>")
    with st.container(key=PLACE):
        sort_items(
            [{"header": header, "items": chips} for header, chips in wanted],
            multi_containers=True,
            direction="vertical",
            custom_style=board_style(containers, board, problems, reader_theme()),
            key=drawn.key,
        )


def _told(report: Any) -> Shown:
    """What the component has reported; nothing before the first drag."""
    return [(part["header"], list(part["items"])) for part in report or ()]
