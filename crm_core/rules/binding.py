"""Binds a tree to a context: names become fields, operators predicates, relative windows moments.

What comes out is checked as a whole and is all that the engines, the text and the sentence need.
"""

from decimal import Decimal
from typing import Any, assert_never

from crm_core.channels.channel import Channel
from crm_core.errors import BadRule, InvalidInput
from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundProperty,
    BoundReach,
    BoundRecords,
    BoundSegment,
    OnlyEvents,
    OnlyMessages,
    OnlyOrders,
    Window,
)
from crm_core.rules.context import CampaignDefinition, RuleContext, SegmentDefinition
from crm_core.rules.days import DAY
from crm_core.rules.fields import ITEMS, ORDERED_AT, CustomerField, FieldType, check_comparable
from crm_core.rules.operators import (
    Build,
    Operator,
    Takes,
    check_relation,
    find_figure_operator,
    find_item_operator,
    find_operator,
    find_order_date_operator,
    find_property_operator,
)
from crm_core.rules.predicates import NOTHING, Predicate, Range, Span
from crm_core.rules.ranges import ceil_minor, to_fractions, to_plain, to_whole
from crm_core.rules.spans import to_moments, to_span
from crm_core.rules.tree import (
    DATE_MEASURES,
    AnyRule,
    EventsRule,
    FieldRule,
    GroupRule,
    ItemRule,
    ListRule,
    MessagesRule,
    OrdersRule,
    PropertyRule,
    ReachRule,
    SegmentRule,
    SuppressedRule,
)
from crm_core.rules.values import check_choice, check_number, check_text, check_value
from crm_core.schema.message_states import MessageState
from crm_core.schema.statuses import ORDER_STATUSES, SPEND_STATUSES

MAX_CHAIN = 8
MAX_BOUND_NODES = 1000
PROPERTY_DIGITS = 6
"""Numbers of events are added up in millionths."""


def bind(rule: AnyRule, context: RuleContext, *, own: SegmentDefinition | None = None) -> Bound:
    """Check ``rule`` and give it its meaning. own: the segment whose rule this is going to be.

    Raises UnknownField and BadRule with the path of the node: also for segments that do not exist, that contain
    themselves, or that together are larger than MAX_BOUND_NODES.
    """
    return _Binder(context).bind(rule, "rule", (own,) if own else ())


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
            case MessagesRule():
                return self._messages(rule, path)
            case ReachRule() | SuppressedRule():
                return self._reach(rule, path)
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
        check_choice(found, rule.value, path)
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
        is_date = rule.measure in DATE_MEASURES
        digits = 0 if rule.measure == "count" or is_date else self._context.digits
        operator, predicate = self._date(rule, path) if is_date else self._figure(rule, path, digits)
        category = None if rule.category is None else check_text(rule.category, self._context.fold, f"{path}.category")
        amount, window, item = self._min_amount(rule, path), self._window(rule.within_days), self._item(rule, path)
        only = OnlyOrders(_statuses(rule), category, amount, window, item)
        return BoundRecords(rule, path, rule.measure, only, operator, predicate, digits)

    def _date(self, rule: OrdersRule, path: str) -> tuple[Operator, Predicate]:
        return self._asked(rule, ORDERED_AT, find_order_date_operator(rule.op, path), path)

    def _item(self, rule: OrdersRule, path: str) -> BoundProperty | None:
        if rule.item is None:
            return None
        path = f"{path}.item"
        operator = find_item_operator(rule.item.op, path)
        return BoundProperty(ITEMS, *self._asked(rule.item, ITEMS, operator, path))

    def _asked(
        self, rule: OrdersRule | ItemRule | PropertyRule, found: CustomerField, operator: Operator, path: str
    ) -> tuple[Operator, Predicate]:
        value = check_value(operator, found.type, rule.value, self._context.fold, path)
        return operator, self._predicate(operator.build, value, found)

    def _events(self, rule: EventsRule, path: str) -> Bound:
        if (rule.measure is None) is not (rule.property is None):
            lacking = "property" if rule.property is None else "measure"
            raise BadRule(
                f"{path}.{lacking}: a figure over events needs both a measure and a property.",
                field=f"{path}.{lacking}",
            )
        digits = 0 if rule.measure is None else PROPERTY_DIGITS
        operator, predicate = self._figure(rule, path, digits)
        properties = tuple(
            self._property(rule.type, each, f"{path}.properties[{n}]") for n, each in enumerate(rule.properties or ())
        )
        only = OnlyEvents(rule.type, self._window(rule.within_days), properties, self._measured(rule, path))
        return BoundRecords(rule, path, rule.measure or "count", only, operator, predicate, digits)

    def _property(self, event_type: str, rule: PropertyRule, path: str) -> BoundProperty:
        found = self._context.catalogue.find_property(event_type, rule.name, f"{path}.name")
        return BoundProperty(found, *self._asked(rule, found, find_property_operator(rule.op, found.type, path), path))

    def _measured(self, rule: EventsRule, path: str) -> str | None:
        if rule.property is None:
            return None
        found = self._context.catalogue.find_property(rule.type, rule.property, f"{path}.property")
        if found.type is not FieldType.NUMBER:
            raise BadRule(
                f"{path}.property: {rule.property} is a {found.type}, and only numbers are measured.",
                field=f"{path}.property",
            )
        return rule.property

    def _messages(self, rule: MessagesRule, path: str) -> Bound:
        operator, predicate = self._figure(rule, path, 0)
        state = MessageState(rule.state)
        if rule.reason is not None and state not in {MessageState.FAILED, MessageState.SKIPPED}:
            raise BadRule(
                f"{path}.reason: messages have a reason when they failed or were skipped, not as {state}.",
                field=f"{path}.reason",
            )
        campaign = self._campaign(rule, path)
        only = OnlyMessages(
            state,
            None if rule.channel is None else self._channel(rule.channel, path).name,
            self._campaigns(rule, campaign, path),
            rule.reason,
            self._window(rule.within_days),
        )
        return BoundRecords(rule, path, "count", only, operator, predicate, 0, campaign)

    def _reach(self, rule: ReachRule | SuppressedRule, path: str) -> BoundReach:
        channel = self._channel(rule.channel, path)
        reason = rule.reason if isinstance(rule, SuppressedRule) else None
        erased = self._context.erased.entries(channel, reason)
        return BoundReach(rule, path, channel, self._context.unknown_may_be_messaged, erased)

    def _channel(self, name: str, path: str) -> Channel:
        try:
            return self._context.channels.named(name)
        except InvalidInput as exc:
            raise BadRule(f"{path}.channel: {exc}", field=f"{path}.channel") from None

    def _campaign(self, rule: MessagesRule, path: str) -> CampaignDefinition | None:
        if rule.campaign_id is None:
            return None
        found = self._context.campaigns.find(rule.campaign_id)
        if found is None:
            where = f"{path}.campaign_id"
            raise BadRule(f"{where}: there is no campaign with the id {rule.campaign_id!r}.", field=where)
        return found

    def _campaigns(self, rule: MessagesRule, campaign: CampaignDefinition | None, path: str) -> frozenset[str] | None:
        """Of the campaign that is named, and of those with the tag."""
        named = None if campaign is None else frozenset({campaign.id})
        if rule.tag is None:
            return named
        check_text(rule.tag, self._context.fold, f"{path}.tag")
        tagged = self._context.campaigns.find_tagged(rule.tag)
        return tagged if named is None else tagged & named

    def _figure(self, rule: OrdersRule | EventsRule | MessagesRule, path: str, digits: int) -> tuple[Operator, Range]:
        """digits: of the figure; averages are not rounded to it."""
        operator = find_figure_operator(rule.op, path)
        value = check_value(operator, FieldType.NUMBER, rule.value, self._context.fold, path)
        predicate = operator.build(value, self._context)
        assert isinstance(predicate, Range)
        is_average = not isinstance(rule, MessagesRule) and rule.measure == "avg"
        return operator, to_fractions(predicate, digits) if is_average else to_whole(predicate, digits)

    def _min_amount(self, rule: OrdersRule, path: str) -> int | None:
        if rule.min_amount is None:
            return None
        amount = check_number(rule.min_amount, f"{path}.min_amount")
        return ceil_minor(amount, self._context.digits)

    def _window(self, days: int | None) -> Window | None:
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
