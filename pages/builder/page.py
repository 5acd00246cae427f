"""What the parts of the audience builder share in one run: the board, its words, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import streamlit as st

from pages._ui.formats import literal
from pages._ui.widgets import tinted_badge
from pages.builder.board.board import Board
from pages.builder.board.reading import Reading
from pages.builder.board.session import REFUSED, is_unsaved, opened_now
from pages.builder.board.words import Words
from pages.builder.editor import node_name

HERE: Final = Path(__file__).parent
_guard = st.components.v2.component("clientnest_unsaved", js=(HERE / "unsaved.js").read_text("utf-8"))


@dataclass(frozen=True)
class Desk:
    """One run's view of the board."""

    board: Board
    reading: Reading

    @property
    def words(self) -> Words:
        return self.reading.words

    @cached_property
    def problems(self) -> Mapping[int, str]:
        """Node id to why it cannot be evaluated."""
        return self.board.problems(self.reading.context(), opened_now().segment)

    @cached_property
    def uncounted(self) -> Sequence[str]:
        """What is in no rule yet, such as "1.2 City"."""
        return [node_name(self.board, node.id, self.words) for node in self.board.incomplete]

    @cached_property
    def problem_words(self) -> Sequence[str]:
        """Such as "1.2 Segment: There is no segment with the id 'x'."."""
        return [f"{node_name(self.board, node_id, self.words)}: {why}" for node_id, why in self.problems.items()]

    @property
    def hindrance(self) -> str | None:
        """Why the board can be neither saved nor used."""
        if self.board.is_empty:
            return "Needs at least one rule."
        if self.uncounted:
            return f"Choose a value in each rule first: {', '.join(self.uncounted)}."
        return " ".join(self.problem_words) or None


def title_caption() -> str:
    """What is open, and whether the board differs from it. Markdown."""
    opened = opened_now()
    words = "Drag fields into rules and see at once whom they reach."
    if opened.segment:
        words = f"Segment **{literal(opened.segment.name)}**, version {opened.segment.version}"
    elif opened.shared:
        words = "Rules from a shared link"
    badge = tinted_badge("orange", "edit", "Unsaved changes")
    return f"{words} {badge}" if is_unsaved() else words


def say_refusal() -> None:
    """What could not be done since the page was drawn."""
    if refused := st.session_state.pop(REFUSED, None):
        st.toast(literal(refused), icon=":material/block:")


def guard_changes() -> None:
    """Style of the page, and the question before its browser tab is closed over unsaved changes."""
    st.html(HERE / "builder.css")
    _guard(key="builder_guard", data={"unsaved": is_unsaved()})
