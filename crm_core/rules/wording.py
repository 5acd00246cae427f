"""One condition in plain words: as label and predicate on a chip, and as a phrase of the sentence."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, assert_never

from crm_core.channels.registry import CHANNELS
from crm_core.rules.bound import (
    BoundComparison,
    BoundCondition,
    BoundField,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
    OnlyEvents,
)
from crm_core.rules.fields import CustomerField, FieldType, spoken
from crm_core.rules.operators import Operator, Takes
from crm_core.rules.reach_words import reach_label, reach_phrase, reach_words
from crm_core.rules.tree import EventsRule, MessagesRule, OrdersRule, Value

MAX_NAMED = 5
Money = Callable[[float], str]
"""Formats an amount of major units in the workspace's currency."""

MEASURES = {
    "count": ("Orders", "made {}"),
    "sum": ("Spend on orders", "spent {}"),
    "avg": ("Average of orders", "spent {} per order on average"),
    "max": ("Largest of orders", "spent {} on the largest order"),
    "min": ("Smallest of orders", "spent {} on the smallest order"),
}
"""Label on the chip, and phrase of the sentence."""
MEASURED = {"sum": "sum of", "avg": "average", "max": "greatest", "min": "least", "last": "latest"}
"""Of a property of events."""
MESSAGES = {
    "sent": ("Messages sent", "was sent"),
    "delivered": ("Messages delivered", "received"),
    "opened": ("Messages opened", "opened"),
    "clicked": ("Messages clicked", "clicked"),
    "failed": ("Messages failed", "had a failure of"),
    "skipped": ("Messages skipped", "was left out of"),
}
"""By state: label on the chip, and what the sentence says of somebody who has some."""


def describe(bound: BoundCondition | BoundSegment, money: Money) -> tuple[str, str]:
    """What a condition is about, and what it says of it: ("Total spend", "more than $100")."""
    match bound:
        case BoundField():
            return bound.field.label, _field_words(bound, money)
        case BoundComparison():
            return bound.field.label, f"{bound.operator.label} {_theirs(bound.other)}"
        case BoundRecords():
            words = _predicate(bound.operator, bound.type, bound.rule.value, money)
            return f"{_records_label(bound)}{_filters(bound, money)}", words
        case BoundReach():
            return reach_label(bound.rule.kind, bound.channel.label), reach_words(bound.rule)
        case BoundSegment():
            return "Segment", f"“{bound.segment.name}”"
        case BoundList():
            return "Picked by hand", _customers(bound)
        case _:
            assert_never(bound)


def to_phrase(bound: BoundCondition | BoundSegment, money: Money) -> str:
    """What a condition says of a customer: ``spent more than $100``."""
    match bound:
        case BoundField():
            return _field_phrase(bound, money)
        case BoundComparison():
            return _comparison_phrase(bound)
        case BoundRecords():
            return _records_phrase(bound, money)
        case BoundReach():
            return reach_phrase(bound)
        case BoundSegment():
            return f"is in the segment “{bound.segment.name}”"
        case BoundList():
            count = len(bound.rule.customer_ids)
            return f"is one of {count:,} customers picked by hand" if count > 1 else "is a customer picked by hand"
        case _:
            assert_never(bound)


def _field_words(bound: BoundField, money: Money) -> str:
    if bound.field.idle and bound.operator.key == "is_not_set":
        return f"never {bound.field.idle.never}"
    return _predicate(bound.operator, bound.field.type, bound.rule.value, money)


def _field_phrase(bound: BoundField, money: Money) -> str:
    found, operator, value = bound.field, bound.operator, bound.rule.value
    if found.idle and operator.key == "is_not_set":
        return f"has never {found.idle.never}"
    if operator.takes is Takes.NOTHING:
        return f"{operator.words} {_lowered(found.label)}"
    if found.idle and operator.key == "more_than_days_ago":
        return found.idle.phrase.format(_days(value))
    if found.yes_no:
        return found.yes_no[0] if value else found.yes_no[1]
    words = _predicate(operator, found.type, value, money, in_sentence=True)
    if operator.takes is Takes.PERCENT:
        return f"{words} by {_lowered(found.label)}"
    if operator.has_verb:
        return f"{_lowered(found.label)} {words}"
    return _phrase_around(found, words)


def _theirs(other: CustomerField) -> str:
    """The field of the same customer that another one is compared with."""
    return f"their {_lowered(other.label)}"


def _comparison_phrase(bound: BoundComparison) -> str:
    """Counts have labels in the plural; "more than their orders times" would be no English."""
    words = bound.operator.words.format(_theirs(bound.other))
    is_count = bound.field.unit and bound.field.type is FieldType.NUMBER
    return f"{_lowered(bound.field.label)} are {words}" if is_count else _phrase_around(bound.field, words)


def _phrase_around(found: CustomerField, words: str) -> str:
    if found.unit and found.type is FieldType.NUMBER:
        return re.sub(r"\b1 times", "1 time", found.phrase.format(_counted(words)))
    return found.phrase.format(words) if found.phrase else f"{_lowered(found.label)} {_verb(found.type, words)}"


def _verb(kind: FieldType, words: str) -> str:
    """Custom attributes have no phrase of their own."""
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return f"is {words}"
        case FieldType.DATE:
            return f"was {words}"
        case FieldType.LIST:
            return f"include {words}"
        case _:
            return words


def _records_phrase(bound: BoundRecords, money: Money) -> str:
    words = _predicate(bound.operator, bound.type, bound.rule.value, money, in_sentence=True)
    if isinstance(bound.rule, EventsRule) and bound.rule.measure:
        return f"{_measured_events(bound.rule)}{_filters(bound, money)} is {words}"
    if bound.measure != "count":
        return f"{MEASURES[bound.measure][1].format(words)}{_among(bound)}{_filters(bound, money)}"
    words = "no" if (bound.operator.key, bound.rule.value) == ("eq", 0) else _counted(words)
    verb, thing = _counted_thing(bound.rule)
    thing = thing if (bound.operator.key, bound.rule.value) == ("eq", 1) else f"{thing}s"
    return f"{verb} {words} {thing}{_filters(bound, money)}"


def _records_label(bound: BoundRecords) -> str:
    match bound.rule:
        case OrdersRule():
            return MEASURES[bound.measure][0]
        case EventsRule():
            return _measured_events(bound.rule).capitalize() if bound.rule.measure else f"Events {_event(bound.rule)}"
        case MessagesRule():
            return MESSAGES[bound.rule.state][0]
        case _:
            assert_never(bound.rule)


def _measured_events(rule: EventsRule) -> str:
    """ "sum of value of “purchase” events"."""
    return f"{MEASURED[rule.measure or '']} {spoken(rule.property or '')} of {_event(rule)} events"


def _counted_thing(rule: OrdersRule | EventsRule | MessagesRule) -> tuple[str, str]:
    """What somebody did, and one of what they did it with."""
    match rule:
        case OrdersRule():
            return "made", "order"
        case EventsRule():
            return "had", f"{_event(rule)} event"
        case MessagesRule():
            return MESSAGES[rule.state][1], "message"
        case _:
            assert_never(rule)


def _among(bound: BoundRecords) -> str:
    return " over recorded orders" if bound.measure in {"avg", "max", "min"} else " on orders"


def _filters(bound: BoundRecords, money: Money) -> str:
    rule = bound.rule
    window = f" {_last(rule.within_days)}" if rule.within_days else ""
    match rule:
        case OrdersRule():
            parts = [
                f" in “{rule.category}”" if rule.category else "",
                f" with status {rule.status}" if rule.status else "",
                f" of at least {money(rule.min_amount)}" if rule.min_amount is not None else "",
            ]
        case EventsRule():
            parts = [f" with {_properties(bound, rule, money)}"] if rule.properties else []
        case MessagesRule():
            parts = [
                f" over {CHANNELS.label(rule.channel)}" if rule.channel else "",
                f" of the campaign “{bound.campaign.name}”" if bound.campaign else "",
                f" of campaigns tagged “{rule.tag}”" if rule.tag else "",
                f" for the reason {spoken(rule.reason)}" if rule.reason else "",
            ]
        case _:
            assert_never(rule)
    return "".join([*parts, window])


def _properties(bound: BoundRecords, rule: EventsRule, money: Money) -> str:
    assert isinstance(bound.only, OnlyEvents)
    both = zip(rule.properties or (), bound.only.properties, strict=True)
    return " and ".join(
        f"{_lowered(found.field.label)} {_predicate(found.operator, found.field.type, asked.value, money)}"
        for asked, found in both
    )


def _event(rule: EventsRule) -> str:
    return f"“{spoken(rule.type)}”"


def _customers(bound: BoundList) -> str:
    count = len(bound.rule.customer_ids)
    return f"{count:,} customer" if count == 1 else f"{count:,} customers"


def _predicate(
    operator: Operator, kind: FieldType, value: Value | None, money: Money, *, in_sentence: bool = False
) -> str:
    """On a chip the operator has the label that the editor offers, else the words of the sentence."""
    words = operator.words if in_sentence or operator.takes is Takes.DAYS else operator.label
    match operator.takes:
        case Takes.NOTHING:
            return operator.label
        case Takes.DAYS:
            return re.sub(r"\b(last|next) 1 day", r"\1 day", words.format(_days(value)))
        case Takes.PERCENT:
            return operator.words.format(value)
        case Takes.RANGE:
            assert isinstance(value, list)
            low, high = (_word(kind, end, money) for end in value)
            return words.format(low, high) if in_sentence else f"{words} {low} and {high}"
        case Takes.MANY:
            assert isinstance(value, list)
            return _listed(operator, words, value, in_sentence=in_sentence)
        case Takes.ONE:
            return words.format(_word(kind, value, money)) if in_sentence else f"{words} {_word(kind, value, money)}"


def _listed(operator: Operator, words: str, values: list[Any], *, in_sentence: bool) -> str:
    """``any of “a”, “b”``; one value needs no ``any of``."""
    more = f" and {len(values) - MAX_NAMED} more" if len(values) > MAX_NAMED else ""
    named = ", ".join(f"“{value}”" for value in values[:MAX_NAMED]) + more
    if not in_sentence:
        return f"{words} {named}"
    if len(values) == 1 and operator.key in {"has_any", "has_all"}:
        return named
    return words.format(named)


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
        case FieldType.CHOICE:
            return str(value)
        case _:
            return f"“{value}”"


def _counted(words: str) -> str:
    """Of what is counted there are fewer, not less."""
    return words.replace("less than", "fewer than")


def _last(days: Value | None) -> str:
    return "in the last day" if days == 1 else f"in the last {_days(days)}"


def _days(value: Value | None) -> str:
    return "1 day" if value == 1 else f"{value:,} days"


def _lowered(label: str) -> str:
    return label[0].lower() + label[1:]
