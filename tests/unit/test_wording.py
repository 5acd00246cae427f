"""Rules in plain words: a sentence never means anything but its tree."""

from typing import Any

import pytest

from crm_core.money import money_formatter
from crm_core.rules.fields import FIELDS, FieldType
from crm_core.rules.operators import Takes, operators_for
from crm_core.rules.tree import FieldRule, load_rule
from crm_core.rules.wording import describe, to_sentence

MONEY = money_formatter("USD")
SPEND = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
VISITS = {"kind": "field", "field": "visits", "op": "lt", "value": 3}
CITY = {"kind": "field", "field": "city", "op": "eq", "value": "Pune"}


def sentence(data: Any) -> str:
    return to_sentence(load_rule(data), MONEY)


def group(kind: str, *rules: Any) -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("total_spend", "gt", 99.5, "Total spend more than $99.50"),
        ("total_spend", "between", [10, 20], "Total spend between $10 and $20"),
        ("visits", "gte", 12000, "Visits at least 12,000"),
        ("visits", "ne", 3, "Visits not exactly 3"),
        ("city", "eq", "Pune", "City is “Pune”"),
        ("city", "not_in", ["Pune", "Goa"], "City is none of Pune, Goa"),
        ("name", "not_starts_with", "A", "Name does not start with “A”"),
        ("tags", "has_all", ["vip", "early"], "Tags include all of vip, early"),
        ("last_order_at", "in_last_days", 30, "Last order in the last 30 days"),
        ("last_order_at", "more_than_days_ago", 90, "Last order more than 90 days ago"),
        ("first_order_at", "on", "2026-01-05", "First order on 5 Jan 2026"),
        ("loyalty_member", "is", True, "Loyalty member is yes"),
        ("loyalty_member", "is", False, "Loyalty member is no"),
        ("email", "is_not_set", None, "E-mail has no value"),
    ],
)
def test_a_condition_reads_as_subject_and_predicate(field: str, op: str, value: Any, words: str) -> None:
    rule = load_rule({"kind": "field", "field": field, "op": op, "value": value})
    assert isinstance(rule, FieldRule)
    assert " ".join(describe(rule, MONEY)) == words


def test_a_condition_on_orders_names_all_its_filters() -> None:
    rule = {"kind": "orders", "op": "gte", "value": 2, "category": "Books", "status": "shipped"}
    rule |= {"min_amount": 29.33, "within_days": 30}
    assert sentence(rule) == "orders in Books shipped of at least $29.33 in the last 30 days at least 2"
    assert sentence({"kind": "orders", "op": "eq", "value": 0}) == "orders exactly 0"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (group("all"), "everyone"),
        (group("none"), "everyone"),
        (group("any"), "nobody"),
        (group("all", SPEND, VISITS), "total spend more than $100 and visits less than 3"),
        (group("any", SPEND, VISITS), "total spend more than $100 or visits less than 3"),
        (group("none", SPEND, VISITS), "none of: total spend more than $100, visits less than 3"),
        (
            group("all", SPEND, group("any", VISITS, CITY)),
            "total spend more than $100 and (visits less than 3 or city is “Pune”)",
        ),
        (
            group("any", group("all", SPEND, VISITS), CITY),
            "(total spend more than $100 and visits less than 3) or city is “Pune”",
        ),
        (group("all", group("any", SPEND), VISITS), "total spend more than $100 and visits less than 3"),
        (group("all", group("none", SPEND), VISITS), "(none of: total spend more than $100) and visits less than 3"),
        (group("all", SPEND, group("any")), "total spend more than $100 and nobody"),
    ],
)
def test_a_tree_reads_as_a_sentence_with_brackets_where_it_needs_them(data: Any, words: str) -> None:
    assert sentence(data) == words


def test_what_none_of_covers_can_be_told_from_the_sentence() -> None:
    covers_one = group("all", group("none", SPEND), VISITS)
    covers_both_at_once = group("none", group("all", SPEND, VISITS))
    covers_each = group("none", SPEND, VISITS)
    assert len({sentence(covers_one), sentence(covers_both_at_once), sentence(covers_each)}) == 3


SAMPLES: dict[Takes, dict[FieldType, Any]] = {
    Takes.ONE: {
        FieldType.NUMBER: 1,
        FieldType.MONEY: 1,
        FieldType.TEXT: "x",
        FieldType.DATE: "2026-01-31",
        FieldType.BOOLEAN: True,
    },
    Takes.RANGE: {
        FieldType.NUMBER: [1, 2],
        FieldType.MONEY: [1, 2],
        FieldType.DATE: ["2026-01-01", "2026-01-31"],
    },
    Takes.DAYS: {FieldType.DATE: 30},
    Takes.MANY: {FieldType.TEXT: ["x"], FieldType.LIST: ["x"]},
}


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_operator_of_every_field_has_its_own_words(field: Any) -> None:
    operators = operators_for(field.type)
    rules = [
        FieldRule(field=field.name, op=operator.key, value=SAMPLES.get(operator.takes, {}).get(field.type))
        for operator in operators
    ]
    described = {describe(rule, MONEY) for rule in rules}
    assert len(described) == len(operators)
    assert {subject for subject, _ in described} == {field.label}
