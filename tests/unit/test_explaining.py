"""Explanations: a tick or a cross per condition, what the customer has, and how far it is from matching."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from crm_core.channels.registry import CHANNELS
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, BoundGroup, BoundSegment
from crm_core.rules.engines.explaining import Explanation, explain
from crm_core.rules.engines.single import Contact, Subject, matches
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule
from tests.unit.rule_samples import NOW, RULES, SCOPE, Json, events, group, on, orders, picked, use

DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)
LAST = NOW - 80 * DAY


def order(amount_minor: int, days_ago: int, status: str = "delivered", category: str = "books") -> Json:
    at = NOW - days_ago * DAY
    return {"amount_minor": amount_minor, "status": status, "category_folded": category, "ordered_at": at}


def happened(kind: str, days_ago: int) -> Json:
    return {"type": kind, "at": NOW - days_ago * DAY}


ANN = Subject(
    {
        "_id": "ann",
        "total_spend_minor": 12050,
        "order_count": 3,
        "last_order_at": LAST,
        "first_order_at": NOW - 400 * DAY,
        "created_at": NOW - 500 * DAY,
        "visits": 5,
        "cart_value_minor": 0,
        "abandoned_cart": False,
        "loyalty_member": True,
        "attributes": {"score": 2.5, "vegan": True},
        "folded": {
            "city": "pune",
            "name": "ann",
            "email": "ann@example.org",
            "tags": ["vip", "new"],
            "categories": ["books"],
            "attributes": {"size": "m", "wants": ["a"]},
            "dates": {"birthday": datetime(2000, 2, 29, tzinfo=UTC)},
        },
    },
    [order(3000, 10), order(2001, 80), order(500, 90, "shipped", "toys"), order(9999, 5, "cancelled")],
    [happened("visit", 1), happened("visit", 40), happened("signup", 500)],
)
BOB = Subject(
    {
        "_id": "bob",
        "total_spend_minor": 0,
        "order_count": 0,
        "visits": 0,
        "abandoned_cart": True,
        "attributes": {"score": "many", "vegan": "yes"},
        "folded": {"city": "", "tags": [], "attributes": {"size": "straße"}},
    }
)
EVE = Subject(
    {
        "_id": "eve",
        "total_spend_minor": 10000,
        "order_count": 3,
        "last_order_at": NOW,
        "first_order_at": NOW,
        "created_at": NOW,
        "visits": 100,
        "folded": {"city": "goa", "country": "india", "category": "books"},
    },
    [order(10000, 0, "pending"), order(1, 30), order(1, 30)],
    [happened("cart_abandoned", 30)],
)
STOPS = (Contact(), Contact("suppressed", frozenset({"complaint"})), Contact("no_consent"))
PEOPLE = tuple(
    replace(person, contacts=dict.fromkeys(CHANNELS, contact))
    for person, contact in zip((ANN, BOB, EVE), STOPS, strict=True)
)


def explained(data: Json, subject: Subject = ANN) -> Explanation:
    return explain(bind(load_rule(data), SCOPE), subject, digits=2)


def told(data: Json, subject: Subject = ANN) -> tuple[bool, Any, Any]:
    found = explained(data, subject)
    return found.matches, found.actual, found.distance


@pytest.mark.parametrize(
    ("op", "value", "matches_it", "distance"),
    [
        ("gt", 100, True, None),
        ("gt", 120.5, False, "0.01"),
        ("gt", 200, False, "79.51"),
        ("gte", 200, False, "79.50"),
        ("gte", 120.5, True, None),
        ("lt", 100, False, "-20.51"),
        ("lt", 120.5, False, "-0.01"),
        ("lte", 100, False, "-20.50"),
        ("eq", 130, False, "9.50"),
        ("eq", 110, False, "-10.50"),
        ("eq", 120.5, True, None),
        ("eq", 120.505, False, None),
        ("between", [130, 140], False, "9.50"),
        ("between", [100, 110], False, "-10.50"),
        ("ne", 120.5, False, "0.01"),
        ("ne", 120, True, None),
        ("not_between", [100, 125], False, "4.51"),
        ("not_between", [119, 200], False, "-1.51"),
        ("not_between", [0, 100], True, None),
    ],
)
def test_money_is_told_in_major_units_with_the_least_change_that_does(
    op: str, value: Any, matches_it: bool, distance: str | None
) -> None:
    expected = (matches_it, Decimal("120.50"), None if distance is None else Decimal(distance))
    assert told(on("total_spend", op, value)) == expected


@pytest.mark.parametrize(
    ("data", "actual", "distance"),
    [
        (on("visits", "gt", 5), 5, 1),
        (on("visits", "gte", 7.5), 5, 3),
        (on("visits", "lt", 3), 5, -3),
        (on("visits", "ne", 5), 5, 1),
        (on("visits", "not_between", [5, 9]), 5, -1),
        (on("visits", "between", [5.1, 5.9]), 5, None),
        (on("order_count", "eq", 10), 3, 7),
        (on("attributes.score", "gte", 4), 2.5, Decimal("1.5")),
        (on("attributes.score", "lt", 2), 2.5, Decimal("-0.5")),
        (on("attributes.score", "not_between", [0, 3]), 2.5, Decimal("0.5")),
        (orders("gte", 5), 3, 2),
        (orders("lt", 2, within_days=80), 2, -1),
        (orders("gte", 1, status="pending"), 0, 1),
        (orders("gte", 3, category="BOOKS"), 2, 1),
        (orders("gte", 3, min_amount=20.01), 2, 1),
        (orders("eq", 0, status="cancelled"), 1, -1),
        (orders("ne", 3), 3, 1),
        (events("visit", "gte", 3), 2, 1),
        (events("visit", "gte", 3, within_days=30), 1, 2),
        (events("cart_abandoned", "gt", 0), 0, 1),
        (events("signup", "lt", 1), 1, -1),
    ],
)
def test_a_count_that_does_not_match_is_told_with_how_many_more_or_fewer(
    data: Json, actual: Any, distance: Any
) -> None:
    assert told(data) == (False, actual, distance)


@pytest.mark.parametrize(
    ("data", "actual", "distance"),
    [
        (orders("gt", 100, "sum"), "55.01", "45.00"),
        (orders("lte", 10, "sum"), "55.01", "-45.01"),
        (orders("gte", 40, "max"), "30.00", "10.00"),
        (orders("gt", 5, "min"), "5.00", "0.01"),
        (orders("gte", 25.01, "avg", category="Books"), "25.00", "0.01"),
        (orders("lt", 20, "avg", category="Books", within_days=30), "30.00", "-10.01"),
        (orders("gt", 30, "avg", category="Books", within_days=30), "30.00", "0.01"),
        (orders("gte", 10, "sum", status="pending"), "0.00", "10.00"),
    ],
)
def test_a_figure_over_orders_is_told_in_major_units(data: Json, actual: str, distance: str) -> None:
    assert told(data) == (False, Decimal(actual), Decimal(distance))


def test_an_average_is_told_to_the_minor_unit_and_its_distance_rounded_away() -> None:
    assert told(on("avg_order_value", "gte", 40), EVE) == (False, Decimal("33.33"), Decimal("6.67"))
    assert told(on("avg_order_value", "lte", 33.33), EVE) == (False, Decimal("33.33"), Decimal("-0.01"))
    assert told(on("avg_order_value", "gt", 33.33), EVE) == (True, Decimal("33.33"), None)


@pytest.mark.parametrize(
    ("data", "distance"),
    [
        (on("last_order_at", "more_than_days_ago", 90), -10 * DAY),
        (on("last_order_at", "in_last_days", 30), 50 * DAY),
        (on("last_order_at", "in_next_days", 30), 80 * DAY),
        (on("last_order_at", "more_than_days_ahead", 30), 110 * DAY),
        (on("last_order_at", "anniversary_in_next_days", 30), datetime(2026, 6, 15, tzinfo=UTC) - LAST),
        (on("last_order_at", "anniversary_in_next_days", 255), datetime(2026, 2, 26, tzinfo=UTC) - LAST - MS),
        (on("last_order_at", "after", "2026-06-10"), datetime(2026, 6, 11, tzinfo=UTC) - LAST),
        (on("last_order_at", "before", "2026-03-01"), datetime(2026, 3, 1, tzinfo=UTC) - LAST - MS),
        (on("last_order_at", "on", "2026-04-01"), datetime(2026, 4, 1, tzinfo=UTC) - LAST),
        (on("last_order_at", "on", "2026-03-01"), datetime(2026, 3, 2, tzinfo=UTC) - LAST - MS),
        (on("last_order_at", "between", ["2026-05-01", "2026-05-31"]), datetime(2026, 5, 1, tzinfo=UTC) - LAST),
    ],
)
def test_a_date_is_told_with_how_much_later_or_earlier_it_would_have_to_be(data: Json, distance: timedelta) -> None:
    assert told(data) == (False, LAST, distance)


def with_field(name: str, value: Any) -> Subject:
    return Subject({**ANN.customer, name: value}, ANN.orders, ANN.events)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("total_spend_minor", on("total_spend", "gt", 200)),
        ("total_spend_minor", on("total_spend", "lt", 100.005)),
        ("total_spend_minor", on("total_spend", "between", [10.001, 20.009])),
        ("total_spend_minor", on("total_spend", "not_between", [100.001, 150.009])),
        ("total_spend_minor", on("total_spend", "ne", 120.5)),
        ("visits", on("visits", "gt", 5)),
        ("visits", on("visits", "lte", 4.5)),
        ("visits", on("visits", "ne", 5)),
        ("last_order_at", on("last_order_at", "more_than_days_ago", 90)),
        ("last_order_at", on("last_order_at", "in_last_days", 30)),
        ("last_order_at", on("last_order_at", "in_next_days", 30)),
        ("last_order_at", on("last_order_at", "more_than_days_ahead", 30)),
        ("last_order_at", on("last_order_at", "anniversary_in_next_days", 30)),
        ("last_order_at", on("last_order_at", "anniversary_in_next_days", 255)),
        ("last_order_at", on("last_order_at", "before", "2026-03-01")),
        ("last_order_at", on("last_order_at", "after", "2026-06-10")),
        ("last_order_at", on("last_order_at", "on", "2026-03-01")),
    ],
)
def test_the_distance_makes_it_match_and_anything_less_does_not(name: str, data: Json) -> None:
    bound = bind(load_rule(data), SCOPE)
    change: Any = explain(bound, ANN, digits=2).distance
    assert change is not None
    step: Any = MS if isinstance(change, timedelta) else 1
    change = change if isinstance(change, timedelta) else int(change * (100 if name.endswith("_minor") else 1))
    less = change - step if change > 0 * step else change + step
    assert matches(bound, with_field(name, ANN.customer[name] + change))
    assert not matches(bound, with_field(name, ANN.customer[name] + less))


@pytest.mark.parametrize(
    ("op", "value", "score", "distance"),
    [
        ("gt", 2.5, 2, "0.5"),
        ("gte", 2.5, 2, "0.5"),
        ("gt", 2, 2, "0"),
        ("lt", 2.5, 3, "-0.5"),
        ("gt", 0.3, 0.1, "0.2"),
        ("ne", 2.5, 2.5, "0"),
        ("not_between", [1, 2.5], 2.25, "0.25"),
        ("between", [1, 2.5], 0, "1"),
    ],
)
def test_a_custom_number_is_told_with_how_far_the_end_is(op: str, value: Any, score: float, distance: str) -> None:
    customer = Subject({"_id": "x", "attributes": {"score": score}})
    found = explain(bind(load_rule(on("attributes.score", op, value)), SCOPE), customer, digits=2)
    assert (found.matches, found.actual, found.distance) == (False, score, Decimal(distance))


@pytest.mark.parametrize(
    ("op", "value", "distance"),
    [("gt", 40, "6.67"), ("gte", 40, "6.67"), ("lt", 33, "-0.34"), ("lte", 33, "-0.34"), ("eq", 33.34, "0.01")],
)
def test_the_distance_of_an_average_is_the_least_whole_minor_unit_that_does(op: str, value: Any, distance: str) -> None:
    customer = Subject({"_id": "x", "total_spend_minor": 10000, "order_count": 3})
    found = explain(bind(load_rule(on("avg_order_value", op, value)), SCOPE), customer, digits=2)
    assert found.distance == Decimal(distance)


@pytest.mark.parametrize(
    ("data", "matches_it", "actual"),
    [
        (on("city", "eq", "Goa"), False, "pune"),
        (on("city", "eq", "PUNE"), True, "pune"),
        (on("city", "ne", "Pune"), False, "pune"),
        (on("city", "not_in", ["Pune", "Goa"]), False, "pune"),
        (on("email", "contains", "@EXAMPLE"), True, "ann@example.org"),
        (on("tags", "has_all", ["vip", "old"]), False, ["vip", "new"]),
        (on("tags", "has_any", ["VIP", "old"]), True, ["vip", "new"]),
        (on("tags", "has_none", ["new"]), False, ["vip", "new"]),
        (on("loyalty_member", "is", False), False, True),
        (on("abandoned_cart", "is", False), True, False),
        (on("attributes.size", "starts_with", "x"), False, "m"),
        (on("visits", "is_not_set"), False, 5),
        (on("last_order_at", "is_not_set"), False, LAST),
        (picked("ann"), True, "ann"),
        (picked("bob"), False, "ann"),
    ],
)
def test_what_is_no_number_and_no_date_has_no_distance(data: Json, matches_it: bool, actual: Any) -> None:
    assert told(data) == (matches_it, actual, None)


@pytest.mark.parametrize(
    ("data", "matches_it"),
    [
        (on("city", "eq", "Pune"), False),
        (on("city", "ne", "Pune"), True),
        (on("city", "is_set"), False),
        (on("city", "is_not_set"), True),
        (on("tags", "has_any", ["vip"]), False),
        (on("tags", "has_none", ["vip"]), True),
        (on("last_order_at", "more_than_days_ago", 1), False),
        (on("avg_order_value", "lt", 5), False),
        (on("avg_order_value", "ne", 5), True),
        (on("cart_value", "gte", 0), False),
        (on("loyalty_member", "is", False), False),
        (on("attributes.score", "gt", 1), False),
        (on("attributes.score", "not_between", [1, 2]), True),
        (on("attributes.vegan", "is", True), False),
        (orders("gte", 0, "avg"), False),
        (orders("ne", 5, "max"), True),
        (orders("not_between", [1, 2], "min"), True),
    ],
)
def test_a_missing_value_is_a_cross_but_for_negative_operators_and_has_no_distance(
    data: Json, matches_it: bool
) -> None:
    assert told(data, BOB) == (matches_it, None, None)


def test_the_count_and_the_sum_over_no_order_are_zero() -> None:
    assert told(orders("gte", 2), BOB) == (False, 0, Decimal(2))
    assert told(orders("gte", 0.05, "sum"), BOB) == (False, Decimal("0.00"), Decimal("0.05"))
    assert told(events("visit", "eq", 0), BOB) == (True, 0, None)


@pytest.mark.parametrize(
    ("kind", "ticks", "matches_it"),
    [
        ("all", [True, True], True),
        ("all", [True, False], False),
        ("all", [], True),
        ("any", [False, True], True),
        ("any", [False, False], False),
        ("any", [], False),
        ("none", [False, False], True),
        ("none", [False, True], False),
        ("none", [], True),
    ],
)
def test_a_group_is_told_with_all_its_children(kind: str, ticks: list[bool], matches_it: bool) -> None:
    rules = [on("visits", "eq", 5 if tick else 6) for tick in ticks]
    found = explained(group(kind, *rules))
    assert (found.matches, found.actual, found.distance) == (matches_it, None, None)
    assert [child.matches for child in found.children] == ticks
    assert [child.bound.path for child in found.children] == [f"rule.rules[{n}]" for n in range(len(ticks))]


def test_a_segment_is_told_with_its_own_rule() -> None:
    found = explained(use("s2"), EVE)
    assert (found.matches, found.actual, found.distance) == (False, None, None)
    (rule,) = found.children
    assert [child.matches for child in rule.children] == [False, False]
    (spend,) = rule.children[0].children
    assert (spend.actual, spend.distance) == (Decimal("100.00"), Decimal("0.01"))
    assert explained(use("s2")).matches


def test_a_currency_without_minor_units_is_told_in_whole_amounts() -> None:
    bound = bind(load_rule(on("total_spend", "gt", 20000)), replace(SCOPE, digits=0))
    found = explain(bound, ANN, digits=0)
    assert (found.actual, found.distance) == (Decimal(12050), Decimal(7951))


def check_every_node(found: Explanation, subject: Subject) -> None:
    assert found.matches is matches(found.bound, subject)
    if found.matches or found.actual is None:
        assert found.distance is None
    assert [child.bound for child in found.children] == children_of(found.bound)
    for child in found.children:
        check_every_node(child, subject)


def children_of(bound: Bound) -> list[Bound]:
    if isinstance(bound, BoundGroup):
        return list(bound.children)
    return [bound.child] if isinstance(bound, BoundSegment) else []


@settings(max_examples=300)
@given(RULES)
def test_an_explanation_says_at_every_node_whether_the_customer_matches(rule: AnyRule) -> None:
    bound = bind(rule, SCOPE)
    for subject in PEOPLE:
        found = explain(bound, subject, digits=2)
        assert found.bound is bound
        check_every_node(found, subject)
