"""The rule tree: what may be read into it, and that nothing is lost on the way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crm_core.errors import BadRule
from crm_core.rules.loading import MAX_DEPTH, MAX_NODES, dump_rule, load_rule
from crm_core.rules.tree import (
    EVERYONE,
    MAX_ID,
    STATUSES,
    AnyRule,
    EventsRule,
    FieldRule,
    GroupRule,
    ListRule,
    OrdersRule,
    SegmentRule,
    walk,
)
from tests.unit.rule_samples import RULES

FIELD: dict[str, Any] = {"kind": "field", "field": "visits", "op": "eq", "value": 1}
ORDERS: dict[str, Any] = {"kind": "orders", "measure": "count", "op": "gte", "value": 2}
EVENTS: dict[str, Any] = {"kind": "events", "type": "cart_abandoned", "op": "gte", "value": 3}
SEGMENT: dict[str, Any] = {"kind": "segment", "segment_id": "s1"}
LIST: dict[str, Any] = {"kind": "list", "customer_ids": ["c1", "c2"]}
CONDITIONS = [FIELD, ORDERS, EVENTS, SEGMENT, LIST]


def group(*rules: Any, kind: str = "all") -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}


def nested(levels: int) -> dict[str, Any]:
    """A tree of that many levels, its condition included."""
    tree = FIELD
    for _ in range(levels - 1):
        tree = group(tree)
    return tree


def refusal(data: Any) -> BadRule:
    with pytest.raises(BadRule) as caught:
        load_rule(data)
    assert str(caught.value.field) in str(caught.value) or caught.value.field == "rule"
    return caught.value


@pytest.mark.parametrize("tree", [*CONDITIONS, group(), group(FIELD, kind="any"), group(*CONDITIONS, kind="none")])
def test_any_node_may_be_the_root(tree: dict[str, Any]) -> None:
    assert dump_rule(load_rule(tree)) == tree


def test_a_tree_of_the_greatest_depth_is_read_and_one_level_more_is_refused() -> None:
    load_rule(nested(MAX_DEPTH))
    assert "8 levels" in str(refusal(nested(MAX_DEPTH + 1)))


def test_a_tree_of_the_greatest_size_is_read_and_one_node_more_is_refused() -> None:
    load_rule(group(*[FIELD] * (MAX_NODES - 1)))
    assert "200 nodes" in str(refusal(group(*[FIELD] * MAX_NODES)))
    assert "200 nodes" in str(refusal(group(group(*[FIELD] * 100), group(*[FIELD] * 100))))


def test_a_tree_of_any_depth_is_refused_without_recursion() -> None:
    refusal(nested(50_000))


def test_a_value_nested_without_end_is_refused() -> None:
    value: Any = 1
    for _ in range(50_000):
        value = [value]
    refusal({**FIELD, "value": value})


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (None, "rule"),
        (5, "rule"),
        ([FIELD], "rule"),
        ({}, "rule"),
        ({"kind": "event"}, "rule"),
        ({"kind": ["field"]}, "rule"),
        ({"kind": "field", "op": "eq"}, "rule.field"),
        ({**FIELD, "field": 5}, "rule.field"),
        ({**FIELD, "op": None}, "rule.op"),
        ({**FIELD, "path": "_id"}, "rule.path"),
        (group(FIELD, {**FIELD, "op": 1}), "rule.rules[1].op"),
        (group(group(), group(FIELD, {"kind": "all", "rules": 5}, kind="any")), "rule.rules[1].rules[1].rules"),
        (group(group(FIELD, {"kind": "nobody"})), "rule.rules[0].rules[1]"),
        (group(5), "rule.rules[0]"),
        ({"kind": "all", "rules": {"0": FIELD}}, "rule.rules"),
        ({**ORDERS, "status": "lost"}, "rule.status"),
        ({**ORDERS, "measure": "median"}, "rule.measure"),
        ({**ORDERS, "within_days": 0}, "rule.within_days"),
        ({**ORDERS, "within_days": 36_501}, "rule.within_days"),
        ({**ORDERS, "min_amount": -1}, "rule.min_amount"),
        ({**ORDERS, "min_amount": float("nan")}, "rule.min_amount"),
        ({**ORDERS, "type": "visit"}, "rule.type"),
        ({"kind": "orders", "op": "gte", "value": 1, "item": {"value": "lamp"}}, "rule.item.op"),
        ({"kind": "events", "op": "gte", "value": 1}, "rule.type"),
        ({**EVENTS, "type": "Visit"}, "rule.type"),
        ({**EVENTS, "type": "visit\n"}, "rule.type"),
        ({**EVENTS, "type": ""}, "rule.type"),
        ({**EVENTS, "type": "v" * 41}, "rule.type"),
        ({**EVENTS, "status": "shipped"}, "rule.status"),
        ({**EVENTS, "measure": "count", "property": "value"}, "rule.measure"),
        ({**EVENTS, "within_days": 0}, "rule.within_days"),
        ({"kind": "events", "type": "visit", "op": "gte"}, "rule.value"),
        ({"kind": "segment"}, "rule.segment_id"),
        ({"kind": "segment", "segment_id": ""}, "rule.segment_id"),
        ({"kind": "segment", "segment_id": 5}, "rule.segment_id"),
        ({"kind": "segment", "segment_id": "x" * 255}, "rule.segment_id"),
        ({**SEGMENT, "name": "Big spenders"}, "rule.name"),
        ({"kind": "list"}, "rule.customer_ids"),
        ({"kind": "list", "customer_ids": []}, "rule.customer_ids"),
        ({"kind": "list", "customer_ids": "c1"}, "rule.customer_ids"),
        ({"kind": "list", "customer_ids": ["c1", ""]}, "rule.customer_ids[1]"),
        ({"kind": "list", "customer_ids": ["c1", 5]}, "rule.customer_ids[1]"),
        ({"kind": "list", "customer_ids": ["x" * 255]}, "rule.customer_ids[0]"),
        (group(LIST, {"kind": "list", "customer_ids": ["c1", None]}), "rule.rules[1].customer_ids[1]"),
    ],
)
def test_a_node_that_is_none_is_refused_with_its_path(data: Any, path: str) -> None:
    assert refusal(data).field == path


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    message = str(refusal(group(FIELD, {"kind": "event"})))
    assert "'event'" in message
    known = "'field', 'orders', 'events', 'messages', 'reach', 'suppressed', 'segment', 'list', 'all', 'any', 'none'"
    assert known in message


def test_a_list_may_have_10_000_ids_and_no_more() -> None:
    ids = [f"c{number}" for number in range(10_001)]
    rule = load_rule({"kind": "list", "customer_ids": ids[:-1]})
    assert isinstance(rule, ListRule)
    assert len(rule.customer_ids) == 10_000
    assert refusal({"kind": "list", "customer_ids": ids}).field == "rule.customer_ids"


@pytest.mark.parametrize("measure", ["count", "sum", "avg", "max", "min"])
@pytest.mark.parametrize("status", STATUSES)
def test_orders_have_five_measures_and_five_statuses(measure: str, status: str) -> None:
    tree = {**ORDERS, "measure": measure, "status": status}
    assert dump_rule(load_rule(tree)) == tree


def test_orders_are_counted_unless_another_measure_is_said() -> None:
    assert load_rule({"kind": "orders", "op": "gte", "value": 2}) == load_rule(ORDERS)


@pytest.mark.parametrize("node", [ORDERS, EVENTS])
@pytest.mark.parametrize("days", [1, 36_500])
def test_a_window_has_1_to_36_500_days(node: dict[str, Any], days: int) -> None:
    tree = {**node, "within_days": days}
    assert dump_rule(load_rule(tree)) == tree
    for outside in (0, -1, 36_501):
        assert refusal({**node, "within_days": outside}).field == "rule.within_days"


def test_a_least_amount_is_a_float_in_the_tree() -> None:
    rule = load_rule({**ORDERS, "min_amount": 20})
    assert isinstance(rule, OrdersRule)
    assert type(rule.min_amount) is float
    assert dump_rule(rule)["min_amount"] == 20


@pytest.mark.parametrize(
    "change",
    [
        {"within_days": "30"},
        {"within_days": True},
        {"within_days": 30.0},
        {"min_amount": "5"},
        {"min_amount": True},
        {"category": 5},
    ],
)
def test_a_filter_of_another_type_is_never_converted(change: dict[str, Any]) -> None:
    (field,) = change
    assert refusal({**ORDERS, **change}).field == f"rule.{field}"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (FIELD, FieldRule),
        (ORDERS, OrdersRule),
        (EVENTS, EventsRule),
        (SEGMENT, SegmentRule),
        (LIST, ListRule),
        (group(), GroupRule),
    ],
)
def test_a_node_is_of_its_kind(tree: dict[str, Any], expected: type[AnyRule]) -> None:
    assert isinstance(load_rule(tree), expected)


@pytest.mark.parametrize(
    "value", [{"$gt": 1}, [{}], [[1]], [None], [1] * 1001, float("nan"), float("inf"), [float("nan")]]
)
def test_a_value_is_a_scalar_or_an_array_of_scalars(value: Any) -> None:
    exc = refusal(group({**FIELD, "value": value}))
    assert exc.field == "rule.rules[0].value"
    assert "at most 1,000" in str(exc)


@pytest.mark.parametrize("change", [{"field": "\ud800"}, {"value": "\ud800"}, {"value": object()}])
def test_what_json_cannot_say_is_refused(change: dict[str, Any]) -> None:
    refusal({**FIELD, **change})


@pytest.mark.parametrize("node", [ORDERS, EVENTS])
def test_a_figure_is_compared_with_a_value(node: dict[str, Any]) -> None:
    for value in ({"$gt": ""}, float("nan"), float("inf")):
        assert refusal({**node, "value": value}).field == "rule.value"
    assert refusal({**EVENTS, "value": None}).field == "rule.value"


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "", ["1"], [], 10**400])
def test_a_value_keeps_its_type(value: Any) -> None:
    rule = load_rule({**FIELD, "value": value})
    assert isinstance(rule, FieldRule)
    assert rule.value == value
    assert type(rule.value) is type(value)


def test_nodes_cannot_be_changed() -> None:
    rule = load_rule(FIELD)
    with pytest.raises(ValidationError):
        rule.field = "city"  # type: ignore[misc, union-attr]


def test_walk_gives_each_condition_in_the_order_of_the_tree() -> None:
    rule = load_rule(group(FIELD, group(ORDERS, group(), EVENTS, kind="any"), SEGMENT, group(LIST, kind="none")))
    assert [condition.kind for condition in walk(rule)] == ["field", "orders", "events", "segment", "list"]
    assert list(walk(load_rule(FIELD))) == [load_rule(FIELD)]
    assert list(walk(EVERYONE)) == []


SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10)
VALUES = SCALARS | st.lists(SCALARS, max_size=3)
WORDS = st.text(max_size=10)
DAYS = st.none() | st.integers(1, 36_500)
IDS = st.text(min_size=1, max_size=MAX_ID)
CONDITION = st.one_of(
    st.builds(FieldRule, field=WORDS, op=WORDS, value=st.none() | VALUES),
    st.builds(
        OrdersRule,
        measure=st.sampled_from(["count", "sum", "avg", "max", "min"]),
        op=WORDS,
        value=VALUES,
        category=st.none() | WORDS,
        status=st.none() | st.sampled_from(STATUSES),
        min_amount=st.none() | st.floats(0, 1e9),
        within_days=DAYS,
    ),
    st.builds(
        EventsRule,
        type=st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
        op=WORDS,
        value=VALUES,
        within_days=DAYS,
    ),
    st.builds(SegmentRule, segment_id=IDS),
    st.builds(ListRule, customer_ids=st.lists(IDS, min_size=1, max_size=3).map(tuple)),
)
TREES = st.recursive(
    CONDITION,
    lambda children: st.builds(
        GroupRule, kind=st.sampled_from(["all", "any", "none"]), rules=st.lists(children, max_size=3).map(tuple)
    ),
    max_leaves=10,
)


@given(TREES | RULES)
def test_a_tree_written_and_read_again_is_the_same(rule: AnyRule) -> None:
    again = load_rule(json.loads(json.dumps(dump_rule(rule))))
    assert again == rule
    assert json.dumps(dump_rule(again)) == json.dumps(dump_rule(rule))


@pytest.mark.parametrize(
    ("tree", "path"),
    [
        (nested(MAX_DEPTH + 1), "rule" + ".rules[0]" * MAX_DEPTH),
        (group(FIELD, *[FIELD] * MAX_NODES), f"rule.rules[{MAX_NODES - 1}]"),
        (group(group(*[FIELD] * 150), group(*[FIELD] * 60)), "rule.rules[1].rules[47]"),
    ],
    ids=["too deep", "too many at once", "too many in all"],
)
def test_the_first_node_that_is_too_much_is_named(tree: dict[str, Any], path: str) -> None:
    assert refusal(tree).field == path
