"""What people do to a board by buttons and lists. Each gives another board, or raises InvalidInput with the reason."""

from dataclasses import replace

from crm_core.errors import InvalidInput
from pages.builder.board.board import Board
from pages.builder.board.tree import (
    Group,
    GroupKind,
    Node,
    Path,
    group_at,
    node_at,
    renumbered,
    with_children,
    with_inserted,
    with_node,
    without_node,
)

ROOT_STAYS = "The outermost group holds the whole board; it can neither move nor go."


def add(board: Board, node: Node, group_id: int, position: int | None = None) -> Board:
    """A copy of ``node`` in that group, at its end if nothing else is said, and selected."""
    path = board.path_of(board.group_of(group_id).id)
    at = len(group_at(board.root, path).children) if position is None else position
    made, next_id = renumbered(node, board.next_id)
    return board.changed(with_inserted(board.root, path, at, made), selected=made.id, next_id=next_id)


def remove(board: Board, node_id: int) -> Board:
    """Without it and all that is in it; its neighbour, or else its group, is selected then."""
    path = _movable(board, node_id)
    root = without_node(board.root, path)
    left = group_at(root, path[:-1])
    beside = left.children[min(path[-1], len(left.children) - 1)] if left.children else left
    return board.changed(root, selected=board.selected if _stays(board, root) else beside.id)


def clear(board: Board) -> Board:
    """No rules."""
    return board.changed(Group(board.root.id), selected=board.root.id)


def duplicate(board: Board, node_id: int) -> Board:
    """A copy right behind it, selected."""
    path = _movable(board, node_id)
    return add(board, node_at(board.root, path), board.group_at(path[:-1]).id, path[-1] + 1)


def can_shift(board: Board, node_id: int, by: int) -> bool:
    """by: -1 for up, 1 for down."""
    path = board.path_of(node_id)
    return bool(path) and 0 <= path[-1] + by < len(board.group_at(path[:-1]).children)


def shift(board: Board, node_id: int, by: int) -> Board:
    """Up or down among its neighbours. Raises InvalidInput at the end."""
    path = _movable(board, node_id)
    if not can_shift(board, node_id, by):
        raise InvalidInput(f"There is nothing {'above' if by < 0 else 'below'} it in its group.")
    children = list(board.group_at(path[:-1]).children)
    children.insert(path[-1] + by, children.pop(path[-1]))
    return board.changed(with_children(board.root, path[:-1], tuple(children)))


def neighbour(board: Board, node_id: int) -> Group | None:
    """The group beside it into which it can move: the one above, else the one below."""
    path = board.path_of(node_id)
    if not path:
        return None
    children = board.group_at(path[:-1]).children
    beside = [*children[max(path[-1] - 1, 0) : path[-1]], *children[path[-1] + 1 : path[-1] + 2]]
    return next((each for each in beside if isinstance(each, Group)), None)


def move_in(board: Board, node_id: int) -> Board:
    """Into the group beside it: to the end of the one above, else to the start of the one below."""
    path = _movable(board, node_id)
    target = neighbour(board, node_id)
    if target is None:
        raise InvalidInput("There is no group right above or below it to move into.")
    node = node_at(board.root, path)
    is_above = board.path_of(target.id) < path
    children = (*target.children, node) if is_above else (node, *target.children)
    root = with_children(board.root, board.path_of(target.id), children)
    return board.changed(without_node(root, path))


def can_move_out(board: Board, node_id: int) -> bool:
    return len(board.path_of(node_id)) > 1


def move_out(board: Board, node_id: int) -> Board:
    """Out of its group, to right behind that."""
    path = _movable(board, node_id)
    if len(path) < 2:
        raise InvalidInput("It stands in the outermost group already.")
    node = node_at(board.root, path)
    root = without_node(board.root, path)
    return board.changed(with_inserted(root, path[:-2], path[-2] + 1, node))


def wrap(board: Board, node_id: int) -> Board:
    """In a new group at its place, to which others can be added; the group is selected."""
    path = _movable(board, node_id)
    kind: GroupKind = "all" if board.group_at(path[:-1]).kind == "any" else "any"
    made = Group(board.next_id, kind, (node_at(board.root, path),))
    return board.changed(with_node(board.root, path, made), selected=made.id, next_id=board.next_id + 1)


def or_else(board: Board, node_id: int, other: Node) -> Board:
    """With ``other`` behind it as another way to match: in its group if that is an ANY, else with it in a new one."""
    path = _movable(board, node_id)
    made, next_id = renumbered(other, board.next_id)
    if board.group_at(path[:-1]).kind == "any":
        return board.changed(with_inserted(board.root, path[:-1], path[-1] + 1, made), next_id=next_id)
    both = Group(next_id, "any", (node_at(board.root, path), made))
    return board.changed(with_node(board.root, path, both), next_id=next_id + 1)


def dissolve(board: Board, group_id: int) -> Board:
    """Its rules take its place in the group around it."""
    path = _movable(board, group_id)
    children = group_at(board.root, path).children
    root = with_inserted(without_node(board.root, path), path[:-1], path[-1], *children)
    return board.changed(root, selected=children[0].id if children else board.group_at(path[:-1]).id)


def switch(board: Board, group_id: int, kind: GroupKind) -> Board:
    """The group with another meaning."""
    path = board.path_of(group_id)
    return board.changed(with_node(board.root, path, replace(group_at(board.root, path), kind=kind)))


def _movable(board: Board, node_id: int) -> Path:
    path = board.path_of(node_id)
    if not path:
        raise InvalidInput(ROOT_STAYS)
    return path


def _stays(board: Board, root: Group) -> bool:
    return replace(board, root=root).has(board.selected)
