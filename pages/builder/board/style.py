"""The style of the board: what is the same for all, and a line for each container and chip, whose number varies."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import streamlit as st

from pages._ui.palette import Theme, colour
from pages.builder.board.board import Board
from pages.builder.board.chips import Container
from pages.builder.board.tree import Condition, Group, GroupKind, Node

STYLE: Final = Path(__file__).with_name("board.css").read_text("utf-8")
FONTS: Final = Path(st.__file__).parent / "static" / "static" / "media"
INDENT_PX: Final = 20
MIN_PX, MAX_PX = 300, 640
"""Height of the board where it is wide, as in the style; then it scrolls."""
GROUP_PX, CHIP_PX, SLOTS_PX, LINE_PX = 52, 58, 44, 8
GROUP_TONES: Mapping[GroupKind, str] = {"all": "accent", "any": "opened", "none": "failed"}
CONDITION_TONES: Mapping[str, str] = {
    "field": "accent",
    "orders": "sent",
    "events": "sent",
    "messages": "delivered",
    "reach": "delivered",
    "suppressed": "failed",
    "segment": "held_out",
    "list": "held_out",
}
"""Roles of the palette, by the kind of a condition."""
ROOT_HINT: Final = (
    "Drag fields to here. With the keyboard: Tab to a field, Space, right arrow, Space; or choose from the list above."
)
NESTED_HINT: Final = "Drag rules to here. An empty group is not counted."
SLOT: Final = (
    "border: 1px dashed var(--quiet); padding: 7px 12px 1px; position: sticky; bottom: 0; z-index: 1; --body: 0; "
    "--shade: ''; box-shadow: 0 0 0 8px var(--background-color); text-align: center;"
)
"""A place to drop: slim, below the groups, always in sight."""


def board_style(containers: Sequence[Container], board: Board, problems: Mapping[int, str], theme: Theme) -> str:
    """The whole style of the component's frame."""
    return "\n".join([*_fonts(), STYLE, *_containers(containers, theme), *_chips(containers, board, problems, theme)])


def least_height_px(board: Board) -> int:
    """Room to keep for the component, so that nothing below it jumps while a new one loads."""
    groups = sum(isinstance(node, Group) for _, node in board.nodes)
    wanted = groups * GROUP_PX + (len(board.nodes) - 1) * CHIP_PX + SLOTS_PX
    return max(MIN_PX, min(MAX_PX, wanted)) + LINE_PX


@cache
def _fonts() -> Sequence[str]:
    """The app's own font: a frame does not inherit it, Streamlit's files have it."""
    return [
        '@font-face { font-family: "Source Sans"; font-weight: 200 900; '
        f'src: url("../../static/media/{font.name}"); }}'
        for font in FONTS.glob("SourceSansVF-Upright*.woff2")
    ]


def _containers(containers: Sequence[Container], theme: Theme) -> Iterator[str]:
    """Rows: one a group, the last of which takes what room there is, and one for the places to drop."""
    groups = len(containers) - 3
    rows = f"{'min-content ' * (groups - 1)}1fr min-content"
    sizes = f"--least: {MIN_PX}px; --most: {MAX_PX}px;"
    yield f".sortable-component.vertical {{ --rows: {rows}; --row-count: {groups + 1}; {sizes} }}"
    for number, container in enumerate(containers, start=1):
        place = f".sortable-component.vertical .sortable-container:nth-of-type({number})"
        if container.group:
            tone, indent = colour(GROUP_TONES[container.group.kind], theme), INDENT_PX * container.depth
            hint = NESTED_HINT if container.depth else ROOT_HINT
            yield f'{place} {{ --tone: {tone}; --indent: {indent}px; --row: {number - 1}; --hint: "{hint}"; }}'
        elif number > 1:
            yield f"{place} {{ {SLOT} --row: {groups + 1}; --column: {number - groups}; --narrow: auto; }}"


def _chips(containers: Sequence[Container], board: Board, problems: Mapping[int, str], theme: Theme) -> Iterator[str]:
    nodes = {node.id: node for _, node in board.nodes}
    open_ids = {node.id for node in board.incomplete}
    for number, container in enumerate(containers, start=1):
        ids = [chip for chip in container.chips.values() if isinstance(chip, int)]
        for place, node_id in enumerate(ids, start=1):
            chip = f".sortable-container:nth-of-type({number}) .sortable-item:nth-of-type({place})"
            yield f"{chip} {{ {_look(nodes[node_id], node_id in problems, node_id in open_ids, theme)} }}"


def _look(node: Node, has_problem: bool, is_open: bool, theme: Theme) -> str:
    if has_problem:
        return f"--tone: {colour('failed', theme)}; border-left-style: double;"
    tone = colour(_tone(node), theme)
    return f"--tone: {tone}; border-left-style: dashed;" if is_open else f"--tone: {tone};"


def _tone(node: Node) -> str:
    if isinstance(node, Condition):
        return CONDITION_TONES.get(node.kind, "muted")
    assert isinstance(node, Group)
    return GROUP_TONES[node.kind]
