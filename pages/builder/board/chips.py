"""The texts that the board shows. streamlit-sortables knows its chips by them, so each is there once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pages.builder.board.arranging import Arrangement, Chip
from pages.builder.board.board import Board
from pages.builder.board.palette import Entry
from pages.builder.board.tree import Group, GroupKind, Node, Path, path_words
from pages.builder.board.words import Words

INVISIBLE: Final = "\u200b"
"""Repeated behind a chip's text to tell equal conditions apart."""
PALETTE: Final = "Drag onto the board"
EDIT: Final = "Drop here to edit"
BIN: Final = "Drop here to remove"
_ROOT: Mapping[GroupKind, str] = {
    "all": "ALL of these must be true",
    "any": "At least ONE of these must be true",
    "none": "NONE of these may be true",
}
_NESTED: Mapping[GroupKind, str] = {"all": "ALL of these", "any": "ANY of these", "none": "NONE of these"}


@dataclass(frozen=True)
class Container:
    """One list of the component. group: with its depth from 0, for the groups of the board."""

    header: str
    chips: Mapping[str, Chip]
    group: Group | None = None
    depth: int = 0


def containers_of(
    board: Board, words: Words, entries: Sequence[Entry], problems: Mapping[int, str]
) -> Sequence[Container]:
    """Palette, groups depth first, the place for editing, and the bin."""
    groups = [(path, node) for path, node in board.nodes if isinstance(node, Group)]
    headers = [PALETTE, EDIT, BIN, *(header_of(path, group) for path, group in groups)]
    texts = _unique_texts(board, words, problems, {*headers, *(entry.label for entry in entries)})
    drawn = [
        Container(header_of(path, group), {texts[child.id]: child.id for child in group.children}, group, len(path))
        for path, group in groups
    ]
    palette = Container(PALETTE, {entry.label: entry.node for entry in entries if entry.label not in headers})
    return [palette, *drawn, Container(EDIT, {}), Container(BIN, {})]


def header_of(path: Path, group: Group) -> str:
    return f"{path_words(path)} · {_NESTED[group.kind]}" if path else _ROOT[group.kind]


def chip_text(path: Path, node: Node, words: Words, problem: str | None) -> str:
    """Lines: what it is about, what it says of it, and what is wrong with it."""
    if isinstance(node, Group):
        return f"Group {path_words(path)}\n{words.name(node)}{' below' if node.children else ''}"
    lines = [*words.chip(node), *([f"Cannot be evaluated: {problem}"] if problem else [])]
    return "\n".join(lines)


def arrangement_of(shown: Sequence[tuple[str, Sequence[str]]], drawn: Sequence[Container]) -> Arrangement | None:
    """What the component reports, in nodes; None for what it was never given.

    shown: header and chips of each container.
    """
    meaning = {text: chip for container in drawn for text, chip in container.chips.items()}
    if [header for header, _ in shown] != [container.header for container in drawn]:
        return None
    if not all(text in meaning for _, texts in shown for text in texts):
        return None
    lists = [[meaning[text] for text in texts] for _, texts in shown]
    groups = {drawn[n].group.id: chips for n, chips in enumerate(lists) if drawn[n].group}  # type: ignore[union-attr]
    return Arrangement(groups, lists[-2], lists[-1])


def _unique_texts(board: Board, words: Words, problems: Mapping[int, str], taken: Iterable[str]) -> dict[int, str]:
    """Node id to text. The older of two equal ones keeps its text, wherever they are dragged to."""
    used, texts = set(taken), {}
    for path, node in sorted(board.nodes, key=lambda placed: placed[1].id):
        text = chip_text(path, node, words, problems.get(node.id))
        while text in used:
            text += INVISIBLE
        used.add(text)
        texts[node.id] = text
    return texts
