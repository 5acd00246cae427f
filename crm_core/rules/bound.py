"""What binding makes of a rule: fields for names, predicates for operators, moments for relative windows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeAlias

from crm_core.channels.channel import Channel
from crm_core.rules.context import CampaignDefinition, SegmentDefinition
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Operator, Relation
from crm_core.rules.predicates import Predicate
from crm_core.rules.tree import (
    DATE_MEASURES,
    EventsRule,
    FieldRule,
    GroupRule,
    ListRule,
    Measure,
    MessagesRule,
    OrdersRule,
    ReachRule,
    SegmentRule,
    SuppressedRule,
)
from crm_core.schema.message_states import MessageState


@dataclass(frozen=True)
class BoundField:
    """predicate: what a value must fulfil, or must not if the operator is negative."""

    rule: FieldRule
    path: str
    field: CustomerField
    operator: Operator
    predicate: Predicate


Window: TypeAlias = tuple[datetime, datetime]
"""Both ends belong to it."""


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
class BoundProperty:
    """A condition on a property of an event, or on the names of an order's items; the path of ``field`` is that in the
    record."""

    field: CustomerField
    operator: Operator
    predicate: Predicate


@dataclass(frozen=True)
class OnlyOrders:
    """Which orders count. category: folded. item: of one item's name. min_amount: in minor units."""

    statuses: tuple[str, ...]
    category: str | None = None
    min_amount: int | None = None
    window: Window | None = None
    item: BoundProperty | None = None


@dataclass(frozen=True)
class OnlyEvents:
    """Which events count: those that fulfil all of ``properties``. figure: the property that is measured, if one is."""

    type: str
    window: Window | None = None
    properties: tuple[BoundProperty, ...] = ()
    figure: str | None = None


@dataclass(frozen=True)
class OnlyMessages:
    """Which messages count. window: of the time at which they reached ``state``. campaigns: ids; None for all."""

    state: MessageState
    channel: str | None = None
    campaigns: frozenset[str] | None = None
    reason: str | None = None
    window: Window | None = None


def type_of_measure(measure: str) -> FieldType:
    """Of a figure over orders."""
    if measure == "count":
        return FieldType.NUMBER
    return FieldType.DATE if measure in DATE_MEASURES else FieldType.MONEY


@dataclass(frozen=True)
class BoundRecords:
    """A figure over the orders, the events or the messages of a customer. predicate: of the figure, in units of
    10^-digits; of the time of an order, of that. campaign: the one that the rule names."""

    rule: OrdersRule | EventsRule | MessagesRule
    path: str
    measure: Measure
    only: OnlyOrders | OnlyEvents | OnlyMessages
    operator: Operator
    predicate: Predicate
    digits: int
    campaign: CampaignDefinition | None = None

    @property
    def type(self) -> FieldType:
        return type_of_measure(self.measure) if isinstance(self.only, OnlyOrders) else FieldType.NUMBER


@dataclass(frozen=True)
class BoundReach:
    """Whether nothing forbids messages over a channel, or a suppression does.

    unknown_may_be_messaged: where no consent is known. erased: entries of ``address_keys`` with one of the suppressions
    that count, of which only a hash was kept; for the engine that cannot compute it.
    """

    rule: ReachRule | SuppressedRule
    path: str
    channel: Channel
    unknown_may_be_messaged: bool
    erased: frozenset[str]


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


BoundCondition: TypeAlias = BoundField | BoundComparison | BoundRecords | BoundReach | BoundList
Bound: TypeAlias = BoundCondition | BoundSegment | BoundGroup
Place: TypeAlias = tuple[int, ...]
"""Where a node is in its tree: which child, of which child, from the root on; segments are not entered."""


def has_conditions(bound: Bound) -> bool:
    """Whether anything in the rule asks something of a customer; if not, it may well mean everyone."""
    match bound:
        case BoundSegment():
            return has_conditions(bound.child)
        case BoundGroup():
            return any(has_conditions(child) for child in bound.children)
        case _:
            return True


def conditions_in(bound: Bound) -> Iterator[BoundCondition]:
    """All of them, those of the segments that it uses too."""
    match bound:
        case BoundSegment():
            yield from conditions_in(bound.child)
        case BoundGroup():
            for child in bound.children:
                yield from conditions_in(child)
        case _:
            yield bound


def records_in(bound: Bound) -> Iterator[BoundRecords]:
    """Conditions on records, those of the segments that it uses among them."""
    return (each for each in conditions_in(bound) if isinstance(each, BoundRecords))


def counts_messages(bound: Bound) -> bool:
    return any(isinstance(each.only, OnlyMessages) for each in records_in(bound))


def asks_for_items(bound: Bound) -> bool:
    """Whether it looks at the items of orders."""
    return any(isinstance(each.only, OnlyOrders) and each.only.item is not None for each in records_in(bound))


def properties_of(bound: BoundRecords) -> frozenset[tuple[str, str]]:
    """The properties of events that it looks at, by type and name."""
    only = bound.only
    if not isinstance(only, OnlyEvents):
        return frozenset()
    names = (*(each.field.name for each in only.properties), *([only.figure] if only.figure is not None else []))
    return frozenset((only.type, name) for name in names)


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
