"""From the board's tree to a rule and back, and where each node stands in that rule."""

from collections.abc import Iterator

from crm_core.rules.tree import EVERYONE, AnyRule, GroupRule
from pages.builder.board.drafts import draft_of, rule_of
from pages.builder.board.tree import Condition, Group, Node, Path, walk_nodes


def to_rule(node: Node) -> AnyRule | None:
    """What the complete conditions say; None where there is none."""
    if isinstance(node, Condition):
        return rule_of(node)
    rules = tuple(rule for child in node.children if (rule := to_rule(child)) is not None)
    return GroupRule(kind=node.kind, rules=rules) if rules else None


def whole_rule(root: Group) -> AnyRule:
    """The rule of a board; nothing on it asks nothing of anybody."""
    return to_rule(root) or EVERYONE


def places(root: Group) -> dict[int, Path]:
    """Node id to child indexes in ``whole_rule(root)``, of all that is in it."""
    return dict(_places(root, ()))


def _places(node: Node, path: Path) -> Iterator[tuple[int, Path]]:
    yield node.id, path
    if isinstance(node, Group):
        counted = [child for child in node.children if to_rule(child) is not None]
        for index, child in enumerate(counted):
            yield from _places(child, (*path, index))


def uncounted(root: Group) -> list[Node]:
    """The nodes below the root that are in no rule yet, depth first."""
    counted = places(root)
    return [node for path, node in walk_nodes(root) if path and node.id not in counted]


def tree_of(rule: AnyRule, first_id: int) -> Group:
    """The rule as a tree with ids from ``first_id``; a lone condition stands in an ALL group."""
    ids = iter(range(first_id, first_id + 10_000))
    if isinstance(rule, GroupRule) and (rule.rules or rule.kind == "all"):
        return _group_of(rule, ids)
    return Group(next(ids), "all", (_node_of(rule, ids),))


def _group_of(rule: GroupRule, ids: Iterator[int]) -> Group:
    return Group(next(ids), rule.kind, tuple(_node_of(child, ids) for child in rule.rules))


def _node_of(rule: AnyRule, ids: Iterator[int]) -> Node:
    if isinstance(rule, GroupRule) and rule.rules:
        return _group_of(rule, ids)
    return Condition(next(ids), draft_of(rule))
