"""Valid rules of every kind, over a catalogue and saved segments of their own, and the context for reading them."""

from datetime import UTC, date, datetime
from typing import Any, get_args

from hypothesis import strategies as st

from crm_core.channels.registry import CHANNELS
from crm_core.infra.text import fold
from crm_core.rules.context import (
    NO_SEGMENTS,
    KnownCampaigns,
    KnownSegments,
    RuleContext,
    SegmentDefinition,
    SegmentSource,
)
from crm_core.rules.fields import Catalogue, CustomerField, FieldType
from crm_core.rules.loading import MAX_DEPTH, MAX_NODES, load_rule
from crm_core.rules.operators import Operator, Takes, operators_for, operators_for_figures, operators_for_properties
from crm_core.rules.tree import DATE_MEASURES, MAX_DAYS, STATUSES, AnyRule, Measure, PropertyMeasure
from crm_core.rules.values import MAX_NUMBER
from crm_core.schema.kinds import CONSENT_STATES
from crm_core.schema.suppressions import REASONS

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CATALOGUE = Catalogue(
    {
        "size": FieldType.TEXT,
        "score": FieldType.NUMBER,
        "birthday": FieldType.DATE,
        "vegan": FieldType.BOOLEAN,
        "wants": FieldType.LIST,
        "and": FieldType.NUMBER,
        "between": FieldType.NUMBER,
        "in": FieldType.TEXT,
        "last": FieldType.DATE,
        "not": FieldType.NUMBER,
        "orders": FieldType.NUMBER,
        "inactive": FieldType.DATE,
        "true": FieldType.BOOLEAN,
        "city": FieldType.TEXT,
        "spend": FieldType.NUMBER,
        "colour": None,
    },
    properties={
        ("cart_abandoned", "category"): FieldType.TEXT,
        ("cart_abandoned", "value"): FieldType.NUMBER,
        ("cart_abandoned", "last"): FieldType.NUMBER,
        ("cart_abandoned", "type"): FieldType.TEXT,
        ("cart_abandoned", "not"): FieldType.BOOLEAN,
        ("last", "value"): FieldType.NUMBER,
        ("last", "due"): FieldType.DATE,
        ("last", "wants"): FieldType.LIST,
    },
)
"""Custom attributes of every type, some named like keywords and built-in fields, and one of mixed types."""


def on(name: str, op: str, value: Any = None) -> Json:
    """A condition on a field."""
    return {"kind": "field", "field": name, "op": op} | ({} if value is None else {"value": value})


def beside(name: str, op: str, other: str) -> Json:
    """A field against another one."""
    return {"kind": "field", "field": name, "op": op, "other_field": other}


def orders(op: str, value: Any = None, measure: str = "count", **filters: Any) -> Json:
    node = {"kind": "orders", "measure": measure, "op": op} | filters
    return node if value is None else node | {"value": value}


def item(op: str, value: Any = None) -> Json:
    """A condition on the items of orders."""
    return {"op": op} if value is None else {"op": op, "value": value}


def events(kind: str, op: str, value: Any, **filters: Any) -> Json:
    return {"kind": "events", "type": kind, "op": op, "value": value} | filters


def reach(channel: str) -> Json:
    return {"kind": "reach", "channel": channel}


def suppressed(channel: str, **reason: str) -> Json:
    return {"kind": "suppressed", "channel": channel} | reason


def group(kind: str, *rules: Json) -> Json:
    return {"kind": kind, "rules": list(rules)}


def use(segment_id: str) -> Json:
    return {"kind": "segment", "segment_id": segment_id}


def picked(*ids: str) -> Json:
    return {"kind": "list", "customer_ids": list(ids)}


def segment(segment_id: str, rule: Json, name: str | None = None) -> SegmentDefinition:
    return SegmentDefinition(segment_id, name or f"Segment {segment_id}", 1, load_rule(rule))


SEGMENTS = KnownSegments(
    [
        segment("s1", on("total_spend", "gt", 100), "Big spenders"),
        segment("s2", group("any", use("s1"), on("city", "eq", "Pune")), 'Größe "XL"\n\\ it\'s'),
        segment("s3", group("none"), "日本"),
    ]
)


CAMPAIGNS = KnownCampaigns({"m1": 'Größe "XL"\n\\ it\'s', "m2": "Sale", "m3": "Sale"})


def make_scope(segments: SegmentSource = NO_SEGMENTS, catalogue: Catalogue = CATALOGUE) -> RuleContext:
    return RuleContext(NOW, 2, fold, catalogue, segments, campaigns=CAMPAIGNS)


SCOPE = make_scope(SEGMENTS)

TYPICAL_TEXTS = ("Pune", "Goa", "vip", "Books", "straße", "M", "ann@example.org")
NASTY = "\"'\\/{}()[],.=%$^\n\t\r\b “”NOTand1é\u2028日ßİ😀"
TEXTS = st.one_of(
    st.sampled_from(TYPICAL_TEXTS),
    st.text(NASTY, min_size=1, max_size=12),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=200),
)
NUMBERS = st.one_of(
    st.sampled_from([0, 1, 2, 3, 100, 0.005, 0.1, 33.335, 2.5, -1, 1e-7, MAX_NUMBER, -float(MAX_NUMBER)]),
    st.integers(-MAX_NUMBER, MAX_NUMBER),
    st.floats(-float(MAX_NUMBER), float(MAX_NUMBER)),
)
DATES = st.one_of(st.sampled_from([date(2026, 1, 31), NOW.date()]), st.dates(date(1900, 1, 1), date(9998, 12, 31))).map(
    date.isoformat
)
VALUES: dict[FieldType, Strategy] = {
    FieldType.NUMBER: NUMBERS,
    FieldType.MONEY: NUMBERS,
    FieldType.TEXT: TEXTS,
    FieldType.LIST: TEXTS,
    FieldType.DATE: DATES,
    FieldType.BOOLEAN: st.booleans(),
    FieldType.CHOICE: st.sampled_from(CONSENT_STATES),
}


def value_for(operator: Operator, kind: FieldType) -> Strategy:
    """A valid value, None for an operator that takes none."""
    match operator.takes:
        case Takes.NOTHING:
            return st.none()
        case Takes.DAYS:
            return st.sampled_from([0, 1, 30, 90]) | st.integers(0, operator.most_days)
        case Takes.PERCENT:
            return st.sampled_from([1, 10.0, 33.33, 100]) | st.integers(1, 10_000).map(
                lambda hundredths: hundredths / 100
            )
        case Takes.RANGE:
            return st.tuples(VALUES[kind], VALUES[kind]).map(sorted)
        case Takes.MANY:
            return st.lists(VALUES[kind], min_size=1, max_size=4)
        case Takes.ONE:
            return VALUES[kind]


def _on_field(found: CustomerField) -> Strategy:
    others = [each.name for each in CATALOGUE.fields if each.type is found.type and each.name != found.name]

    def build(operator: Operator) -> Strategy:
        with_value = value_for(operator, found.type).map(lambda value: on(found.name, operator.key, value))
        if not operator.relation or not others or found.choices:
            return with_value
        return with_value | st.sampled_from(others).map(lambda name: beside(found.name, operator.key, name))

    return st.sampled_from(operators_for(found.type)).flatmap(build)


def _with_figure(node: Json) -> Strategy:
    def build(operator: Operator) -> Strategy:
        return value_for(operator, FieldType.NUMBER).map(lambda value: node | {"op": operator.key, "value": value})

    return st.sampled_from(operators_for_figures()).flatmap(build)


def _part(kind: FieldType, node: Json) -> Strategy:
    """A condition on a part of records."""

    def build(operator: Operator) -> Strategy:
        asked = node | {"op": operator.key}
        return value_for(operator, kind).map(lambda value: asked if value is None else asked | {"value": value})

    return st.sampled_from(operators_for_properties(kind)).flatmap(build)


def _on_orders(node: Json) -> Strategy:
    return _part(FieldType.DATE, node) if node["measure"] in DATE_MEASURES else _with_figure(node)


WINDOWS = st.sampled_from([1, 30, MAX_DAYS])
ORDERS = st.fixed_dictionaries(
    {"kind": st.just("orders"), "measure": st.sampled_from(get_args(Measure))},
    optional={
        "category": TEXTS,
        "item": _part(FieldType.TEXT, {}),
        "status": st.sampled_from(STATUSES),
        "min_amount": st.sampled_from([0, 20, 0.005, 1e-9]) | st.floats(0, float(MAX_NUMBER)),
        "within_days": WINDOWS,
    },
).flatmap(_on_orders)
EVENT_TYPES = st.sampled_from(("visit", "cart_abandoned", "last", "in", "true")) | st.from_regex(
    r"[a-z][a-z0-9_]{0,39}", fullmatch=True
)


def _on_property(key: tuple[str, str]) -> Strategy:
    kind = CATALOGUE.properties[key]
    assert kind
    return _part(kind, {"name": key[1]})


def _events_with_properties(event_type: str) -> Strategy:
    mine = [key for key in CATALOGUE.properties if key[0] == event_type]
    asked = st.lists(st.sampled_from(mine).flatmap(_on_property), min_size=1, max_size=3)
    measured = st.sampled_from(get_args(PropertyMeasure))
    figure = st.fixed_dictionaries({"measure": measured, "property": st.just("value")})
    node = st.fixed_dictionaries(
        {"kind": st.just("events"), "type": st.just(event_type)}, optional={"properties": asked, "within_days": WINDOWS}
    )
    return node | st.tuples(node, figure).map(lambda both: both[0] | both[1])


EVENTS = st.one_of(
    st.fixed_dictionaries({"kind": st.just("events"), "type": EVENT_TYPES}, optional={"within_days": WINDOWS}),
    st.sampled_from(("cart_abandoned", "last")).flatmap(_events_with_properties),
).flatmap(_with_figure)
MESSAGES = st.fixed_dictionaries(
    {"kind": st.just("messages"), "state": st.sampled_from(("failed", "skipped"))},
    optional={
        "channel": st.sampled_from(tuple(CHANNELS)),
        "campaign_id": st.sampled_from(("m1", "m2", "m3")),
        "tag": st.text(NASTY, min_size=1, max_size=12).filter(lambda text: bool(fold(text))),
        "reason": st.sampled_from(("hard_bounce", "last", "in", "550-5.1.1")),
        "within_days": WINDOWS,
    },
).flatmap(_with_figure)
ENGAGEMENT = st.sampled_from(("sent", "delivered", "opened", "clicked")).flatmap(
    lambda state: _with_figure({"kind": "messages", "state": state})
)
REACH = st.fixed_dictionaries({"kind": st.just("reach"), "channel": st.sampled_from(tuple(CHANNELS))})
SUPPRESSED = st.fixed_dictionaries(
    {"kind": st.just("suppressed"), "channel": st.sampled_from(tuple(CHANNELS))},
    optional={"reason": st.sampled_from(REASONS)},
)
IDS = st.sampled_from(("ann", "bob", "eve")) | st.text(NASTY, min_size=1, max_size=64)
CONDITIONS: dict[str, Strategy] = {
    "field": st.sampled_from(CATALOGUE.fields).flatmap(_on_field),
    "orders": ORDERS,
    "events": EVENTS,
    "messages": MESSAGES | ENGAGEMENT,
    "reach": REACH,
    "suppressed": SUPPRESSED,
    "list": st.lists(IDS, min_size=1, max_size=4).map(lambda ids: picked(*ids)),
    "segment": st.sampled_from(("s1", "s2", "s3")).map(use),
}
KINDS = st.sampled_from(("all", "any", "none"))


def _groups(children: Strategy) -> Strategy:
    return st.tuples(KINDS, st.lists(children, max_size=4)).map(lambda made: group(made[0], *made[1]))


def _wrapped(made: tuple[Json, list[str]]) -> Json:
    """In groups of one, as deep as a rule may be."""
    tree, kinds = made
    for kind in kinds[: MAX_DEPTH - _depth(tree)]:
        tree = group(kind, tree)
    return tree


def _depth(node: Json) -> int:
    return 1 + max(map(_depth, node.get("rules", [])), default=0)


def _size(node: Json) -> int:
    return 1 + sum(map(_size, node.get("rules", [])))


_PLAIN = st.recursive(
    st.one_of(CONDITIONS["field"], CONDITIONS["field"], *CONDITIONS.values()), _groups, max_leaves=12
).filter(lambda tree: _depth(tree) <= MAX_DEPTH and _size(tree) <= MAX_NODES)
TREES: Strategy = _PLAIN | st.tuples(_PLAIN, st.lists(KINDS, min_size=1, max_size=MAX_DEPTH)).map(_wrapped)
"""Trees as JSON that ``load_rule`` takes and ``SCOPE`` binds."""
RULES: st.SearchStrategy[AnyRule] = TREES.map(load_rule)
