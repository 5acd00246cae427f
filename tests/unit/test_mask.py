"""The mask engine where numbers are large, columns empty, or a column is not there."""

import math
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from crm_core.errors import BadRule
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.engines.columns import Columns
from crm_core.rules.engines.encoding import encode
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.mask_quotients import is_quotient_within
from crm_core.rules.fields import FIELDS, Catalogue
from crm_core.rules.predicates import Range
from crm_core.rules.text.parsing import parse_text

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SCOPE = RuleContext(NOW, 2, fold)
LARGEST = 10**14
"""Minor units of the largest order that the API takes."""


def customer(name: str, **more: Any) -> dict[str, Any]:
    return {"_id": name, "total_spend_minor": 0, "order_count": 0, "visits": 0, **more}


def order(number: int, amount_minor: int, **more: Any) -> dict[str, Any]:
    whose = {"_id": f"o{number}", "customer_id": "a", "status": "confirmed", "ordered_at": NOW}
    return whose | {"amount_minor": amount_minor} | more


def found(text: str, columns: Columns) -> list[bool]:
    return [bool(each) for each in mask(bind(parse_text(text, SCOPE), SCOPE), columns)]


@pytest.mark.parametrize("cancelled", [0, 1000], ids=["most orders count", "few orders count"])
def test_a_sum_beyond_what_doubles_hold_is_exact_to_the_cent(cancelled: int) -> None:
    orders = [order(number, LARGEST) for number in range(99)]
    orders += [order(number, 1, status="cancelled") for number in range(200, 200 + cancelled)]
    for last in (LARGEST - 1, LARGEST):
        columns = encode([customer("a"), customer("b")], [*orders, order(99, last)], [], [], Catalogue())
        assert found("orders.sum() >= 100000000000000", columns) == [last == LARGEST, False]
        assert found("orders.avg() >= 1000000000000", columns) == [last == LARGEST, False]


@pytest.mark.parametrize("count", [3, 2**20, 10**9], ids=["small counts", "counts beyond the table", "large counts"])
@pytest.mark.parametrize("scale", [1, 10**15], ids=["products fit", "products overflow"])
def test_an_average_on_the_edge_is_told_from_its_neighbours(count: int, scale: int) -> None:
    end = Fraction(scale) + Fraction(1, 3)
    exact = end * count
    totals = np.array([*(min(math.floor(exact) + step, 2**62) for step in (-1, 0, 1, 2)), 5])
    counts = np.array([count] * 4 + [0])
    quotients = [Fraction(int(total), count) for total in totals[:4]]
    for wanted, holds in (
        (Range(end), [each >= end for each in quotients]),
        (Range(end, None, without_low=True), [each > end for each in quotients]),
        (Range(None, end), [each <= end for each in quotients]),
        (Range(None, end, without_high=True), [each < end for each in quotients]),
    ):
        assert is_quotient_within(wanted, totals, counts).tolist() == [*holds, False]


@pytest.mark.parametrize(
    "text",
    [
        *("spend > 1", "average_order > 1", "city is set", "orders.sum() = 0", "orders.avg() > 1", "orders.max() > 1"),
        *("orders(category = 'x') = 0", "events(visit) = 0", "customer in ('a')", "everyone"),
        "NOT tags has any ('x')",
    ],
)
def test_there_may_be_no_customers_and_no_records(text: str) -> None:
    assert found(text, encode([], [], [], [], Catalogue())) == []
    assert len(found(text, encode([customer("a")], [], [], [], Catalogue()))) == 1


def test_records_of_customers_that_the_columns_do_not_have_count_for_nobody() -> None:
    columns = encode([customer("b")], [order(1, 100)], [], [], Catalogue())
    assert found("orders() = 0", columns) == [True]


def test_a_field_without_a_column_is_named() -> None:
    columns = encode(
        [customer("a")], [], [], [], Catalogue(built_in=tuple(each for each in FIELDS if each.name != "email"))
    )
    with pytest.raises(BadRule, match="E-mail is not among the columns") as caught:
        found("visits = 0 AND email is set", columns)
    assert caught.value.field == "rule.rules[1]"


def test_a_mask_may_be_changed_without_changing_the_columns() -> None:
    columns = encode([customer("a", cart_value_minor=1), customer("b")], [], [], [], Catalogue())
    first = mask(bind(parse_text("cart is set", SCOPE), SCOPE), columns)
    first[:] = False
    assert found("cart is set", columns) == [True, False]


def test_an_average_of_nothing_is_compared_with_a_number_of_any_length() -> None:
    totals, counts = np.array([0, 0]), np.array([3, 0])
    tiny = Fraction(1, 10**30)
    assert list(is_quotient_within(Range(None, tiny), totals, counts)) == [True, False]
    assert list(is_quotient_within(Range(tiny), totals, counts)) == [False, False]
