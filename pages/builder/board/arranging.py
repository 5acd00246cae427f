"""What a drag did: from where the chips lie now to the board. Whatever makes no sense changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pages.builder.board.board import Board
from pages.builder.board.moves import add, remove
from pages.builder.board.tree import Group, Node, renumbered, walk_nodes

Chip: TypeAlias = int | Node
"""The id of a node that is on the board, or a node of the palette that is to be added."""


@dataclass(frozen=True)
class Arrangement:
    """Where the chips lie: within groups, by the group's id; on the place for editing; in the bin."""

    groups: Mapping[int, Sequence[Chip]]
    to_edit: Sequence[Chip] = field(default=())
    to_remove: Sequence[Chip] = field(default=())


def arrange(board: Board, now: Arrangement) -> Board:
    """The board after a drag; the same board when the drag was of another one, or put a group into itself.

    Raises InvalidInput when the groups would nest too deep or hold too much.
    """
    if not _is_of(board, now):
        return board
    root, next_id, made = _rebuilt(board, now)
    if not {node.id for _, node in walk_nodes(root)} >= {node.id for _, node in board.nodes}:
        return board  # a group lies within itself
    arranged = board.changed(root, selected=made, next_id=next_id)
    for chip in now.to_remove:
        if isinstance(chip, int) and arranged.has(chip):
            arranged = remove(arranged, chip)
    for chip in now.to_edit:
        arranged = arranged.select(chip) if isinstance(chip, int) else add(arranged, chip, arranged.selected)
    return arranged


def _is_of(board: Board, now: Arrangement) -> bool:
    """Whether exactly the groups and nodes of this board are in it, each once."""
    groups = {node.id for _, node in board.nodes if isinstance(node, Group)}
    chips = [*(chip for chips in now.groups.values() for chip in chips), *now.to_edit, *now.to_remove]
    known = Counter(chip for chip in chips if isinstance(chip, int))
    return set(now.groups) == groups and known == Counter(node.id for path, node in board.nodes if path)


def _rebuilt(board: Board, now: Arrangement) -> tuple[Group, int, int | None]:
    """The tree as the chips lie, the next free id, and the id of what came from the palette.

    What lies outside of the groups stands where it was.
    """
    nodes = {node.id: node for _, node in board.nodes}
    lists: dict[int, list[Chip]] = {}
    next_id, made = board.next_id, None
    for group_id, chips in now.groups.items():
        children: list[Chip] = []
        for chip in chips:
            if not isinstance(chip, int):
                made = next_id
                chip, next_id = renumbered(chip, next_id)
            children.append(chip)
        lists[group_id] = children
    _put_back(board, lists, [chip for chip in (*now.to_edit, *now.to_remove) if isinstance(chip, int)])
    return _build(board.root, nodes, lists, set()), next_id, made


def _put_back(board: Board, lists: dict[int, list[Chip]], node_ids: Sequence[int]) -> None:
    for node_id in node_ids:
        *parents, index = board.path_of(node_id)
        lists[board.group_at(tuple(parents)).id].insert(index, node_id)


def _build(group: Group, nodes: Mapping[int, Node], lists: Mapping[int, Sequence[Chip]], seen: set[int]) -> Group:
    """seen: the groups that were built; one that lies within itself is never reached from the root."""
    seen.add(group.id)
    children: list[Node] = []
    for chip in lists[group.id]:
        node = nodes[chip] if isinstance(chip, int) else chip
        if not isinstance(node, Group) or node.id not in lists:
            children.append(node)
        elif node.id not in seen:
            children.append(_build(node, nodes, lists, seen))
    return Group(group.id, group.kind, tuple(children))
