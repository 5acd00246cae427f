"""Boards for tests: rules of all kinds, half-edited chips and empty groups among them, and random moves over these."""

from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.rules.loading import load_rule
from pages.builder.board import moves
from pages.builder.board.board import Board, board_of
from pages.builder.board.palette import palette_entries
from pages.builder.board.tree import KINDS, Condition, Group, Node
from tests.engines.trees import CATALOGUE, SEGMENTS, TREES_WITH_SEGMENTS

SPEND = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
VISITS = {"kind": "field", "field": "visits", "op": "lt", "value": 3}
CITY = {"kind": "field", "field": "city", "op": "in", "value": ["Pune"]}
BOOKS = {"kind": "orders", "measure": "count", "op": "gte", "value": 2, "category": "Books"}
EVENTS = {"kind": "events", "type": "visit", "op": "gte", "value": 3}
ENTRIES = palette_entries(CATALOGUE, ["visit"], {name: name.upper() for name in SEGMENTS})
OPEN_CITY = Condition(0, {"kind": "field", "field": "city", "op": "in"})


def group(kind: str, *rules: Any) -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}


def board(kind: str, *rules: Any) -> Board:
    return board_of(load_rule(group(kind, *rules)))


def ids_of(held: Board) -> list[int]:
    return [node.id for _, node in held.nodes]


def id_at(held: Board, *path: int) -> int:
    """The id of the node at this path of child indexes."""
    return next(node.id for at, node in held.nodes if at == path)


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """A board of any rule, with some chips and groups of the palette dropped anywhere."""
    held = board_of(load_rule(draw(TREES_WITH_SEGMENTS)))
    for entry in draw(st.lists(st.sampled_from(ENTRIES), max_size=4)):
        held = moved(held, partial(_dropped, entry.node, draw(st.integers(0, 50))))
    return held


def _dropped(node: Node, chance: int, held: Board) -> Board:
    ids = ids_of(held)
    return moves.add(held, node, ids[chance % len(ids)])


def moved(held: Board, move: Callable[[Board], Board]) -> Board:
    """After a move, or as before when it is refused with a sentence."""
    try:
        return move(held)
    except InvalidInput:
        return held


@st.composite
def random_moves(draw: st.DrawFn) -> Callable[[Board], Board]:
    """One act of a person, on a node chosen by chance when the move is made."""
    chance = draw(st.integers(0, 10**6))
    entry = draw(st.sampled_from(ENTRIES))
    kind = draw(st.sampled_from(KINDS))
    name = draw(st.sampled_from([*ACTS, "add", "switch", "value"]))

    def move(held: Board) -> Board:
        nodes = [node for _, node in held.nodes]
        chosen = nodes[chance % len(nodes)]
        if name == "add":
            return moves.add(held, entry.node, chosen.id, chance % 3)
        if name == "switch":
            return moves.switch(held, held.group_of(chosen.id).id, kind)
        if name == "value":
            return held if isinstance(chosen, Group) else held.with_draft(chosen.id, {"value": chance})
        if name == "dissolve" and not isinstance(chosen, Group):
            return held
        return ACTS[name](held, chosen.id)

    return move


ACTS: dict[str, Callable[[Board, int], Board]] = {
    "remove": moves.remove,
    "duplicate": moves.duplicate,
    "up": lambda held, node_id: moves.shift(held, node_id, -1),
    "down": lambda held, node_id: moves.shift(held, node_id, 1),
    "in": moves.move_in,
    "out": moves.move_out,
    "wrap": moves.wrap,
    "dissolve": moves.dissolve,
    "select": lambda held, node_id: held.select(node_id),
}
