"""Draws the board with streamlit-sortables and reads back what was dragged."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit_sortables import sort_items

from crm_core.rules.wording import Money
from pages._ui.board import Board, Condition, chip_texts, palette_texts

STYLE = (Path(__file__).parent / "assets" / "board.css").read_text()
FONTS = Path(st.__file__).parent / "static" / "static" / "media"
PALETTE = "Drag a field down to your rules"
BIN = "Drop here to remove"
HEADERS = {"all": "Customers who match ALL of these", "any": "Customers who match ANY of these"}


def apply_drag(board: Board, money: Money) -> Board:
    """The board after what was dragged on it since it was drawn."""
    containers: list[dict[str, Any]] | None = st.session_state.get(_key(board))
    if not containers:
        return board
    chips = {part["header"]: part["items"] for part in containers}
    meaning: dict[str, Condition | str] = {**palette_texts(), **chip_texts(board, money)}
    arranged = board.arrange(chips[HEADERS[board.kind]], meaning)
    is_stale = arranged.revision == board.revision and len(chips[PALETTE]) < len(palette_texts())
    return replace(arranged, revision=board.revision + 1) if is_stale else arranged  # a field went to the bin


def draw_board(board: Board, money: Money) -> None:
    """Palette, rules and bin. A new revision is a new component: it reads its chips only once."""
    sort_items(
        [
            {"header": PALETTE, "items": list(palette_texts())},
            {"header": HEADERS[board.kind], "items": list(chip_texts(board, money))},
            {"header": BIN, "items": []},
        ],
        multi_containers=True,
        direction="vertical",
        custom_style=_style(),
        key=_key(board),
    )


@cache
def _style() -> str:
    """The board's style with the app's own font: a frame does not inherit it, Streamlit's files have it."""
    faces = [
        '@font-face { font-family: "Source Sans"; font-weight: 200 900; '
        f'src: url("../../static/media/{font.name}"); }}\n'
        for font in FONTS.glob("SourceSansVF-Upright*.woff2")
    ]
    return "".join(faces) + STYLE


def _key(board: Board) -> str:
    return f"builder_board_{board.revision}"
