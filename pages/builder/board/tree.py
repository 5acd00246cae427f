"""The nodes of the board and what can be read of them: frozen, with ids that stay while nodes move."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypeAlias, cast

Draft: TypeAlias = Mapping[str, Any]
"""One condition as JSON values of the rule tree; what nobody has chosen yet is None or empty."""

GroupKind = Literal["all", "any", "none"]
KINDS: Final[tuple[GroupKind, ...]] = ("all", "any", "none")


@dataclass(frozen=True)
class Condition:
    """One chip. A draft of a group's kind is an empty group that was saved so: everyone or nobody, and stays that."""

    id: int
    draft: Draft

    @property
    def kind(self) -> str:
        return str(self.draft["kind"])


@dataclass(frozen=True)
class Group:
    id: int
    kind: GroupKind = "all"
    children: tuple["Node", ...] = ()


Node: TypeAlias = Condition | Group
Path: TypeAlias = tuple[int, ...]
"""Child indexes from the root, which has ()."""


def walk_nodes(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Every node with its path, depth first."""
    yield path, node
    if isinstance(node, Group):
        for index, child in enumerate(node.children):
            yield from walk_nodes(child, (*path, index))


def find_path(root: Group, node_id: int) -> Path | None:
    return next((path for path, node in walk_nodes(root) if node.id == node_id), None)


def node_at(root: Group, path: Path) -> Node:
    node: Node = root
    for index in path:
        assert isinstance(node, Group)
        node = node.children[index]
    return node


def group_at(root: Group, path: Path) -> Group:
    found = node_at(root, path)
    assert isinstance(found, Group)
    return found


def with_children(root: Group, path: Path, children: tuple[Node, ...]) -> Group:
    """The tree in which the group at ``path`` has these children."""
    if not path:
        return replace(root, children=children)
    parent = group_at(root, path[:-1])
    changed = replace(group_at(root, path), children=children)
    return with_children(root, path[:-1], _replaced(parent.children, path[-1], changed))


def with_node(root: Group, path: Path, node: Node) -> Group:
    """The tree in which ``node`` stands at ``path``. The root can only become another group."""
    if not path:
        return cast("Group", node)
    parent = group_at(root, path[:-1])
    return with_children(root, path[:-1], _replaced(parent.children, path[-1], node))


def without_node(root: Group, path: Path) -> Group:
    parent = group_at(root, path[:-1])
    return with_children(root, path[:-1], (*parent.children[: path[-1]], *parent.children[path[-1] + 1 :]))


def with_inserted(root: Group, path: Path, position: int, *nodes: Node) -> Group:
    """The tree with ``nodes`` in the group at ``path``, the first of them at ``position``."""
    children = group_at(root, path).children
    return with_children(root, path, (*children[:position], *nodes, *children[position:]))


def renumbered(node: Node, first_id: int) -> tuple[Node, int]:
    """A copy of ``node`` with ids from ``first_id``, and the first id that is free then."""
    if isinstance(node, Condition):
        return replace(node, id=first_id), first_id + 1
    children: list[Node] = []
    next_id = first_id + 1
    for child in node.children:
        copy, next_id = renumbered(child, next_id)
        children.append(copy)
    return Group(first_id, node.kind, tuple(children)), next_id


def outline(node: Node) -> dict[str, Any]:
    """What the node says, without ids: equal for boards that show the same."""
    if isinstance(node, Condition):
        return {name: value for name, value in node.draft.items() if value is not None}
    return {"group": node.kind, "children": [outline(child) for child in node.children]}


def depth(node: Node) -> int:
    return 1 + max((depth(child) for child in node.children), default=0) if isinstance(node, Group) else 1


def size(node: Node) -> int:
    return sum(1 for _ in walk_nodes(node))


def path_words(path: Path) -> str:
    """(1, 0) as "1.2.1": the root is 1."""
    return ".".join(["1", *(str(index + 1) for index in path)])


def _replaced(nodes: tuple[Node, ...], index: int, node: Node) -> tuple[Node, ...]:
    return (*nodes[:index], node, *nodes[index + 1 :])
