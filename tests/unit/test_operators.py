"""The operator registry: which operator goes with which field, and which value it takes."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crm_core.errors import BadRule
from crm_core.infra.text import fold
from crm_core.rules.fields import FieldType
from crm_core.rules.operators import (
    OPERATORS,
    Operator,
    Takes,
    find_figure_operator,
    find_operator,
    operators_for,
    operators_for_figures,
)
from crm_core.rules.values import check_value

NUMERIC = {"gt", "gte", "lt", "lte", "eq", "ne", "between", "not_between"}
RANKS = {"in_top_percent", "in_bottom_percent"}
EXPECTED = {
    FieldType.NUMBER: NUMERIC | RANKS,
    FieldType.MONEY: NUMERIC | RANKS,
    FieldType.TEXT: {
        *("eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with", "not_starts_with"),
    },
    FieldType.DATE: {
        *("before", "after", "on", "between", "in_last_days", "more_than_days_ago"),
        *("in_next_days", "more_than_days_ahead", "anniversary_in_next_days"),
    },
    FieldType.BOOLEAN: {"is"},
    FieldType.LIST: {"has_any", "has_all", "has_none"},
    FieldType.CHOICE: {"eq", "ne", "in", "not_in"},
}


def check(op: str, kind: FieldType, value: Any) -> Any:
    return check_value(find_operator(op, kind), kind, value, fold)


def refusal(op: str, kind: FieldType, value: Any) -> str:
    with pytest.raises(BadRule) as caught:
        check(op, kind, value)
    assert caught.value.field == "rule.value"
    return str(caught.value)


ANY: dict[FieldType, set[str]] = {
    kind: set() if kind is FieldType.CHOICE else {"is_set", "is_not_set"} for kind in FieldType
}
"""A choice is never missing."""


@pytest.mark.parametrize("kind", FieldType)
def test_each_type_of_field_has_the_operators_of_the_contract(kind: FieldType) -> None:
    assert {operator.key for operator in operators_for(kind)} == EXPECTED[kind] | ANY[kind]


@pytest.mark.parametrize("kind", FieldType)
def test_no_type_has_two_operators_of_one_name(kind: FieldType) -> None:
    assert max(Counter(operator.key for operator in operators_for(kind)).values()) == 1


@pytest.mark.parametrize("operator", [operator for operator in OPERATORS if operator.complement_of])
def test_a_negative_operator_takes_the_types_and_values_of_its_positive_one(operator: Operator) -> None:
    for kind in operator.types:
        positive = find_operator(operator.complement_of or "", kind)
        assert positive.takes is operator.takes
        assert positive.complement_of is None


def test_an_operator_of_another_type_is_refused_with_those_that_are_allowed() -> None:
    with pytest.raises(BadRule) as caught:
        find_operator("contains", FieldType.NUMBER, "rule.rules[2]")
    assert caught.value.field == "rule.rules[2].op"
    assert "'contains' does not go with a number field; allowed are gt, gte" in str(caught.value)


@pytest.mark.parametrize("kind", FieldType)
def test_what_is_written_or_said_of_a_field_is_one_operator(kind: FieldType) -> None:
    offered = operators_for(kind)
    spellings = [spelling for operator in offered for spelling in operator.spellings]
    assert len(set(spellings)) == len(spellings)
    for told in ({operator.label for operator in offered}, {operator.words for operator in offered}):
        assert len(told) == len(offered)


PLACES = {Takes.ONE: 1, Takes.RANGE: 2, Takes.MANY: 1, Takes.DAYS: 1, Takes.PERCENT: 1, Takes.NOTHING: 0}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.key)
def test_what_is_written_and_said_has_a_place_for_each_value(operator: Operator) -> None:
    for template in (*operator.spellings, operator.words):
        assert template.count("{}") == PLACES[operator.takes]


@pytest.mark.parametrize(
    ("op", "kind", "value", "checked"),
    [
        ("gt", FieldType.NUMBER, 3, Decimal(3)),
        ("gt", FieldType.MONEY, 29.33, Decimal("29.33")),
        ("gte", FieldType.MONEY, -5, Decimal(-5)),
        ("eq", FieldType.NUMBER, 10**15, Decimal(10**15)),
        ("between", FieldType.NUMBER, [1, 1], [Decimal(1), Decimal(1)]),
        ("between", FieldType.MONEY, [1, 2.5], [Decimal(1), Decimal("2.5")]),
        ("eq", FieldType.TEXT, "Pune", "pune"),
        ("ne", FieldType.TEXT, "Straße", "strasse"),
        ("contains", FieldType.TEXT, "ﬁ", "fi"),
        ("starts_with", FieldType.TEXT, " ", " "),
        ("eq", FieldType.TEXT, "x" * 200, "x" * 200),
        ("in", FieldType.TEXT, ["Pune", "GOA"], ["pune", "goa"]),
        ("has_any", FieldType.LIST, ["VIP"], ["vip"]),
        ("before", FieldType.DATE, "2026-01-31", date(2026, 1, 31)),
        ("in_last_days", FieldType.DATE, 0, 0),
        ("more_than_days_ago", FieldType.DATE, 36_500, 36_500),
        ("in_next_days", FieldType.DATE, 0, 0),
        ("more_than_days_ahead", FieldType.DATE, 36_500, 36_500),
        ("anniversary_in_next_days", FieldType.DATE, 365, 365),
        *(("in_top_percent", FieldType.MONEY, value, Decimal(str(value))) for value in (0.01, 2.5, 33.33, 100)),
        ("in_bottom_percent", FieldType.NUMBER, 25, Decimal(25)),
        ("is", FieldType.BOOLEAN, False, False),
        ("is_set", FieldType.DATE, None, None),
    ],
)
def test_a_good_value_is_given_as_engines_use_it(op: str, kind: FieldType, value: Any, checked: Any) -> None:
    assert check(op, kind, value) == checked


@pytest.mark.parametrize(
    ("op", "kind", "value", "reason"),
    [
        ("gt", FieldType.NUMBER, "3", "'3' is no number"),
        ("gt", FieldType.NUMBER, True, "is no number"),
        ("gt", FieldType.MONEY, None, "is no number"),
        ("gt", FieldType.MONEY, [1], "is no number"),
        ("gt", FieldType.NUMBER, 10**15 + 1, "beyond 10^15"),
        ("lt", FieldType.NUMBER, -1e300, "beyond 10^15"),
        ("between", FieldType.NUMBER, 5, "[low, high]"),
        ("between", FieldType.NUMBER, [5], "[low, high]"),
        ("between", FieldType.NUMBER, [1, 2, 3], "[low, high]"),
        ("between", FieldType.NUMBER, [2, 1], "reversed"),
        ("not_between", FieldType.NUMBER, [2, 1], "reversed"),
        ("between", FieldType.DATE, ["2026-02-01", "2026-01-01"], "reversed"),
        ("eq", FieldType.TEXT, 5, "is no text"),
        ("eq", FieldType.TEXT, "a\x00", "is no text"),
        ("eq", FieldType.TEXT, "\ud800", "is no text"),
        ("contains", FieldType.TEXT, "x" * 201, "at most 200 characters"),
        *((op, FieldType.TEXT, "", "an empty text is no value") for op in ("eq", "ne", "contains", "starts_with")),
        ("in", FieldType.TEXT, ["Pune", ""], "an empty text is no value; ask for customers without one by is_not_set"),
        ("has_any", FieldType.LIST, [""], "an empty text is no value"),
        ("eq", FieldType.TEXT, {"$gt": ""}, "is no text"),
        ("in", FieldType.TEXT, "Pune", "array of at least one text"),
        ("in", FieldType.TEXT, [], "array of at least one text"),
        ("in", FieldType.TEXT, ["Pune", 5], "is no text"),
        ("has_none", FieldType.LIST, [], "array of at least one text"),
        ("before", FieldType.DATE, "31.01.2026", '"2026-01-31"'),
        ("before", FieldType.DATE, "2026-01-31T12:00:00", "is no date"),
        ("on", FieldType.DATE, "2026-02-30", "is no date"),
        ("on", FieldType.DATE, 20260131, "is no date"),
        ("on", FieldType.DATE, "1899-12-31", "between 1900 and 9998"),
        ("after", FieldType.DATE, "9999-12-31", "between 1900 and 9998"),
        ("in_last_days", FieldType.DATE, -1, "0 to 36,500"),
        ("in_last_days", FieldType.DATE, 36_501, "0 to 36,500"),
        ("in_last_days", FieldType.DATE, 1.5, "0 to 36,500"),
        ("more_than_days_ago", FieldType.DATE, True, "0 to 36,500"),
        ("more_than_days_ago", FieldType.DATE, "90", "0 to 36,500"),
        *((op, FieldType.DATE, 100_000, "0 to 36,500") for op in ("in_next_days", "more_than_days_ahead")),
        ("in_next_days", FieldType.DATE, -1, "0 to 36,500"),
        *(
            ("in_top_percent", FieldType.MONEY, value, "is no percentage above 0 and up to 100")
            for value in (0, -1, 100.01, 101, 0.001, 12.345, True, "10", [10], 1e300)
        ),
        ("anniversary_in_next_days", FieldType.DATE, 366, "0 to 365"),
        ("anniversary_in_next_days", FieldType.DATE, -1, "0 to 365"),
        ("is", FieldType.BOOLEAN, None, "neither true nor false"),
        ("is", FieldType.BOOLEAN, 1, "neither true nor false"),
        ("is", FieldType.BOOLEAN, "true", "neither true nor false"),
        ("is_set", FieldType.TEXT, "x", "takes no value"),
        ("is_not_set", FieldType.NUMBER, False, "takes no value"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(op: str, kind: FieldType, value: Any, reason: str) -> None:
    assert reason in refusal(op, kind, value)


@pytest.mark.parametrize("operator", [operator for operator in OPERATORS if operator.takes is not Takes.NOTHING])
def test_an_operator_that_needs_a_value_is_refused_without_one(operator: Operator) -> None:
    for kind in operator.types:
        with pytest.raises(BadRule):
            check_value(operator, kind, None, fold)


def test_a_figure_has_the_comparisons_of_numbers_and_nothing_else() -> None:
    assert {operator.key for operator in operators_for_figures()} == NUMERIC
    assert {find_figure_operator(key).key for key in NUMERIC} == NUMERIC
    with pytest.raises(BadRule) as caught:
        find_figure_operator("is_set", "rule.rules[1]")
    assert "'is_set' does not go with a figure over orders or events; allowed are gt" in str(caught.value)
    assert "is_set" not in str(caught.value).partition("allowed are")[2]
    assert caught.value.field == "rule.rules[1].op"


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(refusal("gt", FieldType.NUMBER, "x" * 100_000)) < 150
