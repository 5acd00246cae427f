"""The rule tree: what may be read into it, and that nothing is lost on the way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crm_core.errors import BadRule
from crm_core.rules.tree import (
    EVERYONE,
    MAX_DEPTH,
    MAX_NODES,
    FieldRule,
    GroupRule,
    OrdersRule,
    dump_rule,
    load_rule,
    walk,
)

FIELD: dict[str, Any] = {"kind": "field", "field": "visits", "op": "eq", "value": 1}
ORDERS: dict[str, Any] = {"kind": "orders", "measure": "count", "op": "gte", "value": 2}


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


@pytest.mark.parametrize("tree", [FIELD, ORDERS, group(), group(FIELD, kind="any"), group(FIELD, ORDERS, kind="none")])
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
        ({"kind": "events"}, "rule"),
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
        ({"kind": "orders", "op": "gte"}, "rule.value"),
    ],
)
def test_a_node_that_is_none_is_refused_with_its_path(data: Any, path: str) -> None:
    assert refusal(data).field == path


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    message = str(refusal(group(FIELD, {"kind": "events"})))
    assert "'events'" in message
    assert "'field', 'orders', 'all', 'any', 'none'" in message


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
    "value", [{"$gt": 1}, [{}], [[1]], [None], [1] * 1001, float("nan"), float("inf"), [float("nan")]]
)
def test_a_value_is_a_scalar_or_an_array_of_scalars(value: Any) -> None:
    exc = refusal(group({**FIELD, "value": value}))
    assert exc.field == "rule.rules[0].value"
    assert "at most 1,000" in str(exc)


@pytest.mark.parametrize("change", [{"field": "\ud800"}, {"value": "\ud800"}, {"value": object()}])
def test_what_json_cannot_say_is_refused(change: dict[str, Any]) -> None:
    refusal({**FIELD, **change})


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


def test_walk_gives_each_condition_with_its_path_in_the_order_of_the_tree() -> None:
    rule = load_rule(group(FIELD, group(ORDERS, group(), kind="any"), {**FIELD, "field": "city"}))
    assert [path for path, _ in walk(rule)] == ["rule.rules[0]", "rule.rules[1].rules[0]", "rule.rules[2]"]
    assert [path for path, _ in walk(load_rule(FIELD))] == ["rule"]
    assert list(walk(EVERYONE)) == []


SCALARS = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10)
FIELDS = st.builds(
    FieldRule,
    field=st.text(max_size=10),
    op=st.text(max_size=10),
    value=st.none() | SCALARS | st.lists(SCALARS, max_size=3),
)
ORDER_RULES = st.builds(
    OrdersRule,
    op=st.text(max_size=10),
    value=SCALARS | st.lists(SCALARS, max_size=3),
    category=st.none() | st.text(max_size=10),
    status=st.none() | st.sampled_from(["pending", "cancelled"]),
    min_amount=st.none() | st.floats(0, 1e9),
    within_days=st.none() | st.integers(1, 36_500),
)
TREES = st.recursive(
    FIELDS | ORDER_RULES,
    lambda children: st.builds(
        GroupRule, kind=st.sampled_from(["all", "any", "none"]), rules=st.lists(children, max_size=3).map(tuple)
    ),
    max_leaves=10,
)


@given(TREES)
def test_a_tree_written_and_read_again_is_the_same(rule: FieldRule | OrdersRule | GroupRule) -> None:
    assert load_rule(json.loads(json.dumps(dump_rule(rule)))) == rule
