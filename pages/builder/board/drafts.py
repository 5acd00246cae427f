"""Between one condition of the board and the rule tree: what is complete, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.errors import BadRule, InvalidInput, Unavailable
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext, SegmentDefinition
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.operators import OPERATORS, Takes
from crm_core.rules.tree import AnyRule, GroupRule
from pages.builder.board.tree import Condition, Draft

_TAKES = {operator.key: operator.takes for operator in OPERATORS}
COMPARING = frozenset(operator.key for operator in OPERATORS if operator.relation)
"""Those that may stand before another field instead of a value."""
NEEDED: Mapping[str, Sequence[str]] = {"events": ("type",), "segment": ("segment_id",), "list": ("customer_ids",)}


def takes(op: str) -> Takes:
    """What an operator needs; an operator that there is not is found out when the rule is bound."""
    return _TAKES.get(op, Takes.NOTHING)


def is_filled(draft: Draft) -> bool:
    """Whether everything that the condition needs was chosen."""
    if not all(draft.get(name) for name in NEEDED.get(draft.get("kind", ""), ())):
        return False
    if not all(map(is_filled, parts_of(draft))):
        return False
    return "op" not in draft or bool(draft.get("other_field")) or _has_value(takes(draft["op"]), draft.get("value"))


def parts_of(draft: Draft) -> Sequence[Draft]:
    """What a condition asks of parts of its records: of the items of orders, of properties of events."""
    item = draft.get("item")
    return [*([item] if item else []), *(draft.get("properties") or ())]


def _has_value(wanted: Takes, value: Any) -> bool:
    if wanted is Takes.NOTHING:
        return True
    if wanted is Takes.RANGE:
        return isinstance(value, list) and None not in value and not is_reversed(value)
    return value is not None and value not in ("", [])


def is_reversed(value: Any) -> bool:
    """Of a range: the first value is above the second."""
    try:
        return isinstance(value, list) and len(value) == 2 and None not in value and value[0] > value[1]
    except TypeError:
        return False


def to_node(draft: Draft) -> dict[str, Any]:
    """The JSON value of the tree: without what was left open."""
    return {name: value for name, value in draft.items() if value is not None}


def rule_of(condition: Condition) -> AnyRule | None:
    """The condition as a node of the tree; None while it is half edited."""
    if not is_filled(condition.draft):
        return None
    try:
        return load_rule(to_node(condition.draft))
    except BadRule:
        return None


def draft_of(rule: AnyRule) -> Draft:
    """The draft of a rule that is no group, or an empty one."""
    assert not isinstance(rule, GroupRule) or not rule.rules
    return dump_rule(rule)


def problem_of(condition: Condition, context: RuleContext, own: SegmentDefinition | None) -> str | None:
    """Why a filled condition cannot be evaluated. None also while the database does not answer."""
    if not is_filled(condition.draft):
        return None
    try:
        bind(load_rule(to_node(condition.draft)), context, own=own)
    except InvalidInput as exc:
        return reason_in(exc)
    except Unavailable:
        return None
    return None


def reason_in(exc: InvalidInput) -> str:
    """The message without the path of the node, which the board shows in its own way."""
    message = str(exc).removeprefix(f"{exc.field}: ") if exc.field else str(exc)
    return message[:1].upper() + message[1:]
