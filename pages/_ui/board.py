"""The rule board as a value: conditions in order, what a drag did to them, and the rule that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from crm_core.errors import BadRule, InvalidInput
from crm_core.rules.binding import BoundField, BoundRecords, bind
from crm_core.rules.fields import FIELDS, CustomerField, FieldType
from crm_core.rules.operators import Operator, Takes, find_operator, operators_for, operators_for_figures
from crm_core.rules.scope import BUILT_IN, Scope
from crm_core.rules.tree import AnyRule, FieldRule, GroupRule, OrdersRule
from crm_core.rules.wording import Money, describe

ORDERS = "orders"
ORDERS_LABEL = "Orders (with filters)"
INVISIBLE = "\u200b"
"""Repeated behind a chip's text to tell equal conditions apart: the board knows its chips by their text."""


WORDING = Scope(datetime(2000, 1, 1, tzinfo=UTC), 2, str)
"""Enough to put a condition into words, which are the same at any moment and in any currency."""


def field_named(name: str) -> CustomerField:
    return BUILT_IN.find(name)


@dataclass(frozen=True)
class Condition:
    """One chip. name: of a field in the catalogue, or ORDERS. value: None until someone chose it.

    filters: of an orders condition: category, status, min_amount, within_days.
    """

    id: int
    name: str
    op: str
    value: Any = None
    filters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def type(self) -> FieldType:
        return FieldType.NUMBER if self.name == ORDERS else field_named(self.name).type

    @property
    def label(self) -> str:
        return ORDERS_LABEL if self.name == ORDERS else field_named(self.name).label

    @property
    def operators(self) -> list[Operator]:
        """Those on offer."""
        return operators_for_figures() if self.name == ORDERS else operators_for(self.type)

    @property
    def operator(self) -> Operator:
        return find_operator(self.op, self.type)

    @property
    def is_complete(self) -> bool:
        return self.operator.takes is Takes.NOTHING or self.value not in (None, "", [])

    def to_rule(self) -> FieldRule | OrdersRule:
        """The condition as a node of the tree; only for complete ones."""
        if self.name == ORDERS:
            chosen = {name: value for name, value in self.filters.items() if value not in (None, "")}
            return OrdersRule(op=self.op, value=self.value, **chosen)
        return FieldRule(field=self.name, op=self.op, value=self.value)

    def words(self, money: Money) -> tuple[str, str]:
        """Subject and predicate for the chip."""
        if not self.is_complete:
            return self.label, f"{self.operator.label} … choose a value below"
        try:
            bound = bind(self.to_rule(), WORDING)
        except InvalidInput:
            return self.label, f"{self.operator.label} … this value is not valid"
        assert isinstance(bound, BoundField | BoundRecords)
        return describe(bound, money)


@dataclass(frozen=True)
class Board:
    """kind: all or any. revision: changes whenever the drawn board must be drawn anew."""

    kind: str = "all"
    conditions: tuple[Condition, ...] = ()
    selected: int | None = None
    revision: int = 0
    next_id: int = 1

    @property
    def incomplete(self) -> list[Condition]:
        return [condition for condition in self.conditions if not condition.is_complete]

    def condition(self, condition_id: int | None) -> Condition | None:
        return next((condition for condition in self.conditions if condition.id == condition_id), None)

    def to_rule(self) -> GroupRule:
        """What the complete conditions say; a half-edited one is left out, and the page says so."""
        rules = tuple(condition.to_rule() for condition in self.conditions if condition.is_complete)
        return GroupRule(kind="all" if not rules or self.kind == "all" else "any", rules=rules)

    def add(self, name: str, position: int | None = None) -> "Board":
        """A new condition on that field, selected for editing."""
        kind = FieldType.NUMBER if name == ORDERS else field_named(name).type
        made = Condition(self.next_id, name, operators_for(kind)[0].key)
        at = len(self.conditions) if position is None else position
        conditions = (*self.conditions[:at], made, *self.conditions[at:])
        return replace(self._redrawn(conditions), selected=made.id, next_id=self.next_id + 1)

    def remove(self, condition_id: int) -> "Board":
        return self._redrawn(tuple(each for each in self.conditions if each.id != condition_id))

    def change(self, changed: Condition) -> "Board":
        if self.condition(changed.id) == changed:
            return self
        return self._redrawn(tuple(changed if each.id == changed.id else each for each in self.conditions))

    def cleared(self) -> "Board":
        """No conditions."""
        return replace(self._redrawn(()), kind="all")

    def switch(self, kind: str) -> "Board":
        return self if kind == self.kind else replace(self, kind=kind, revision=self.revision + 1)

    def arrange(self, chips: Sequence[str], meaning: Mapping[str, "Condition | str"]) -> "Board":
        """The board after a drag. chips: the texts now among the rules. meaning: of each text, a condition
        or the name of a palette field. What is no longer among the rules is removed."""
        board = replace(self, conditions=tuple(c for text in chips if isinstance(c := meaning.get(text), Condition)))
        for position, text in enumerate(chips):
            if isinstance(name := meaning.get(text), str):
                board = board.add(name, position)
        if {c.id for c in board.conditions} == {c.id for c in self.conditions}:
            return board  # only the order changed: what is drawn is right already
        return board._redrawn(board.conditions)

    def _redrawn(self, conditions: tuple[Condition, ...]) -> "Board":
        known = {condition.id for condition in conditions}
        selected = self.selected if self.selected in known else (conditions[-1].id if conditions else None)
        return replace(self, conditions=conditions, selected=selected, revision=self.revision + 1)


def chip_texts(board: Board, money: Money) -> dict[str, Condition]:
    """The text of each chip, unique: subject on the first line, predicate on the second."""
    texts: dict[str, Condition] = {}
    for condition in board.conditions:
        text = "\n".join(condition.words(money))
        while text in texts:
            text += INVISIBLE
        texts[text] = condition
    return texts


def palette_texts() -> dict[str, str]:
    """The text of each palette chip, and the field that it adds."""
    fields = {found.label: found.name for found in FIELDS}
    return {ORDERS_LABEL: ORDERS, **fields}


def board_of(rule: AnyRule, *, first_id: int = 1) -> Board:
    """A saved rule on the board. Raises BadRule for what this board has no room for: groups in groups, conditions on
    custom attributes, events, other segments and picked customers, and on orders all but their number.

    first_id: from which conditions are numbered; widgets remember what they showed by these ids.
    """
    group = rule if isinstance(rule, GroupRule) else GroupRule(kind="all", rules=(rule,))
    if group.kind == "none" or not all(map(_has_room, group.rules)):
        raise BadRule(
            "This segment has conditions or nested groups that the board cannot show yet. Its size and campaigns are "
            "not affected."
        )
    conditions = tuple(_condition(number, child) for number, child in enumerate(group.rules, start=first_id))
    selected = conditions[0].id if conditions else None
    return Board(group.kind, conditions, selected, revision=0, next_id=first_id + len(conditions))


def _has_room(rule: AnyRule) -> bool:
    if isinstance(rule, OrdersRule):
        return rule.measure == "count"
    return isinstance(rule, FieldRule) and rule.field in {found.name for found in FIELDS}


def _condition(number: int, rule: AnyRule) -> Condition:
    if isinstance(rule, OrdersRule):
        filters = rule.model_dump(include={"category", "status", "min_amount", "within_days"}, exclude_none=True)
        return Condition(number, ORDERS, rule.op, rule.value, filters)
    assert isinstance(rule, FieldRule)
    return Condition(number, rule.field, rule.op, rule.value)
