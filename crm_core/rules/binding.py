"""Binds a tree to a context: names become fields, operators predicates, relative windows moments.

What comes out is checked as a whole and is all that the engines, the text and the sentence need.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal, TypeAlias, assert_never

from crm_core.errors import BadRule
from crm_core.rules.context import RuleContext, SegmentDefinition
from crm_core.rules.days import DAY
from crm_core.rules.fields import CustomerField, FieldType, check_comparable
from crm_core.rules.operators import (
    Build,
    Operator,
    Relation,
    Takes,
    check_relation,
    find_figure_operator,
    find_operator,
)
from crm_core.rules.predicates import NOTHING, Predicate, Range, Span
from crm_core.rules.ranges import ceil_minor, to_fractions, to_plain, to_whole
from crm_core.rules.spans import to_moments, to_span
from crm_core.rules.tree import AnyRule, EventsRule, FieldRule, GroupRule, ListRule, Measure, OrdersRule, SegmentRule
from crm_core.rules.values import check_number, check_text, check_value
from crm_core.schema.statuses import ORDER_STATUSES, SPEND_STATUSES

MAX_CHAIN = 8
MAX_BOUND_NODES = 1000


@dataclass(frozen=True)
class BoundField:
    """predicate: what a value must fulfil, or must not if the operator is negative."""

    rule: FieldRule
    path: str
    field: CustomerField
    operator: Operator
    predicate: Predicate


@dataclass(frozen=True)
class BoundComparison:
    """A field against another one of the same type. zone: where dates are days."""

    rule: FieldRule
    path: str
    field: CustomerField
    operator: Operator
    relation: Relation
    other: CustomerField
    zone: tzinfo


@dataclass(frozen=True)
class Only:
    """Which records count. statuses: of orders. window: both ends belong to it.

    category: folded. min_amount: in minor units.
    """

    category: str | None = None
    statuses: tuple[str, ...] = ()
    min_amount: int | None = None
    type: str | None = None
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True)
class BoundRecords:
    """A figure over the orders or the events of a customer. predicate: of the figure, amounts in minor units."""

    rule: OrdersRule | EventsRule
    path: str
    records: Literal["orders", "events"]
    measure: Measure
    only: Only
    operator: Operator
    predicate: Range

    @property
    def type(self) -> FieldType:
        return FieldType.NUMBER if self.measure == "count" else FieldType.MONEY


@dataclass(frozen=True)
class BoundList:
    rule: ListRule
    path: str


@dataclass(frozen=True)
class BoundSegment:
    """child: the segment's own rule."""

    rule: SegmentRule
    path: str
    segment: SegmentDefinition
    child: "Bound"


@dataclass(frozen=True)
class BoundGroup:
    rule: GroupRule
    path: str
    children: tuple["Bound", ...]


BoundCondition: TypeAlias = BoundField | BoundComparison | BoundRecords | BoundList
Bound: TypeAlias = BoundCondition | BoundSegment | BoundGroup
Place: TypeAlias = tuple[int, ...]
"""Where a node is in its tree: which child, of which child, from the root on; segments are not entered."""


def bind(rule: AnyRule, context: RuleContext, *, own: SegmentDefinition | None = None) -> Bound:
    """Check ``rule`` and give it its meaning. own: the segment whose rule this is going to be.

    Raises UnknownField and BadRule with the path of the node: also for segments that do not exist, that contain
    themselves, or that together are larger than MAX_BOUND_NODES.
    """
    return _Binder(context).bind(rule, "rule", (own,) if own else ())


def has_conditions(bound: Bound) -> bool:
    """Whether anything in the rule asks something of a customer; if not, it may well mean everyone."""
    match bound:
        case BoundSegment():
            return has_conditions(bound.child)
        case BoundGroup():
            return any(has_conditions(child) for child in bound.children)
        case _:
            return True


def segments_in(bound: Bound) -> Iterator[SegmentDefinition]:
    """Those that the rule names, and those that these name."""
    match bound:
        case BoundSegment():
            yield bound.segment
            yield from segments_in(bound.child)
        case BoundGroup():
            for child in bound.children:
                yield from segments_in(child)


def node_at(bound: Bound, place: Place) -> Bound:
    for number in place:
        assert isinstance(bound, BoundGroup)
        bound = bound.children[number]
    return bound


def walk_bound(bound: Bound, place: Place = ()) -> Iterator[tuple[Place, BoundCondition | BoundSegment]]:
    """Every condition with its place, in the order of the tree; a segment is one."""
    if isinstance(bound, BoundGroup):
        for number, child in enumerate(bound.children):
            yield from walk_bound(child, (*place, number))
    else:
        yield place, bound


def _statuses(rule: OrdersRule) -> tuple[str, ...]:
    """Of the orders that count. A return is no order, and yet less spend."""
    if rule.status is not None:
        return (rule.status,)
    return SPEND_STATUSES if rule.measure == "sum" else ORDER_STATUSES


class _Binder:
    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._nodes = 0

    def bind(self, rule: AnyRule, path: str, trail: tuple[SegmentDefinition, ...]) -> Bound:
        self._nodes += 1
        if self._nodes > MAX_BOUND_NODES:
            raise BadRule(
                f"{path}: a rule may have {MAX_BOUND_NODES:,} nodes with the segments that it uses; this one has more.",
                field=path,
            )
        match rule:
            case FieldRule():
                return self._field(rule, path)
            case OrdersRule():
                return self._orders(rule, path)
            case EventsRule():
                return self._events(rule, path)
            case ListRule():
                return BoundList(rule, path)
            case SegmentRule():
                return self._segment(rule, path, trail)
            case GroupRule():
                children = (self.bind(child, f"{path}.rules[{n}]", trail) for n, child in enumerate(rule.rules))
                return BoundGroup(rule, path, tuple(children))
            case _:
                assert_never(rule)

    def _field(self, rule: FieldRule, path: str) -> Bound:
        found = self._context.catalogue.find(rule.field, path)
        operator = find_operator(rule.op, found.type, path)
        if rule.other_field is not None:
            return self._comparison(rule, path, found, operator)
        value = check_value(operator, found.type, rule.value, self._context.fold, path)
        if operator.takes is Takes.PERCENT:
            return BoundField(rule, path, found, operator, self._ranked(operator, value, found))
        return BoundField(rule, path, found, operator, self._predicate(operator.build, value, found))

    def _comparison(self, rule: FieldRule, path: str, found: CustomerField, operator: Operator) -> Bound:
        where = f"{path}.other_field"
        relation = check_relation(operator, found.type, where)
        if rule.value is not None:
            raise BadRule(f"{where}: a condition has a value or another field, not both.", field=where)
        other = self._context.catalogue.find(rule.other_field or "", where)
        check_comparable(found, other, where)
        return BoundComparison(rule, path, found, operator, relation, other, self._context.zone)

    def _ranked(self, operator: Operator, percent: Decimal, found: CustomerField) -> Predicate:
        is_top = operator.key == "in_top_percent"
        threshold = self._context.ranks.threshold(found, percent, is_top=is_top)
        return NOTHING if threshold is None else operator.build(threshold, self._context)

    def _predicate(self, build: Build, value: Any, found: CustomerField) -> Predicate:
        predicate = build(value, self._context)
        if isinstance(predicate, Span) and not found.has_plain_days:
            return predicate.moments
        if not isinstance(predicate, Range):
            return predicate
        if found.type is FieldType.DATE:
            convert = to_span if found.has_plain_days else to_moments
            return convert(predicate, self._context.zone)
        if found.is_average:
            return to_fractions(predicate, self._context.digits)
        if not found.is_whole:
            return to_plain(predicate)
        return to_whole(predicate, self._context.digits if found.type is FieldType.MONEY else 0)

    def _orders(self, rule: OrdersRule, path: str) -> Bound:
        digits = 0 if rule.measure == "count" else self._context.digits
        operator, wanted = self._figure(rule, path)
        predicate = to_fractions(wanted, digits) if rule.measure == "avg" else to_whole(wanted, digits)
        category = None if rule.category is None else check_text(rule.category, self._context.fold, f"{path}.category")
        only = Only(category, _statuses(rule), self._min_amount(rule, path), None, self._window(rule.within_days))
        return BoundRecords(rule, path, "orders", rule.measure, only, operator, predicate)

    def _events(self, rule: EventsRule, path: str) -> Bound:
        operator, wanted = self._figure(rule, path)
        only = Only(type=rule.type, window=self._window(rule.within_days))
        return BoundRecords(rule, path, "events", "count", only, operator, to_whole(wanted, 0))

    def _figure(self, rule: OrdersRule | EventsRule, path: str) -> tuple[Operator, Range]:
        operator = find_figure_operator(rule.op, path)
        value = check_value(operator, FieldType.NUMBER, rule.value, self._context.fold, path)
        predicate = operator.build(value, self._context)
        assert isinstance(predicate, Range)
        return operator, predicate

    def _min_amount(self, rule: OrdersRule, path: str) -> int | None:
        if rule.min_amount is None:
            return None
        amount = check_number(rule.min_amount, f"{path}.min_amount")
        return ceil_minor(amount, self._context.digits)

    def _window(self, days: int | None) -> tuple[datetime, datetime] | None:
        return None if days is None else (self._context.now - days * DAY, self._context.now)

    def _segment(self, rule: SegmentRule, path: str, trail: tuple[SegmentDefinition, ...]) -> Bound:
        found = self._context.segments.find(rule.segment_id)
        where = f"{path}.segment_id"
        if found is None:
            raise BadRule(f"{where}: there is no segment with the id {rule.segment_id!r}.", field=where)
        names = " → ".join(f"“{segment.name}”" for segment in (*trail, found))
        if found.id in {segment.id for segment in trail}:
            raise BadRule(f"{where}: a segment cannot contain itself, and here {names}.", field=where)
        if len(trail) == MAX_CHAIN:
            raise BadRule(f"{where}: segments may use each other {MAX_CHAIN} deep, and here {names}.", field=where)
        inner = f"{path}.segment “{found.name}”"
        return BoundSegment(rule, path, found, self.bind(found.rule, inner, (*trail, found)))
