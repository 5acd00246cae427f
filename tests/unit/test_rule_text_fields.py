"""The text of conditions on fields that look ahead, rank, compare with another field, or say who never ordered."""

import pytest

from tests.unit.rule_samples import Json, beside, group, on
from tests.unit.test_rule_text import A, parsed, printed


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("never ordered", on("last_order_at", "is_not_set")),
        ("NOT Never\n ORDERED", group("none", on("last_order_at", "is_not_set"))),
        (
            "(inactive for 9 days OR never ordered)",
            group("any", on("last_order_at", "more_than_days_ago", 9), on("last_order_at", "is_not_set")),
        ),
        ("last_order is not set", on("last_order_at", "is_not_set")),
        ("first_order is not set", on("first_order_at", "is_not_set")),
    ],
)
def test_who_never_ordered_is_said_in_words(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("texts", "tree"),
    [
        (
            ["spend in top 10 %", "spend in top 10%", "spend in the top 10 %", "spend in the top 10 percent"],
            on("total_spend", "in_top_percent", 10),
        ),
        (["visits in bottom 2.5 %", "visits IN THE Bottom 2.5 Percent"], on("visits", "in_bottom_percent", 2.5)),
        (["cart > average_order", "cart_value > AVG_ORDER_VALUE"], beside("cart_value", "gt", "avg_order_value")),
        (["visits is not score", "visits != attributes.score"], beside("visits", "ne", "attributes.score")),
        (["last_order before attributes.birthday"], beside("last_order_at", "before", "attributes.birthday")),
        (["last_order on birthday", "last_order = birthday"], beside("last_order_at", "on", "attributes.birthday")),
        (["city = size", "city is size"], beside("city", "eq", "attributes.size")),
        (["score = between and visits = 1"], group("all", beside("attributes.score", "eq", "attributes.between"), A)),
        (["birthday in next 9 days", "birthday in the next 9 days"], on("attributes.birthday", "in_next_days", 9)),
        (["birthday more than 9 days ahead"], on("attributes.birthday", "more_than_days_ahead", 9)),
        (
            ["birthday anniversary in next 9 days", "BIRTHDAY Anniversary IN THE NEXT 9 day"],
            on("attributes.birthday", "anniversary_in_next_days", 9),
        ),
    ],
)
def test_what_is_said_in_several_ways_is_one_condition(texts: list[str], tree: Json) -> None:
    assert [parsed(text) for text in texts] == [tree] * len(texts)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (on("last_order_at", "is_not_set"), "never ordered"),
        (on("total_spend", "in_top_percent", 10), "spend in top 10 %"),
        (on("attributes.birthday", "in_next_days", 1), "birthday in next 1 day"),
        (on("first_order_at", "is_not_set"), "first_order is not set"),
        (beside("cart_value", "lte", "avg_order_value"), "cart <= average_order"),
        (beside("attributes.score", "eq", "attributes.and"), "score = attributes.and"),
        (beside("attributes.score", "eq", "attributes.between"), "score = between"),
    ],
)
def test_a_condition_is_printed_in_one_way(tree: Json, text: str) -> None:
    assert printed(tree) == text
