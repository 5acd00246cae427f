"""Conditions on orders, events and messages in plain words."""

from typing import assert_never

from crm_core.channels.registry import CHANNELS
from crm_core.rules.bound import BoundRecords, OnlyEvents, OnlyOrders
from crm_core.rules.fields import ITEMS, FieldType, spoken
from crm_core.rules.operators import Takes, find_item_operator
from crm_core.rules.tree import EventsRule, ItemRule, MessagesRule, OrdersRule
from crm_core.rules.wording_values import Money, counted, last_days, lowered, predicate_words, verb

MEASURES = {
    "count": ("Orders", "made {}"),
    "sum": ("Spend on orders", "spent {}"),
    "avg": ("Average of orders", "spent {} per order on average"),
    "max": ("Largest of orders", "spent {} on the largest order"),
    "min": ("Smallest of orders", "spent {} on the smallest order"),
    "first": ("Date of the first order", "first order"),
    "last": ("Date of the last order", "last order"),
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


def records_phrase(bound: BoundRecords, money: Money) -> str:
    if bound.type is FieldType.DATE:
        return _order_date_phrase(bound, money)
    words = predicate_words(bound.operator, bound.type, bound.rule.value, money, in_sentence=True)
    if isinstance(bound.rule, EventsRule) and bound.rule.measure:
        return f"{_measured_events(bound.rule)}{filter_words(bound, money)} is {words}"
    if bound.measure != "count":
        return f"{MEASURES[bound.measure][1].format(words)}{_among(bound)}{filter_words(bound, money)}"
    words = "no" if (bound.operator.key, bound.rule.value) == ("eq", 0) else counted(words)
    verb, thing = _counted_thing(bound.rule)
    thing = thing if (bound.operator.key, bound.rule.value) == ("eq", 1) else f"{thing}s"
    return f"{verb} {words} {thing}{filter_words(bound, money)}"


def _order_date_phrase(bound: BoundRecords, money: Money) -> str:
    """``last order in “Books” was in the last 30 days``."""
    filters = filter_words(bound, money)
    if bound.operator.takes is Takes.NOTHING:
        return f"made {'no' if bound.operator.is_negative else 'an'} order{filters}"
    words = predicate_words(bound.operator, bound.type, bound.rule.value, money, in_sentence=True)
    return f"{MEASURES[bound.measure][1]}{filters} {words if bound.operator.has_verb else verb(bound.type, words)}"


def records_label(bound: BoundRecords) -> str:
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


def filter_words(bound: BoundRecords, money: Money) -> str:
    rule = bound.rule
    window = f" {last_days(rule.within_days)}" if rule.within_days else ""
    match rule:
        case OrdersRule():
            parts = [
                f" in “{rule.category}”" if rule.category else "",
                f" with {_item(bound, rule.item, money)}" if rule.item else "",
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


def _item(bound: BoundRecords, asked: ItemRule, money: Money) -> str:
    """ "an item that contains “lamp”"; "no item that does" for its opposite."""
    assert isinstance(bound.only, OnlyOrders)
    assert bound.only.item
    operator = bound.only.item.operator
    positive = find_item_operator(operator.complement_of or operator.key)
    what = f"{'no' if operator.is_negative else 'an'} item"
    if positive.takes is Takes.NOTHING:
        return what
    return f"{what} that {predicate_words(positive, ITEMS.type, asked.value, money, in_sentence=True)}"


def _properties(bound: BoundRecords, rule: EventsRule, money: Money) -> str:
    assert isinstance(bound.only, OnlyEvents)
    both = zip(rule.properties or (), bound.only.properties, strict=True)
    return " and ".join(
        f"{lowered(found.field.label)} {predicate_words(found.operator, found.field.type, asked.value, money)}"
        for asked, found in both
    )


def _event(rule: EventsRule) -> str:
    return f"“{spoken(rule.type)}”"
