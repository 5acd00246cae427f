"""Explanations of conditions on the items of orders, and on when the first or the last was made."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.rules.binding import bind
from crm_core.rules.engines.explaining import explain
from crm_core.rules.engines.single import Subject
from crm_core.rules.loading import load_rule
from tests.unit.rule_samples import NOW, SCOPE, Json, item, orders

DAY = timedelta(days=1)


def order(days_ago: int, *names: str, status: str = "delivered", category: str = "books") -> Json:
    about = {"amount_minor": 1000, "status": status, "category_folded": category, "ordered_at": NOW - days_ago * DAY}
    return about | ({"folded": {"items": list(names)}} if names else {})


ANN = Subject(
    {"_id": "ann"},
    [
        order(10, "lamp 3", "shade"),
        order(80, "bulb"),
        order(90, category="toys"),
        order(1, "lamp 4", status="cancelled"),
    ],
)


def told(data: Json) -> tuple[bool, Any, Any]:
    found = explain(bind(load_rule(data), SCOPE), ANN, digits=SCOPE.digits)
    return found.matches, found.actual, found.distance


@pytest.mark.parametrize(
    ("asked", "actual"),
    [
        (item("contains", "LAMP"), 1),
        (item("in", ["Bulb", "shade"]), 2),
        (item("not_contains", "lamp"), 2),
        (item("is_set"), 2),
        (item("is_not_set"), 1),
        (item("eq", "lamp"), 0),
    ],
)
def test_orders_with_an_item_are_counted_and_how_many_more_are_needed(asked: Json, actual: int) -> None:
    assert told(orders("gte", 5, item=asked)) == (False, actual, 5 - actual)


@pytest.mark.parametrize(
    ("data", "days_ago", "distance"),
    [
        (orders("in_last_days", 7, "last"), 10, 3 * DAY),
        (orders("in_last_days", 30, "last", category="toys"), 90, 60 * DAY),
        (orders("more_than_days_ago", 100, "last", item=item("eq", "bulb")), 80, -20 * DAY),
        (orders("after", "2026-06-15", "first"), 90, 90 * DAY + DAY / 2),
        (orders("in_last_days", 30, "last", item=item("contains", "lamp")), 10, None),
        (orders("in_last_days", 1, "first", status="cancelled"), 1, None),
    ],
)
def test_a_time_of_an_order_is_told_with_how_far_it_is_from_matching(
    data: Json, days_ago: int, distance: timedelta | None
) -> None:
    assert told(data) == (distance is None, NOW - days_ago * DAY, distance)


def test_without_such_an_order_there_is_no_time_and_no_distance() -> None:
    assert told(orders("in_last_days", 30, "last", item=item("eq", "sofa"))) == (False, None, None)
    assert told(orders("is_not_set", None, "first", status="pending")) == (True, None, None)
    assert told(orders("is_not_set", None, "first")) == (False, NOW - 90 * DAY, None)
