"""Random rules over the fields, values and windows that ``people`` is made of."""

from datetime import timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from crm_core.channels.registry import CHANNELS
from crm_core.rules.fields import Catalogue, CustomerField, FieldType
from crm_core.rules.operators import Operator, Takes, operators_for, operators_for_figures, operators_for_properties
from crm_core.rules.tree import DATE_MEASURES, MESSAGE_STATES, STATUSES, Measure, PropertyMeasure
from crm_core.schema.kinds import CONSENT_STATES
from crm_core.schema.suppressions import REASONS as STOP_REASONS
from tests.engines.people import (
    AMOUNTS,
    ATTRIBUTES,
    CAMPAIGNS,
    COUNTS,
    DAYS,
    EVENT_TYPES,
    MOMENTS,
    NOW,
    NUMBERS,
    PROPERTIES,
    REASONS,
    TEXTS,
)

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

CATALOGUE = Catalogue(ATTRIBUTES, properties=PROPERTIES)
TYPED = [text for text in TEXTS if text]
LIMIT = 10**15
BOUNDS = [number for number in (*AMOUNTS, *COUNTS, *NUMBERS, 0.005, 10.005, 33.335, 1 / 3) if abs(number) <= LIMIT]
DATES = sorted({(NOW - timedelta(days=days + more)).date().isoformat() for days in DAYS for more in (-1, 0, 1)})
VALUES: dict[FieldType, Strategy] = {
    FieldType.NUMBER: st.sampled_from(BOUNDS),
    FieldType.MONEY: st.sampled_from(BOUNDS),
    FieldType.TEXT: st.sampled_from(TYPED),
    FieldType.LIST: st.sampled_from(TYPED),
    FieldType.DATE: st.sampled_from([*DATES, "1969-12-31", "1970-01-01"]),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.CHOICE: st.sampled_from(CONSENT_STATES),
}
SEGMENTS = ("s1", "s2", "s3")


def value_for(operator: Operator, kind: FieldType) -> Strategy:
    match operator.takes:
        case Takes.NOTHING:
            return st.none()
        case Takes.DAYS:
            return st.sampled_from((*DAYS, 2, 258))  # from June to the end of February
        case Takes.PERCENT:
            return st.sampled_from((0.01, 1, 2.5, 10, 33.33, 50, 75, 99.99, 100))
        case Takes.RANGE:
            return st.tuples(VALUES[kind], VALUES[kind]).map(sorted)
        case Takes.MANY:
            return st.lists(VALUES[kind], min_size=1, max_size=3)
        case Takes.ONE:
            return VALUES[kind]


def _on_field(found: CustomerField) -> Strategy:
    def build(operator: Operator) -> Strategy:
        node: Json = {"kind": "field", "field": found.name, "op": operator.key}
        with_value = value_for(operator, found.type).map(
            lambda value: node if value is None else node | {"value": value}
        )
        if not operator.relation or found.choices:
            return with_value
        return with_value | st.sampled_from(others_for(found)).map(lambda name: node | {"other_field": name})

    return st.sampled_from(operators_for(found.type)).flatmap(build)


def others_for(found: CustomerField) -> list[str]:
    """What it can be compared with."""
    like = [each for each in CATALOGUE.fields if each.type is found.type and not each.choices]
    return [each.name for each in like if each.name != found.name]


def _figure(node: Json) -> Strategy:
    def build(operator: Operator) -> Strategy:
        return value_for(operator, FieldType.NUMBER).map(lambda value: node | {"op": operator.key, "value": value})

    return st.sampled_from(operators_for_figures()).flatmap(build)


WINDOW = {"within_days": st.sampled_from([days for days in DAYS if days])}


def _part(kind: FieldType, node: Json) -> Strategy:
    """A condition on a part of records."""

    def of(operator: Operator) -> Strategy:
        asked = node | {"op": operator.key}
        return value_for(operator, kind).map(lambda value: asked if value is None else asked | {"value": value})

    return st.sampled_from(operators_for_properties(kind)).flatmap(of)


def _on_orders(node: Json) -> Strategy:
    return _part(FieldType.DATE, node) if node.get("measure") in DATE_MEASURES else _figure(node)


ORDERS = st.fixed_dictionaries(
    {"kind": st.just("orders")},
    optional={
        "measure": st.sampled_from(get_args(Measure)),
        "category": st.sampled_from(TYPED),
        "item": _part(FieldType.TEXT, {}),
        "status": st.sampled_from(STATUSES),
        "min_amount": st.sampled_from([*AMOUNTS, 0.005, 33.335]),
        **WINDOW,
    },
).flatmap(_on_orders)


def _on_property(event_type: str) -> Strategy:
    def build(name: str) -> Strategy:
        return _part(PROPERTIES[event_type, name], {"name": name})

    return st.sampled_from([name for of_type, name in PROPERTIES if of_type == event_type]).flatmap(build)


def _with_properties(node: Json) -> Strategy:
    """Of types that have some."""
    if node["type"] not in {of_type for of_type, _ in PROPERTIES}:
        return st.just(node)
    asked = st.lists(_on_property(node["type"]), min_size=1, max_size=2)
    figures = st.sampled_from(get_args(PropertyMeasure)).map(lambda measure: {"measure": measure, "property": "value"})
    more = [st.just({}), asked.map(lambda each: {"properties": each})]
    if PROPERTIES[node["type"], "value"] is FieldType.NUMBER:
        more += [figures, st.builds(lambda figure, each: {**figure, "properties": each}, figures, asked)]
    return st.one_of(more).map(lambda extra: {**node, **extra})


EVENTS = (
    st.fixed_dictionaries(
        {"kind": st.just("events"), "type": st.sampled_from((*EVENT_TYPES, "unheard_of"))}, optional=WINDOW
    )
    .flatmap(_with_properties)
    .flatmap(_figure)
)
MESSAGES = (
    st.fixed_dictionaries(
        {"kind": st.just("messages"), "state": st.sampled_from(MESSAGE_STATES)},
        optional={
            "channel": st.sampled_from(("email", "sms", "in_app")),
            "campaign_id": st.sampled_from(tuple(CAMPAIGNS)),
            "tag": st.sampled_from(("SALE", "spring", "none has it")),
            "reason": st.sampled_from((*REASONS, "unheard_of")),
            **WINDOW,
        },
    )
    .map(lambda node: node if node["state"] in {"failed", "skipped"} else {**node, "reason": None})
    .map(lambda node: {name: value for name, value in node.items() if value is not None})
    .flatmap(_figure)
)
FIGURES = st.one_of(ORDERS, ORDERS, ORDERS, EVENTS, EVENTS, MESSAGES)
REACH = st.fixed_dictionaries({"kind": st.just("reach"), "channel": st.sampled_from(tuple(CHANNELS))})
SUPPRESSED = st.fixed_dictionaries(
    {"kind": st.just("suppressed"), "channel": st.sampled_from(tuple(CHANNELS))},
    optional={"reason": st.sampled_from(STOP_REASONS)},
)
LISTS = st.lists(st.sampled_from(("c0", "c1", "c2", "c3", "x1", "nobody")), min_size=1, max_size=4).map(
    lambda ids: {"kind": "list", "customer_ids": ids}
)
FIELDS = st.sampled_from(CATALOGUE.fields).flatmap(_on_field)


def _group(children: Strategy) -> Strategy:
    return st.fixed_dictionaries(
        {"kind": st.sampled_from(("all", "any", "none")), "rules": st.lists(children, max_size=4)}
    )


CONDITIONS = st.one_of(FIELDS, FIELDS, ORDERS, ORDERS, EVENTS, EVENTS, MESSAGES, REACH, SUPPRESSED, LISTS)
TREES = st.recursive(CONDITIONS, _group, max_leaves=10)
"""Without segments; deeper than eight levels they hardly get."""
SEGMENT = st.sampled_from(SEGMENTS).map(lambda name: {"kind": "segment", "segment_id": name})
TREES_WITH_SEGMENTS = st.recursive(st.one_of(CONDITIONS, CONDITIONS, SEGMENT), _group, max_leaves=10)
ZONE_NAMES = ("UTC", "Asia/Kolkata", "America/Los_Angeles", "Pacific/Kiritimati")
TIME_ZONES = st.sampled_from([ZoneInfo(name) for name in ZONE_NAMES])
TIMES = st.sampled_from(MOMENTS)
