"""From a bound rule to its text, which ``parse_text`` reads back to the same tree."""

from typing import assert_never

from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
    OnlyEvents,
    OnlyOrders,
)
from crm_core.rules.fields import ITEMS, CustomerField, FieldType
from crm_core.rules.operators import Operator, Takes
from crm_core.rules.text.filtering import EVENT_FILTERS
from crm_core.rules.text.grammar import keywords
from crm_core.rules.text.literals import printed, quoted
from crm_core.rules.tree import EventsRule, ItemRule, MessagesRule, ReachRule, SuppressedRule, Value

NO_OTHER = frozenset({"and", "or", "not", "true", "false", "yes", "no"})
JOINED = {"all": " AND ", "any": " OR "}


def to_text(bound: Bound) -> str:
    """The rule as analysts write it, with no brackets that are not needed."""
    match bound:
        case BoundField():
            return _field(bound)
        case BoundComparison():
            spelling = bound.operator.spellings[0]
            return f"{bound.field.text_name} {spelling.format(_other_name(bound.other))}"
        case BoundRecords():
            return f"{_records(bound)} {_comparison(bound.operator, bound.type, bound.rule.value)}"
        case BoundReach():
            return _reach(bound.rule)
        case BoundList():
            return f"customer in ({', '.join(map(quoted, bound.rule.customer_ids))})"
        case BoundSegment():
            return f"segment {quoted(bound.segment.name)}"
        case BoundGroup():
            return _group(bound)
        case _:
            assert_never(bound)


def _group(bound: BoundGroup) -> str:
    """With operators where they say the same: ``a AND b``, ``NOT a``; else as ``ANY OF (a)``."""
    kind, children = bound.rule.kind, bound.children
    if kind == "none" and len(children) == 1:
        return f"NOT {_bracketed(children[0], within='none')}"
    if kind in JOINED and len(children) > 1:
        return JOINED[kind].join(_bracketed(child, within=kind) for child in children)
    if not children and kind in JOINED:
        return "everyone" if kind == "all" else "nobody"
    return f"{kind.upper()} OF ({', '.join(map(to_text, children))})"


def _bracketed(child: Bound, *, within: str) -> str:
    """NOT binds before AND before OR; a group in one of its own kind keeps its brackets."""
    text = to_text(child)
    is_joined = isinstance(child, BoundGroup) and child.rule.kind in JOINED and len(child.children) > 1
    if not is_joined:
        return text
    assert isinstance(child, BoundGroup)
    return text if within == "any" and child.rule.kind == "all" else f"({text})"


def _field(bound: BoundField) -> str:
    found, operator = bound.field, bound.operator
    if found.idle and operator.key == "more_than_days_ago":
        return f"{found.idle.word} for {_days(bound.rule.value)}"
    if found.idle and operator.key == "is_not_set":
        return f"never {found.idle.never}"
    return f"{found.text_name} {_comparison(operator, found.type, bound.rule.value)}"


def _other_name(found: CustomerField) -> str:
    """A bare name, unless that would be read as something else where a value stands."""
    return found.name if found.text_name.lower() in NO_OTHER else found.text_name


def _comparison(operator: Operator, kind: FieldType, value: Value | None) -> str:
    spelling = operator.spellings[0]
    match operator.takes:
        case Takes.NOTHING:
            return spelling
        case Takes.DAYS:
            return spelling.replace("{} days", _days(value))
        case Takes.MANY:
            assert isinstance(value, list)
            return spelling.replace("{}", f"({', '.join(_printed(kind, each) for each in value)})")
        case _:
            values = value if isinstance(value, list) else [value]
            return spelling.format(*(_printed(kind, each) for each in values))


def _printed(kind: FieldType, value: Value | None) -> str:
    return str(value) if kind in {FieldType.DATE, FieldType.CHOICE} else printed(value)


def _records(bound: BoundRecords) -> str:
    rule = bound.rule
    window = [f"last {_days(rule.within_days)}"] if rule.within_days is not None else []
    match rule:
        case EventsRule():
            return _events(bound, rule, window)
        case MessagesRule():
            return f"messages({', '.join([*_message_filters(bound, rule), *window])})"
    parts = [
        *([f"category = {quoted(rule.category)}"] if rule.category is not None else []),
        *([f"{ITEMS.name} {_item(bound, rule.item)}"] if rule.item is not None else []),
        *([f"status = {quoted(rule.status)}"] if rule.status is not None else []),
        *([f"amount >= {_amount(rule.min_amount)}"] if rule.min_amount is not None else []),
        *window,
    ]
    return f"orders{'' if rule.measure == 'count' else '.' + rule.measure}({', '.join(parts)})"


def _item(bound: BoundRecords, asked: ItemRule) -> str:
    assert isinstance(bound.only, OnlyOrders)
    assert bound.only.item
    return _comparison(bound.only.item.operator, ITEMS.type, asked.value)


def properties_text(bound: BoundRecords) -> str:
    """The conditions on properties of events, as they stand in the brackets."""
    assert isinstance(bound.rule, EventsRule)
    assert isinstance(bound.only, OnlyEvents)
    both = zip(bound.rule.properties or (), bound.only.properties, strict=True)
    return ", ".join(
        f"{_property_name(asked.name)} {_comparison(found.operator, found.field.type, asked.value)}"
        for asked, found in both
    )


def _events(bound: BoundRecords, rule: EventsRule, window: list[str]) -> str:
    properties = [properties_text(bound)] if rule.properties else []
    named = f"{rule.type}.{rule.property}"
    about = quoted(rule.type) if rule.measure is None else quoted(named) if rule.type in keywords() else named
    measured = "events" if rule.measure is None else f"events.{rule.measure}"
    return f"{measured}({', '.join([about, *properties, *window])})"


def _property_name(name: str) -> str:
    """In quotes where it would be read as something else."""
    return quoted(name) if name in keywords() or name in EVENT_FILTERS else name


def _message_filters(bound: BoundRecords, rule: MessagesRule) -> list[str]:
    """A campaign by its name, unless another one has it too."""
    campaign = bound.campaign
    named = campaign and (f"id {quoted(campaign.id)}" if campaign.has_namesakes else quoted(campaign.name))
    return [
        rule.state,
        *([f"channel = {rule.channel}"] if rule.channel is not None else []),
        *([f"campaign {named}"] if named else []),
        *([f"tag = {quoted(rule.tag)}"] if rule.tag is not None else []),
        *([f"reason = {quoted(rule.reason)}"] if rule.reason is not None else []),
    ]


def _reach(rule: ReachRule | SuppressedRule) -> str:
    if isinstance(rule, ReachRule):
        return f"can be messaged over {rule.channel}"
    return f"is suppressed on {rule.channel}" + (f" for {rule.reason}" if rule.reason else "")


def _amount(amount: float) -> str:
    return printed(int(amount) if amount.is_integer() else amount)


def _days(value: Value | None) -> str:
    return "1 day" if value == 1 else f"{value} days"
