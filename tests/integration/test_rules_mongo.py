"""What each operator of each field finds in MongoDB, in a population where the answer can be read off."""

from typing import Any

import pytest

from crm_core.rules.fields import FIELDS, FieldType
from crm_core.rules.operators import Takes, operators_for
from crm_core.services import Services
from tests.integration.population import EVERYBODY, but, field, match


@pytest.mark.parametrize(
    ("name", "op", "value", "ids"),
    [
        ("visits", "gt", 3, "asha"),
        ("visits", "gte", 3, "asha bela cem"),
        ("visits", "lt", 3, "dora emil fay gus"),
        ("visits", "lte", 3, "bela cem dora emil fay gus"),
        ("visits", "eq", 3, "bela cem"),
        ("visits", "eq", 3.0, "bela cem"),
        ("visits", "eq", 2.5, ""),
        ("visits", "between", [3, 10], "asha bela cem"),
        ("visits", "between", [4, 9], ""),
        ("order_count", "eq", 2, "asha emil"),
        ("order_count", "gte", 100, "gus"),
        ("order_count", "lt", 1, "dora"),
        ("total_spend", "gt", 75, "asha fay"),
        ("total_spend", "gte", 75, "asha bela cem fay"),
        ("total_spend", "eq", 33.33, "emil"),
        ("total_spend", "lt", 4.36, "dora gus"),
        ("total_spend", "lte", 4.345, "dora"),
        ("total_spend", "between", [33.33, 75], "bela cem emil"),
        ("cart_value", "eq", 0, "asha"),
        ("cart_value", "gt", 20.5, "cem"),
        ("cart_value", "lt", 20.505, "asha bela"),
        ("cart_value", "lt", 0, ""),
        ("cart_value", "is_set", None, "asha bela cem"),
        ("visits", "is_set", None, EVERYBODY),
    ],
)
def test_numbers_and_money_compare_exactly_and_missing_values_never_match(
    shop: Services, name: str, op: str, value: Any, ids: str
) -> None:
    assert match(shop, field(name, op, value)) == ids


@pytest.mark.parametrize(
    ("op", "value", "ids"),
    [
        ("gt", 16.66, "asha bela cem emil fay"),
        ("gte", 16.665, "asha bela cem emil fay"),
        ("gt", 16.665, "asha bela cem fay"),
        ("eq", 16.665, "emil"),
        ("eq", 16.67, ""),
        ("eq", 16.66, ""),
        ("eq", 33.33, ""),
        ("eq", 33.34, ""),
        ("between", [33.33, 33.34], "fay"),
        ("between", [16.665, 16.665], "emil"),
        ("eq", 75, "asha bela cem"),
        ("gt", 75, ""),
        ("lt", 16.665, "gus"),
        ("eq", 0.0435, "gus"),
        ("lte", 0.0435, "gus"),
        ("lt", 0.0435, ""),
        ("is_set", None, "asha bela cem emil fay gus"),
        ("is_not_set", None, "dora"),
    ],
)
def test_an_average_is_never_rounded_and_nobody_without_an_order_has_one(
    shop: Services, op: str, value: Any, ids: str
) -> None:
    assert match(shop, field("avg_order_value", op, value)) == ids


@pytest.mark.parametrize(
    ("name", "op", "value", "ids"),
    [
        ("city", "eq", "pune", "asha"),
        ("city", "eq", "PUNE", "asha"),
        ("city", "eq", "großstadt", "bela cem"),
        ("city", "eq", "GROSSSTADT", "bela cem"),
        ("city", "eq", "Gro", ""),
        ("city", "in", ["Großstadt", "Goa"], "bela cem"),
        ("city", "in", ["Pune", "GROẞSTADT"], "asha bela cem"),
        ("city", "contains", "SST", "bela cem"),
        ("city", "contains", "ß", "bela cem"),
        ("city", "starts_with", "p", "asha"),
        ("city", "starts_with", "une", ""),
        ("country", "eq", "INDIA", "asha bela"),
        ("name", "contains", "", "asha bela cem"),
        ("name", "starts_with", "", "asha bela cem"),
        ("name", "contains", "a r", "asha"),
        ("email", "contains", "@EXAMPLE.com", "asha"),
        ("phone", "starts_with", "+91", "asha"),
        ("category", "eq", "ＢＯＯＫＳ", "asha cem"),
        ("city", "is_set", None, "asha bela cem"),
        ("city", "is_not_set", None, "dora emil fay gus"),
    ],
)
def test_texts_compare_without_case_in_every_script(shop: Services, name: str, op: str, value: Any, ids: str) -> None:
    assert match(shop, field(name, op, value)) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        *((text, "cem") for text in (".*", "(test)", "[x]", "]$", "$", ".", "* [")),
        *((text, "") for text in ("^", "a|b", "\\", "\\w", "A.ha", "(?i)", "cem.", "\n", "[a-z]")),
    ],
)
def test_what_means_something_in_a_regular_expression_is_taken_literally(shop: Services, text: str, ids: str) -> None:
    assert match(shop, field("name", "contains", text)) == ids
    assert match(shop, field("name", "not_contains", text)) == but(ids)


def test_a_text_that_begins_like_a_field_path_is_a_text(shop: Services) -> None:
    assert match(shop, field("name", "eq", "$name")) == ""
    assert match(shop, {"kind": "orders", "op": "gte", "value": 1, "category": "$status"}) == ""


@pytest.mark.parametrize(
    ("name", "op", "value", "ids"),
    [
        ("first_order_at", "before", "2026-01-01", "fay"),
        ("first_order_at", "on", "2026-01-01", "emil"),
        ("last_order_at", "on", "2026-01-01", "emil"),
        ("last_order_at", "after", "2026-01-01", "asha bela fay"),
        ("last_order_at", "after", "2025-12-31", "asha bela emil fay"),
        ("last_order_at", "before", "2026-01-02", "emil"),
        ("last_order_at", "between", ["2026-01-01", "2026-01-01"], "emil"),
        ("first_order_at", "between", ["2025-12-31", "2026-01-01"], "emil fay"),
        ("first_order_at", "on", "2026-05-16", "asha bela"),
        ("last_order_at", "in_last_days", 0, "asha"),
        ("last_order_at", "more_than_days_ago", 0, "asha bela emil fay"),
        ("first_order_at", "in_last_days", 30, "asha"),
        ("first_order_at", "more_than_days_ago", 30, "asha bela emil fay"),
        ("last_order_at", "in_last_days", 31, "asha bela"),
        ("last_order_at", "more_than_days_ago", 30, "bela emil fay"),
        ("last_order_at", "more_than_days_ago", 31, "emil fay"),
        ("last_order_at", "is_set", None, "asha bela emil fay"),
        ("last_order_at", "is_not_set", None, "cem dora gus"),
        ("created_at", "on", "2026-06-13", "bela cem"),
        ("created_at", "after", "2026-06-13", "asha emil fay"),
        ("created_at", "before", "2026-06-12", "gus"),
    ],
)
def test_dates_are_utc_days_and_windows_hold_both_their_edges(
    shop: Services, name: str, op: str, value: Any, ids: str
) -> None:
    assert match(shop, field(name, op, value)) == ids


@pytest.mark.parametrize(
    ("name", "op", "value", "ids"),
    [
        ("loyalty_member", "is", True, "asha"),
        ("loyalty_member", "is", False, "bela"),
        ("abandoned_cart", "is", True, "bela"),
        ("abandoned_cart", "is_set", None, "asha bela"),
        ("loyalty_member", "is_not_set", None, "cem dora emil fay gus"),
        ("tags", "has_any", ["VIP"], "asha bela"),
        ("tags", "has_any", ["early", "none"], "asha"),
        ("tags", "has_all", ["vip", "EARLY"], "asha"),
        ("tags", "has_all", ["vip", "none"], ""),
        ("tags", "has_none", ["vip"], "cem dora emil fay gus"),
        ("tags", "has_none", ["early", "none"], but("asha")),
        ("tags", "is_set", None, "asha bela"),
        ("tags", "is_not_set", None, but("asha bela")),
        ("categories", "has_any", ["books"], "asha bela"),
        ("categories", "has_any", ["toys"], ""),
        ("categories", "has_all", ["BOOKS", "music"], "asha"),
        ("categories", "has_any", ["STRASSE"], "emil"),
        ("categories", "is_set", None, "asha bela emil"),
    ],
)
def test_booleans_and_lists(shop: Services, name: str, op: str, value: Any, ids: str) -> None:
    assert match(shop, field(name, op, value)) == ids


SAMPLES: dict[FieldType, dict[Takes, list[Any]]] = {
    FieldType.NUMBER: {Takes.ONE: [0, 3, 2.5], Takes.RANGE: [[0, 3], [3, 3]]},
    FieldType.MONEY: {Takes.ONE: [0, 20.5, 16.665], Takes.RANGE: [[0, 75], [0.001, 20.504]]},
    FieldType.TEXT: {Takes.ONE: ["", "o", "großstadt", "."], Takes.MANY: [["pune", "Asha Rao"], ["books"]]},
    FieldType.LIST: {Takes.MANY: [["vip"], ["books", "toys"]]},
    FieldType.DATE: {},
    FieldType.BOOLEAN: {},
}


@pytest.mark.parametrize("found", FIELDS, ids=lambda found: found.name)
def test_a_negative_operator_finds_exactly_those_whom_its_positive_one_does_not(shop: Services, found: Any) -> None:
    negatives = [operator for operator in operators_for(found.type) if operator.complement_of]
    assert negatives
    for operator in negatives:
        for value in SAMPLES[found.type].get(operator.takes, [None]):
            positive = match(shop, field(found.name, str(operator.complement_of), value))
            assert match(shop, field(found.name, operator.key, value)) == but(positive), (operator.key, value)


def test_every_operator_of_every_field_runs(shop: Services) -> None:
    dates: dict[Takes, list[Any]] = {
        Takes.ONE: ["2026-01-01"],
        Takes.RANGE: [["2026-01-01", "2026-06-01"]],
        Takes.DAYS: [30],
    }
    samples = {**SAMPLES, FieldType.DATE: dates, FieldType.BOOLEAN: {Takes.ONE: [True, False]}}
    for found in FIELDS:
        for operator in operators_for(found.type):
            for value in samples[found.type].get(operator.takes, [None]):
                match(shop, field(found.name, operator.key, value))
