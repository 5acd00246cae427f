"""The operator registry: one row feeds the check, the engines, the editor, the text and the sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from crm_core.errors import BadRule
from crm_core.rules.context import RuleContext
from crm_core.rules.days import DAY, day_of
from crm_core.rules.fields import FieldType
from crm_core.rules.predicates import Contains, HasAll, HasAny, Is, IsSet, OneOf, Predicate, Range, StartsWith, Yearly
from crm_core.rules.quoting import shown
from crm_core.rules.spans import coming
from crm_core.rules.tree import MAX_DAYS
from crm_core.rules.yearly import days_from

NO_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)
"""Every date that is stored is before it."""
YEAR_DAYS = 365


class Takes(StrEnum):
    """What an operator needs as its value."""

    ONE = "one"
    RANGE = "range"
    MANY = "many"
    DAYS = "days"
    PERCENT = "percent"
    NOTHING = "nothing"


Relation: TypeAlias = Literal["<", "<=", ">", ">=", "="]
Build = Callable[[Any, RuleContext], Predicate]
"""From a checked value and what the rule is read against. Dates become ranges of whole days, both ends included;
which moments these are depends on the zone of the context. Of a percentage it is given the value that has that rank."""


@dataclass(frozen=True)
class Operator:
    """label: in the editor. build: what it asks of a value, for a negative operator what it must not fulfil.

    spellings: in the text, ``{}`` for a value, the first is printed. words: in the sentence.
    complement_of: the positive operator whose exact opposite this one is, missing values included. most_days: of one
    that takes a number of days. has_verb: its words stand behind the label of any field, as they are. relation: how it
    compares with another field, if it does.
    """

    key: str
    label: str
    types: frozenset[FieldType]
    build: Build
    spellings: tuple[str, ...]
    words: str
    takes: Takes = Takes.ONE
    complement_of: str | None = None
    most_days: int = MAX_DAYS
    has_verb: bool = False
    relation: Relation | None = None

    @property
    def is_negative(self) -> bool:
        return self.complement_of is not None


def _between(value: Any, _: RuleContext) -> Predicate:
    return Range(value[0], value[1])


def _in_last_days(days: Any, context: RuleContext) -> Predicate:
    return Range(context.now - days * DAY, context.now)


def _in_next_days(days: Any, context: RuleContext) -> Predicate:
    return coming(Range(context.now, _ahead(context.now, days)), context.zone)


def _more_than_days_ahead(days: Any, context: RuleContext) -> Predicate:
    return Range(_ahead(context.now, days))


def _ahead(now: datetime, days: int) -> datetime:
    return now + days * DAY if now < NO_MOMENT - days * DAY else NO_MOMENT


def _anniversary_in_next_days(days: Any, context: RuleContext) -> Predicate:
    return Yearly(days_from(day_of(context.now, context.zone), days), context.zone)


def _equal(value: Any, _: RuleContext) -> Predicate:
    return Range(value, value)


def _same_text(value: Any, _: RuleContext) -> Predicate:
    return OneOf(frozenset({value}))


def _one_of(values: Any, _: RuleContext) -> Predicate:
    return OneOf(frozenset(values))


def _contains(value: Any, _: RuleContext) -> Predicate:
    return Contains(value)


def _starts_with(value: Any, _: RuleContext) -> Predicate:
    return StartsWith(value)


def _has_any(values: Any, _: RuleContext) -> Predicate:
    return HasAny(frozenset(values))


def _is_set(_: Any, __: RuleContext) -> Predicate:
    return IsSet()


_NUMBER = frozenset({FieldType.NUMBER, FieldType.MONEY})
_TEXT = frozenset({FieldType.TEXT})
_DATE = frozenset({FieldType.DATE})
_LIST = frozenset({FieldType.LIST})
_TEXT_OR_CHOICE = frozenset({FieldType.TEXT, FieldType.CHOICE})
_BOOLEAN = frozenset({FieldType.BOOLEAN})
_ANY = frozenset(FieldType) - {FieldType.CHOICE}
"""A choice is never missing."""
_IS, _IS_NOT = ("= {}", "== {}", "is {}"), ("!= {}", "<> {}", "is not {}")

OPERATORS: tuple[Operator, ...] = (
    Operator(
        "gt", "more than", _NUMBER, lambda v, _: Range(v, without_low=True), ("> {}",), "more than {}", relation=">"
    ),
    Operator("gte", "at least", _NUMBER, lambda v, _: Range(v), (">= {}",), "at least {}", relation=">="),
    Operator(
        "lt", "less than", _NUMBER, lambda v, _: Range(None, v, without_high=True), ("< {}",), "less than {}",
        relation="<",
    ),
    Operator("lte", "at most", _NUMBER, lambda v, _: Range(None, v), ("<= {}",), "at most {}", relation="<="),
    Operator("eq", "exactly", _NUMBER, _equal, _IS, "exactly {}", relation="="),
    Operator(
        "ne", "not exactly", _NUMBER, _equal, _IS_NOT, "other than {}", complement_of="eq", relation="="
    ),
    Operator("between", "between", _NUMBER, _between, ("between {} and {}",), "between {} and {}", Takes.RANGE),
    Operator(
        "not_between", "not between", _NUMBER, _between, ("not between {} and {}",), "not between {} and {}",
        Takes.RANGE, "between",
    ),
    Operator(
        "in_top_percent", "in the top percent", _NUMBER, lambda v, _: Range(v),
        ("in top {} %", "in the top {} %", "in top {} percent", "in the top {} percent"), "is in the top {} %",
        Takes.PERCENT,
    ),
    Operator(
        "in_bottom_percent", "in the bottom percent", _NUMBER, lambda v, _: Range(None, v),
        ("in bottom {} %", "in the bottom {} %", "in bottom {} percent", "in the bottom {} percent"),
        "is in the bottom {} %", Takes.PERCENT,
    ),
    Operator("in", "is one of", _TEXT_OR_CHOICE, _one_of, ("in {}", "is in {}"), "is one of {}", Takes.MANY),
    Operator(
        "not_in", "is none of", _TEXT_OR_CHOICE, _one_of, ("not in {}", "is not in {}"), "is none of {}", Takes.MANY,
        "in",
    ),
    Operator("eq", "is", _TEXT_OR_CHOICE, _same_text, _IS, "is {}", relation="="),
    Operator("ne", "is not", _TEXT_OR_CHOICE, _same_text, _IS_NOT, "is not {}", complement_of="eq", relation="="),
    Operator("contains", "contains", _TEXT, _contains, ("contains {}",), "contains {}"),
    Operator(
        "not_contains", "does not contain", _TEXT, _contains, ("not contains {}", "does not contain {}"),
        "does not contain {}", complement_of="contains",
    ),
    Operator("starts_with", "starts with", _TEXT, _starts_with, ("starts with {}",), "starts with {}"),
    Operator(
        "not_starts_with", "does not start with", _TEXT, _starts_with, ("not starts with {}", "does not start with {}"),
        "does not start with {}", complement_of="starts_with",
    ),
    Operator(
        "in_last_days", "in the last days", _DATE, _in_last_days, ("in last {} days", "in the last {} days"),
        "in the last {}", Takes.DAYS,
    ),
    Operator(
        "more_than_days_ago", "more days ago than", _DATE, lambda v, context: Range(None, context.now - v * DAY),
        ("more than {} days ago",), "more than {} ago", Takes.DAYS,
    ),
    Operator(
        "in_next_days", "in the next days", _DATE, _in_next_days, ("in next {} days", "in the next {} days"),
        "is in the next {}", Takes.DAYS, has_verb=True,
    ),
    Operator(
        "more_than_days_ahead", "more days ahead than", _DATE, _more_than_days_ahead, ("more than {} days ahead",),
        "is more than {} ahead", Takes.DAYS, has_verb=True,
    ),
    Operator(
        "anniversary_in_next_days", "anniversary in the next days", _DATE, _anniversary_in_next_days,
        ("anniversary in next {} days", "anniversary in the next {} days"), "has its anniversary in the next {}",
        Takes.DAYS, most_days=YEAR_DAYS, has_verb=True,
    ),
    Operator("before", "before", _DATE, lambda v, _: Range(None, v - DAY), ("before {}",), "before {}", relation="<"),
    Operator("after", "after", _DATE, lambda v, _: Range(v + DAY), ("after {}",), "after {}", relation=">"),
    Operator("on", "on", _DATE, _equal, ("on {}", "= {}"), "on {}", relation="="),
    Operator("between", "between", _DATE, _between, ("between {} and {}",), "between {} and {}", Takes.RANGE),
    Operator("is", "is", _BOOLEAN, lambda v, _: Is(v), ("is {}", "= {}"), "is {}"),
    Operator("has_any", "include any of", _LIST, _has_any, ("has any {}", "has any of {}"), "any of {}", Takes.MANY),
    Operator(
        "has_all", "include all of", _LIST, lambda v, _: HasAll(frozenset(v)), ("has all {}", "has all of {}"),
        "all of {}", Takes.MANY,
    ),
    Operator(
        "has_none", "include none of", _LIST, _has_any, ("has none {}", "has none of {}"), "none of {}", Takes.MANY,
        "has_any",
    ),
    Operator("is_set", "has a value", _ANY, _is_set, ("is set",), "has a value for", Takes.NOTHING),
    Operator("is_not_set", "has no value", _ANY, _is_set, ("is not set",), "has no value for", Takes.NOTHING, "is_set"),
)  # fmt: skip


def operators_for(kind: FieldType) -> list[Operator]:
    return [operator for operator in OPERATORS if kind in operator.types]


def operators_for_figures() -> list[Operator]:
    """Those for a figure over orders or events."""
    return [each for each in operators_for(FieldType.NUMBER) if each.takes not in {Takes.NOTHING, Takes.PERCENT}]


def operators_for_properties(kind: FieldType) -> list[Operator]:
    """Those for a property of events: there are no ranks among these."""
    return [each for each in operators_for(kind) if each.takes is not Takes.PERCENT]


def find_property_operator(key: str, kind: FieldType, path: str = "rule") -> Operator:
    """The operator for a property of events of that type. Raises BadRule with those that are allowed."""
    return _find(key, operators_for_properties(kind), f"a {kind} property", path)


def find_item_operator(key: str, path: str = "rule") -> Operator:
    """The operator for the names of items. Raises BadRule with those that are allowed."""
    return _find(key, operators_for_properties(FieldType.TEXT), "the names of items", path)


def find_order_date_operator(key: str, path: str = "rule") -> Operator:
    """The operator for the time of the first or last order. Raises BadRule with those that are allowed."""
    return _find(key, operators_for_properties(FieldType.DATE), "the time of an order", path)


def find_operator(key: str, kind: FieldType, path: str = "rule") -> Operator:
    """The operator for a field of that type. Raises BadRule with those that are allowed."""
    return _find(key, operators_for(kind), f"a {kind} field", path)


def find_figure_operator(key: str, path: str = "rule") -> Operator:
    """The operator for a figure over orders or events. Raises BadRule with those that are allowed."""
    return _find(key, operators_for_figures(), "a figure over orders or events", path)


def check_relation(operator: Operator, kind: FieldType, path: str) -> Relation:
    """How it compares with another field. Raises BadRule with the operators that do."""
    if operator.relation is None:
        able = ", ".join(each.key for each in operators_for(kind) if each.relation)
        which = f"of a {kind} field {able} do" if able else f"no {kind} field is compared with another"
        raise BadRule(f"{path}: {operator.key} does not compare with another field; {which}.", field=path)
    return operator.relation


def _find(key: str, offered: list[Operator], what: str, path: str) -> Operator:
    for operator in offered:
        if operator.key == key:
            return operator
    allowed = ", ".join(operator.key for operator in offered)
    raise BadRule(f"{path}.op: {shown(key)} does not go with {what}; allowed are {allowed}.", field=f"{path}.op")
