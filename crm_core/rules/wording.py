"""A rule in plain words: one condition as subject and predicate, a tree as a sentence."""

from collections.abc import Callable
from datetime import date
from typing import Any, assert_never

from crm_core.rules.fields import FieldType, find_field
from crm_core.rules.operators import Operator, Takes, find_count_operator, find_operator
from crm_core.rules.tree import FieldRule, GroupRule, OrdersRule

MOST_NAMED = 5
Money = Callable[[float], str]
"""Formats an amount of major units in the workspace's currency."""


def describe(rule: FieldRule | OrdersRule, money: Money) -> tuple[str, str]:
    """What a condition is about, and what it says of it: ("Total spend", "more than $100")."""
    match rule:
        case FieldRule():
            found = find_field(rule.field)
            operator = find_operator(rule.op, found.type)
            return found.label, _predicate(operator, found.type, rule.value, money)
        case OrdersRule():
            operator = find_count_operator(rule.op)
            return f"Orders{_filters(rule, money)}", _predicate(operator, FieldType.NUMBER, rule.value, money)
        case _:
            assert_never(rule)


def to_sentence(rule: FieldRule | OrdersRule | GroupRule, money: Money) -> str:
    """The whole tree for people, such as ``total spend more than $100 and visits less than 3``."""
    if not isinstance(rule, GroupRule):
        subject, predicate = describe(rule, money)
        return f"{subject[0].lower()}{subject[1:]} {predicate}"
    if not rule.rules:
        return "nobody" if rule.kind == "any" else "everyone"
    parts = [_nested(child, money) for child in rule.rules]
    if rule.kind == "none":
        return "none of: " + ", ".join(parts)
    return (" and " if rule.kind == "all" else " or ").join(parts)


def _nested(rule: FieldRule | OrdersRule | GroupRule, money: Money) -> str:
    text = to_sentence(rule, money)
    needs_brackets = isinstance(rule, GroupRule) and (len(rule.rules) > 1 or (rule.kind == "none" and rule.rules))
    return f"({text})" if needs_brackets else text


def _filters(rule: OrdersRule, money: Money) -> str:
    parts = [
        f" in {rule.category}" if rule.category else "",
        f" {rule.status}" if rule.status else "",
        f" of at least {money(rule.min_amount)}" if rule.min_amount is not None else "",
        f" in the last {rule.within_days} days" if rule.within_days else "",
    ]
    return "".join(parts)


def _predicate(operator: Operator, kind: FieldType, value: Any, money: Money) -> str:
    match operator.takes:
        case Takes.NOTHING:
            return operator.label
        case Takes.DAYS:
            before = operator.key == "in_last_days"
            return f"in the last {value} days" if before else f"more than {value} days ago"
        case Takes.RANGE:
            return f"{operator.label} {_word(kind, value[0], money)} and {_word(kind, value[1], money)}"
        case Takes.MANY:
            more = f" and {len(value) - MOST_NAMED} more" if len(value) > MOST_NAMED else ""
            return f"{operator.label} {', '.join(value[:MOST_NAMED])}{more}"
        case Takes.ONE:
            return f"{operator.label} {_word(kind, value, money)}"


def _word(kind: FieldType, value: Any, money: Money) -> str:
    match kind:
        case FieldType.MONEY:
            return money(value)
        case FieldType.NUMBER:
            return f"{value:,}"
        case FieldType.BOOLEAN:
            return "yes" if value else "no"
        case FieldType.DATE:
            return f"{date.fromisoformat(value):%-d %b %Y}"
        case _:
            return f"“{value}”"
