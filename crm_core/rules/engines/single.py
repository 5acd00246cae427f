"""The single-customer engine: whether one customer matches, from its stored documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, assert_never

from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundCondition,
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
from crm_core.rules.comparing import asked
from crm_core.rules.fields import ITEMS, CustomerField, FieldType, micros_of
from crm_core.rules.predicates import Predicate, holds
from crm_core.rules.ranks import bounded
from crm_core.rules.tree import DATE_MEASURES, MESSAGE_STATES, ReachRule
from crm_core.schema.message_states import ranks_reaching, reached_at

NUMERIC = frozenset({FieldType.NUMBER, FieldType.MONEY})
Record = Mapping[str, Any]
READ_OF_ORDERS = ("amount_minor", "net_minor", "status", "category_folded", "ordered_at")
"""What rules ask of an order. net_minor: what it adds to the spend, where that is not the amount."""
READ_OF_ITEMS = ITEMS.path
READ_OF_EVENTS = ("type", "at", "properties", "folded")
READ_OF_MESSAGES = (
    "campaign_id",
    "channel",
    "rank",
    "reason",
    "created_at",
    *(f"{state}_at" for state in MESSAGE_STATES),
)


@dataclass(frozen=True)
class Contact:
    """What holds for a customer over a channel. barrier: why nothing could be sent but for a frequency cap, None where
    nothing forbids it. suppressions: the reasons of those at the customer or at the address, whoever else has it."""

    barrier: str | None = None
    suppressions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Subject:
    """One customer as stored, with all its orders, events and messages: amounts in minor units, aware UTC times.

    contacts: by channel, of those that rules ask for.
    """

    customer: Record
    orders: Sequence[Record] = ()
    events: Sequence[Record] = ()
    messages: Sequence[Record] = ()
    contacts: Mapping[str, Contact] = field(default_factory=dict)


def matches(bound: Bound, subject: Subject) -> bool:
    """Law: true exactly for those whom ``to_mongo`` and ``mask`` find."""
    match bound:
        case BoundField() | BoundComparison() | BoundRecords() | BoundReach() | BoundList():
            return fulfils(bound, subject)
        case BoundSegment():
            return matches(bound.child, subject)
        case BoundGroup():
            found = (matches(child, subject) for child in bound.children)
            return join(bound.rule.kind, found)
        case _:
            assert_never(bound)


def join(kind: str, children: Any) -> bool:
    match kind:
        case "all":
            return all(children)
        case "any":
            return any(children)
        case _:
            return not any(children)


def fulfils(bound: BoundCondition, subject: Subject) -> bool:
    """The same for one condition."""
    if isinstance(bound, BoundList):
        return subject.customer["_id"] in bound.rule.customer_ids
    if isinstance(bound, BoundReach):
        return _is_reached(bound, subject.contacts[bound.channel.name])
    value, predicate = actual_value(bound, subject), asked_predicate(bound, subject)
    is_positive = value is not None and predicate is not None and holds(predicate, value)
    return is_positive is not bound.operator.is_negative


def _is_reached(bound: BoundReach, contact: Contact) -> bool:
    if isinstance(bound.rule, ReachRule):
        return contact.barrier is None
    reason = bound.rule.reason
    return bool(contact.suppressions) if reason is None else reason in contact.suppressions


def asked_predicate(bound: BoundField | BoundComparison | BoundRecords, subject: Subject) -> Predicate | None:
    """What the value must fulfil; None where the field that it is compared with is missing."""
    if not isinstance(bound, BoundComparison):
        return bound.predicate
    other = read_value(bound.other, subject.customer)
    return None if other is None else asked(bound.relation, bound.other, other, bound.zone)


def actual_value(bound: BoundField | BoundComparison | BoundRecords, subject: Subject) -> Any:
    """What the predicate is asked of, None where it is missing. Amounts in minor units."""
    if isinstance(bound, BoundComparison):
        value = read_value(bound.field, subject.customer)
        return value if value is None or bound.field.type not in NUMERIC else bounded(bound.field, value)
    if isinstance(bound, BoundField):
        return read_value(bound.field, subject.customer)
    only = bound.only
    match only:
        case OnlyOrders():
            return _figure(bound.measure, [order for order in subject.orders if _order_counts(only, order)])
        case OnlyEvents():
            return _event_figure(bound.measure, only, [each for each in subject.events if _event_counts(only, each)])
        case OnlyMessages():
            return sum(_message_counts(only, message) for message in subject.messages)
        case _:
            assert_never(only)


def read_value(found: CustomerField, customer: Record) -> Any:
    """A field of a stored customer as it compares; None for what is missing, empty, or of another type."""
    if found.is_average:
        count = customer["order_count"]
        return Fraction(customer["total_spend_minor"], count) if count else None
    value: Any = customer
    for part in found.path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if found.has_plain_days and isinstance(value, str):
        return date.fromisoformat(value)
    if found.choices:
        return value if value in found.choices else found.choices[-1]
    return value if _is_of(found.type, value) else None


def _is_of(kind: FieldType, value: Any) -> bool:
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case FieldType.TEXT | FieldType.CHOICE:
            return isinstance(value, str) and value != ""
        case FieldType.DATE:
            return isinstance(value, datetime)
        case FieldType.BOOLEAN:
            return isinstance(value, bool)
        case FieldType.LIST:
            return isinstance(value, list) and bool(value)


def _order_counts(only: OnlyOrders, order: Record) -> bool:
    return (
        order["status"] in only.statuses
        and (only.category is None or order.get("category_folded") == only.category)
        and (only.min_amount is None or order["amount_minor"] >= only.min_amount)
        and _is_within(only.window, order["ordered_at"])
        and (only.item is None or _has_item(only.item, order))
    )


def _has_item(bound: BoundProperty, order: Record) -> bool:
    names = order.get("folded", {}).get("items", ())
    return any(holds(bound.predicate, name) for name in names) is not bound.operator.is_negative


def _event_counts(only: OnlyEvents, event: Record) -> bool:
    return (
        event["type"] == only.type
        and _is_within(only.window, event["at"])
        and all(_has_property(each, event) for each in only.properties)
    )


def _has_property(bound: BoundProperty, event: Record) -> bool:
    value = read_value(bound.field, event)
    return (value is not None and holds(bound.predicate, value)) is not bound.operator.is_negative


def _event_figure(measure: str, only: OnlyEvents, events: Sequence[Record]) -> Any:
    if only.figure is None:
        return len(events)
    field = micros_of(only.figure)
    numbers = [(event["at"], number) for event in events if (number := read_value(field, event)) is not None]
    if measure == "last":
        return max(numbers)[1] if numbers else None
    return _measured(measure, [number for _, number in numbers])


def _message_counts(only: OnlyMessages, message: Record) -> bool:
    return (
        message["rank"] in ranks_reaching(only.state)
        and (only.channel is None or message["channel"] == only.channel)
        and (only.campaigns is None or message["campaign_id"] in only.campaigns)
        and (only.reason is None or message.get("reason") == only.reason)
        and _is_within(only.window, reached_at(message, only.state))
    )


def _is_within(window: Window | None, moment: datetime) -> bool:
    return window is None or window[0] <= moment <= window[1]


def _figure(measure: str, records: Sequence[Record]) -> Any:
    if measure == "count":
        return len(records)
    if measure in DATE_MEASURES:
        return _measured("max" if measure == "last" else "min", [record["ordered_at"] for record in records])
    return _measured(measure, [record.get("net_minor", record["amount_minor"]) for record in records])


def _measured(measure: str, amounts: Sequence[Any]) -> Any:
    if measure == "sum":
        return sum(amounts)
    if not amounts:
        return None
    if measure == "avg":
        return Fraction(sum(amounts), len(amounts))
    return max(amounts) if measure == "max" else min(amounts)
