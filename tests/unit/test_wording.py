"""One condition in plain words, as it stands on a chip: what it is about, and what it says of it."""

from typing import Any

import pytest

from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.bound import BoundGroup
from crm_core.rules.fields import FIELDS, CustomerField, FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import Operator, Takes, operators_for, operators_for_figures
from crm_core.rules.wording import describe
from tests.unit.rule_samples import CATALOGUE, SCOPE, Json, beside, events, item, on, orders, picked, use

MONEY = money_formatter("USD")

SAMPLES: dict[Takes, dict[FieldType, Any]] = {
    Takes.ONE: {
        FieldType.NUMBER: 1,
        FieldType.MONEY: 1,
        FieldType.TEXT: "x",
        FieldType.DATE: "2026-01-31",
        FieldType.BOOLEAN: True,
        FieldType.CHOICE: "granted",
    },
    Takes.RANGE: {
        FieldType.NUMBER: [1, 2],
        FieldType.MONEY: [1, 2],
        FieldType.DATE: ["2026-01-01", "2026-01-31"],
    },
    Takes.DAYS: {FieldType.DATE: 30},
    Takes.PERCENT: {FieldType.NUMBER: 10, FieldType.MONEY: 10},
    Takes.MANY: {FieldType.TEXT: ["x", "y"], FieldType.LIST: ["x", "y"], FieldType.CHOICE: ["granted", "unknown"]},
}


def sample(operator: Operator, kind: FieldType) -> Any:
    return SAMPLES.get(operator.takes, {}).get(kind)


def chip(data: Json) -> tuple[str, str]:
    bound = bind(load_rule(data), SCOPE)
    assert not isinstance(bound, BoundGroup)
    return describe(bound, MONEY)


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("total_spend", "gt", 99.5, "Total spend more than $99.50"),
        ("total_spend", "between", [10, 20], "Total spend between $10 and $20"),
        ("total_spend", "not_between", [10, 20], "Total spend not between $10 and $20"),
        ("visits", "gte", 12000, "Visits at least 12,000"),
        ("visits", "ne", 3, "Visits not exactly 3"),
        ("city", "eq", "Pune", "City is “Pune”"),
        ("city", "not_in", ["Pune", "Goa"], "City is none of “Pune”, “Goa”"),
        ("city", "in", list("abcdefg"), "City is one of “a”, “b”, “c”, “d”, “e” and 2 more"),
        ("city", "in", list("abcde"), "City is one of “a”, “b”, “c”, “d”, “e”"),
        ("name", "not_starts_with", "A", "Name does not start with “A”"),
        ("tags", "has_all", ["vip", "early"], "Tags include all of “vip”, “early”"),
        ("last_order_at", "in_last_days", 30, "Last order in the last 30 days"),
        ("last_order_at", "in_last_days", 1, "Last order in the last day"),
        ("last_order_at", "more_than_days_ago", 1000, "Last order more than 1,000 days ago"),
        ("last_order_at", "more_than_days_ago", 1, "Last order more than 1 day ago"),
        ("attributes.birthday", "in_next_days", 14, "Birthday is in the next 14 days"),
        ("attributes.birthday", "in_next_days", 1, "Birthday is in the next day"),
        ("attributes.birthday", "more_than_days_ahead", 1000, "Birthday is more than 1,000 days ahead"),
        ("attributes.birthday", "anniversary_in_next_days", 7, "Birthday has its anniversary in the next 7 days"),
        ("total_spend", "in_top_percent", 10, "Total spend is in the top 10 %"),
        ("visits", "in_bottom_percent", 2.5, "Visits is in the bottom 2.5 %"),
        ("first_order_at", "on", "2026-01-05", "First order on 5 Jan 2026"),
        ("loyalty_member", "is", True, "Loyalty member is yes"),
        ("loyalty_member", "is", False, "Loyalty member is no"),
        ("email", "is_not_set", None, "E-mail has no value"),
        ("last_order_at", "is_not_set", None, "Last order never ordered"),
        ("attributes.birthday", "before", "2000-02-29", "Birthday before 29 Feb 2000"),
        ("attributes.score", "lte", 2.5, "Score at most 2.5"),
    ],
)
def test_a_condition_on_a_field_reads_as_label_and_predicate(field: str, op: str, value: Any, words: str) -> None:
    assert " ".join(chip(on(field, op, value))) == words


@pytest.mark.parametrize(
    ("data", "about", "says"),
    [
        (orders("eq", 0), "Orders", "exactly 0"),
        (
            orders("gte", 2, category="Books", status="shipped", min_amount=29.33, within_days=30),
            "Orders in “Books” with status shipped of at least $29.33 in the last 30 days",
            "at least 2",
        ),
        (orders("gt", 1000), "Orders", "more than 1,000"),
        (orders("gt", 1, item=item("starts_with", "L")), "Orders with an item that starts with “L”", "more than 1"),
        (orders("more_than_days_ago", 1, "last"), "Date of the last order", "more than 1 day ago"),
        (orders("is_not_set", None, "first", category="B"), "Date of the first order in “B”", "has no value"),
        (orders("gt", 1000, "sum"), "Spend on orders", "more than $1,000"),
        (orders("gt", 1, min_amount=0.0), "Orders of at least $0", "more than 1"),
        (
            orders("between", [1, 2.5], "avg", within_days=1),
            "Average of orders in the last day",
            "between $1 and $2.50",
        ),
        (orders("lt", 5, "max", status="pending"), "Largest of orders with status pending", "less than $5"),
        (orders("lt", 5, "min", category="B"), "Smallest of orders in “B”", "less than $5"),
        (events("cart_abandoned", "gte", 3, within_days=7), "Events “cart abandoned” in the last 7 days", "at least 3"),
        (events("visit", "ne", 1), "Events “visit”", "not exactly 1"),
        (use("s1"), "Segment", "“Big spenders”"),
        (picked("ann"), "Picked by hand", "1 customer"),
        (picked(*(f"c{number}" for number in range(1200))), "Picked by hand", "1,200 customers"),
    ],
)
def test_any_other_condition_reads_as_its_subject_its_filters_and_its_claim(data: Json, about: str, says: str) -> None:
    assert chip(data) == (about, says)


@pytest.mark.parametrize(
    ("field", "op", "other", "words"),
    [
        ("cart_value", "gt", "avg_order_value", "Cart value more than their average order value"),
        ("last_order_at", "before", "attributes.birthday", "Last order before their birthday"),
        ("city", "ne", "country", "City is not their country"),
    ],
)
def test_a_comparison_names_the_other_field(field: str, op: str, other: str, words: str) -> None:
    assert " ".join(chip(beside(field, op, other))) == words


@pytest.mark.parametrize("field", CATALOGUE.fields, ids=lambda field: field.name)
def test_every_operator_of_every_field_has_its_own_words(field: CustomerField) -> None:
    operators = operators_for(field.type)
    described = {chip(on(field.name, operator.key, sample(operator, field.type))) for operator in operators}
    assert len(described) == len(operators)
    assert {about for about, _ in described} == {field.label}


def test_every_field_of_the_catalogue_has_its_own_label() -> None:
    assert len({field.label for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize("measure", ["count", "sum", "avg", "max", "min"])
def test_every_figure_has_its_own_words_with_every_operator(measure: str) -> None:
    operators = operators_for_figures()
    values = [(operator.key, sample(operator, FieldType.NUMBER)) for operator in operators]
    assert len({chip(orders(key, value, measure)) for key, value in values}) == len(operators)
    others = {"count", "sum", "avg", "max", "min"} - {measure}
    assert chip(orders("gt", 1, measure))[0] not in {chip(orders("gt", 1, other))[0] for other in others}
