"""Explanations of a field against another one: both values, and by how much the first would have to change."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.rule_samples import NOW, Json, beside
from tests.unit.test_explaining import DAY, LAST, MS, explained


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            beside("avg_order_value", "gt", "total_spend"),
            (False, Decimal("40.17"), Decimal("80.34"), Decimal("120.50")),
        ),
        (
            beside("total_spend", "lte", "avg_order_value"),
            (False, Decimal("120.50"), Decimal("-80.34"), Decimal("40.17")),
        ),
        (beside("visits", "lt", "order_count"), (False, 5, Decimal(-3), 3)),
        (beside("visits", "gt", "order_count"), (True, 5, None, 3)),
        (beside("visits", "gt", "attributes.score"), (True, 5, None, 2.5)),
        (beside("last_order_at", "on", "first_order_at"), (False, LAST, -319.5 * DAY - MS, NOW - 400 * DAY)),
        (beside("last_order_at", "after", "first_order_at"), (True, LAST, None, NOW - 400 * DAY)),
        (beside("city", "eq", "attributes.size"), (False, "pune", None, "m")),
        (beside("city", "ne", "country"), (True, "pune", None, None)),
        (beside("country", "eq", "city"), (False, None, None, "pune")),
    ],
)
def test_a_comparison_is_told_with_both_values_and_the_change_of_the_first(data: Json, found: Any) -> None:
    told = explained(data)
    assert (told.matches, told.actual, told.distance, told.other) == found
