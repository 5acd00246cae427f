"""The rule board as a value: groups and conditions, what is selected, and the rule that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crm_core.errors import InvalidInput, NotFound, Unavailable
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext, SegmentDefinition
from crm_core.rules.loading import MAX_DEPTH, MAX_NODES
from crm_core.rules.tree import AnyRule
from pages.builder.board.drafts import problem_of, reason_in
from pages.builder.board.rules import places, to_rule, tree_of, uncounted, whole_rule
from pages.builder.board.tree import (
    Condition,
    Draft,
    Group,
    Node,
    Path,
    depth,
    find_path,
    node_at,
    outline,
    size,
    walk_nodes,
    with_node,
)


@dataclass(frozen=True)
class Board:
    """selected: id of the node that is edited. revision: grows with every change. next_id: the next free id."""

    root: Group = field(default_factory=lambda: Group(0))
    selected: int = 0
    revision: int = 0
    next_id: int = 1

    def to_rule(self) -> AnyRule:
        """What the complete conditions say; a half-edited one is left out, and the page says so."""
        return whole_rule(self.root)

    @property
    def incomplete(self) -> Sequence[Node]:
        """Conditions without a value, and groups in which nothing is complete; none of them is in the rule."""
        return uncounted(self.root)

    @property
    def is_empty(self) -> bool:
        return not self.root.children

    @property
    def asks_nothing(self) -> bool:
        """Nothing on it is complete."""
        return to_rule(self.root) is None

    @property
    def nodes(self) -> Sequence[tuple[Path, Node]]:
        """All with their paths, depth first; the first is the root."""
        return list(walk_nodes(self.root))

    @property
    def outline(self) -> dict[str, Any]:
        """What the board shows, without ids."""
        return outline(self.root)

    def place_of(self, node_id: int) -> Path | None:
        """Child indexes of the node in the tree that ``to_rule`` gives; None when it is not in it."""
        return places(self.root).get(node_id)

    def path_of(self, node_id: int) -> Path:
        """Child indexes on the board. Raises NotFound."""
        path = find_path(self.root, node_id)
        if path is None:
            raise NotFound("This rule is not on the board any more.")
        return path

    def node(self, node_id: int) -> Node:
        """Raises NotFound."""
        return node_at(self.root, self.path_of(node_id))

    def condition(self, node_id: int) -> Condition:
        """Raises NotFound."""
        found = self.node(node_id)
        if not isinstance(found, Condition):
            raise NotFound("This is a group, no rule.")
        return found

    def has(self, node_id: int) -> bool:
        return find_path(self.root, node_id) is not None

    def group_of(self, node_id: int) -> Group:
        """The node itself if it is a group, else the group that it stands in. Raises NotFound."""
        path = self.path_of(node_id)
        found = node_at(self.root, path)
        return found if isinstance(found, Group) else self.group_at(path[:-1])

    def group_at(self, path: Path) -> Group:
        found = node_at(self.root, path)
        assert isinstance(found, Group)
        return found

    def problems(self, context: RuleContext, own: SegmentDefinition | None = None) -> Mapping[int, str]:
        """Node id to why it cannot be evaluated. own: the segment that is open, which no rule of it may lead to.

        What is only too large as a whole is said of the root.
        """
        conditions = [node for _, node in self.nodes if isinstance(node, Condition)]
        found = {each.id: reason for each in conditions if (reason := problem_of(each, context, own))}
        return found or self._problem_as_a_whole(context, own)

    def _problem_as_a_whole(self, context: RuleContext, own: SegmentDefinition | None) -> Mapping[int, str]:
        try:
            bind(self.to_rule(), context, own=own)
        except InvalidInput as exc:
            return {self.root.id: reason_in(exc)}
        except Unavailable:
            return {}
        return {}

    def with_draft(self, condition_id: int, changes: Draft) -> "Board":
        """The board on which these parts of a condition are others. Raises NotFound."""
        path, condition = self.path_of(condition_id), self.condition(condition_id)
        draft = {name: value for name, value in {**condition.draft, **changes}.items() if value is not None}
        return self.changed(with_node(self.root, path, replace(condition, draft=draft)))

    def select(self, node_id: int) -> "Board":
        """Raises NotFound."""
        self.path_of(node_id)
        return replace(self, selected=node_id)

    def changed(self, root: Group, *, selected: int | None = None, next_id: int | None = None) -> "Board":
        """The board with another tree. Raises InvalidInput when no rule may be so deep or so large."""
        if root == self.root:
            return self if selected is None else replace(self, selected=selected)
        if depth(root) > MAX_DEPTH and depth(root) > depth(self.root):
            raise InvalidInput(f"Groups nest {MAX_DEPTH} levels deep at most; this would go deeper.")
        if size(root) > MAX_NODES and size(root) > size(self.root):
            raise InvalidInput(f"A board holds {MAX_NODES} rules and groups at most; this would be more.")
        wanted = self.selected if selected is None else selected
        kept = wanted if find_path(root, wanted) is not None else root.id
        return Board(root, kept, self.revision + 1, self.next_id if next_id is None else next_id)


def board_of(rule: AnyRule, *, first_id: int = 1) -> Board:
    """Any rule on a board, its first condition selected. The board says the same as the rule.

    first_id: from which nodes are numbered; widgets remember what they showed by these ids.
    """
    root = tree_of(rule, first_id)
    ids = [node.id for _, node in walk_nodes(root)]
    selected = ids[1] if len(ids) > 1 else root.id
    return Board(root, selected, revision=0, next_id=max(ids) + 1)
