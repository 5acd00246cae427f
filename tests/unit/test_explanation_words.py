"""Explanations in words: what a customer has, what is lacking, and in a line why it matches."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.customers.model import Customer
from crm_core.rules.binding import bind
from crm_core.rules.engines.explaining import Explanation, explain
from crm_core.rules.engines.single import Subject
from crm_core.rules.loading import load_rule
from pages._ui.explanation_words import ExplanationWords, spelling_of, why
from tests.unit.rule_samples import NOW, SCOPE, Json, events, group, on, orders, picked, use

DAY = timedelta(days=1)
ANN = Subject(
    {
        "_id": "ann",
        "total_spend_minor": 12050,
        "order_count": 3,
        "last_order_at": NOW - 80 * DAY,
        "created_at": NOW - 500 * DAY,
        "visits": 1,
        "loyalty_member": True,
        "abandoned_cart": False,
        "attributes": {"score": 2.5, "vegan": True},
        "folded": {
            "city": "pune",
            "tags": ["vip", "new"],
            "categories": ["a", "b", "c", "d", "e", "f", "g"],
            "attributes": {"size": "m"},
        },
    },
    [{"amount_minor": 3000, "status": "delivered", "category_folded": "books", "ordered_at": NOW - 10 * DAY}],
    [{"type": "visit", "at": NOW - DAY}],
)
BOB = Subject({"_id": "bob", "total_spend_minor": 0, "order_count": 0, "visits": 0, "folded": {"categories": []}})
TYPED: Customer = {"id": "ann", "city": "Pune", "tags": ["VIP", "new"], "attributes": {"size": "M"}}
WORDS = ExplanationWords("USD", NOW, spelling_of(TYPED))


def explained(data: Json, subject: Subject = ANN) -> Explanation:
    return explain(bind(load_rule(data), SCOPE), subject, digits=2)


def has(data: Json, subject: Subject = ANN) -> tuple[str, str]:
    found = explained(data, subject)
    return WORDS.actual(found), WORDS.lacking(found)


@pytest.mark.parametrize(
    ("data", "actual", "lacking"),
    [
        (on("total_spend", "gt", 100), "has $120.50", ""),
        (on("total_spend", "gte", 1234.5), "has $120.50", "$1,114.00 more needed"),
        (on("total_spend", "lt", 100), "has $120.50", "$20.51 too much"),
        (on("avg_order_value", "gt", 50), "has $40.17", "$9.84 more needed"),
        (on("order_count", "gte", 1500), "has 3", "1,497 more needed"),
        (on("order_count", "lt", 3), "has 3", "1 too many"),
        (on("attributes.score", "gt", 3), "has 2.5", "0.5 more needed"),
        (on("attributes.score", "lt", 2), "has 2.5", "0.5 too much"),
        (on("last_order_at", "in_last_days", 30), "3 months ago, on {80}", "50 days too long ago"),
        (on("last_order_at", "more_than_days_ago", 111), "3 months ago, on {80}", "31 days more needed"),
        (on("last_order_at", "more_than_days_ago", 80), "3 months ago, on {80}", ""),
        (on("last_order_at", "before", "2000-01-01"), "3 months ago, on {80}", "many"),
        (on("last_order_at", "after", "2100-01-01"), "3 months ago, on {80}", "many"),
        (on("last_order_at", "in_next_days", 30), "3 months ago, on {80}", "80 days too early"),
        (on("last_order_at", "more_than_days_ahead", 1), "3 months ago, on {80}", "81 days too early"),
        (on("last_order_at", "anniversary_in_next_days", 365), "3 months ago, on {80}", ""),
        (
            {"kind": "field", "field": "total_spend", "op": "lt", "other_field": "avg_order_value"},
            "has $120.50; average order value: has $40.17",
            "$80.34 too much",
        ),
        (on("loyalty_member", "is", True), "yes", ""),
        (on("abandoned_cart", "is", True), "no", ""),
        (on("city", "in", ["Goa"]), "has Pune", ""),
        (on("tags", "has_any", ["gone"]), "has VIP, new", ""),
        (on("categories", "has_any", ["a"]), "has a, b, c, d, e and 2 more", ""),
        (on("cart_value", "gt", 5), "none", ""),
        (orders("gte", 3, "count"), "has 1", "2 more needed"),
        (orders("lt", 10, "sum", within_days=30), "has $30.00", "$20.01 too much"),
        (orders("gt", 10, "max", category="Toys"), "none", ""),
        (events("visit", "lte", 0), "has 1", "1 too many"),
        (picked("ann"), "is one of them", ""),
        (picked("bob"), "is none of them", ""),
    ],
)
def test_a_condition_says_what_the_customer_has_and_lacks(data: Json, actual: str, lacking: str) -> None:
    said, needs = has(data)
    assert said == actual.replace("{80}", f"{NOW - 80 * DAY:%-d %b %Y}")
    if lacking == "many":
        assert needs.endswith("days too early" if data["op"] == "after" else "days too late")
    else:
        assert needs == lacking


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (DAY, "1 day"),
        (25 * DAY / 24, "2 days"),
        (DAY / 24, "1 hour"),
        (DAY / 2, "12 hours"),
        (timedelta(minutes=61), "2 hours"),
        (timedelta(seconds=61), "2 minutes"),
        (timedelta(milliseconds=1), "1 minute"),
        (2000 * DAY, "2,000 days"),
    ],
)
def test_a_length_of_time_is_rounded_up_to_a_unit_that_is_enough(length: timedelta, words: str) -> None:
    customer = {**ANN.customer, "last_order_at": NOW - 3000 * DAY + length}
    found = explained(on("last_order_at", "more_than_days_ago", 3000), Subject(customer))
    assert WORDS.lacking(found) == f"{words} more needed"


SPENT, OLD = on("total_spend", "gt", 100), on("last_order_at", "more_than_days_ago", 30)
POOR, FRESH = on("total_spend", "lt", 100), on("last_order_at", "in_last_days", 30)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (SPENT, "spent $120.50"),
        (group("all", SPENT, OLD), "spent $120.50 · last ordered 3 months ago"),
        (group("any", POOR, OLD), "last ordered 3 months ago"),
        (group("any", SPENT, OLD), "spent $120.50 · last ordered 3 months ago"),
        (group("none", POOR, FRESH), "spent $120.50 · last ordered 3 months ago"),
        (group("none", group("all", POOR, OLD)), "spent $120.50"),
        (group("none", group("any", POOR, FRESH)), "spent $120.50 · last ordered 3 months ago"),
        (group("none", group("none", SPENT, POOR)), "spent $120.50"),
        (group("all", SPENT, group("all", SPENT)), "spent $120.50"),
        (group("all"), ""),
        (on("order_count", "gte", 1), "ordered 3 times"),
        (on("visits", "gte", 1), "visited 1 time"),
        (on("loyalty_member", "is", True), "is a loyalty member"),
        (on("abandoned_cart", "is", False), "abandoned no cart"),
        (on("city", "eq", "pune"), "city Pune"),
        (on("tags", "has_any", ["vip"]), "is tagged with VIP, new"),
        (on("first_order_at", "is_not_set"), "no first order"),
        (on("city", "is_set"), "city Pune"),
        (orders("gte", 1, "count", within_days=30), "orders in the last 30 days: 1"),
        (orders("gte", 1, "sum"), "spend on orders: $30.00"),
        (events("visit", "gte", 1), "events “visit”: 1"),
        (picked("ann"), "picked by hand"),
        (group("none", picked("bob")), "not picked by hand"),
    ],
)
def test_why_names_the_values_of_the_conditions_that_decide(data: Json, line: str) -> None:
    found = explained(data)
    assert found.matches
    assert why(found, WORDS) == line


def test_why_not_names_the_values_that_stand_in_the_way() -> None:
    found = explained(group("all", SPENT, POOR, FRESH))
    assert not found.matches
    assert why(found, WORDS) == "spent $120.50 · last ordered 3 months ago"
    assert why(explained(SPENT, BOB), WORDS) == "spent $0.00"
    assert why(explained(FRESH, BOB), WORDS) == "no last order"


def test_why_names_a_segment_and_not_its_rule() -> None:
    found = explained(group("all", use("s1")), ANN)
    name = found.children[0].bound.segment.name  # type: ignore[union-attr]
    assert why(found, WORDS) == (f"in “{name}”" if found.matches else f"not in “{name}”")


def test_a_line_has_four_reasons_at_most() -> None:
    many: list[Any] = [SPENT, OLD, on("visits", "gte", 1), on("city", "is_set"), on("loyalty_member", "is", True)]
    assert why(explained(group("all", *many)), WORDS).endswith("city Pune · 1 more")
