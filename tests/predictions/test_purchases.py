"""The model of purchases at the edges of what there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from crm_core.predictions.histories import Histories
from crm_core.predictions.maximum import NotFittedError, maximise
from crm_core.predictions.purchases import (
    PurchaseLikelihood,
    PurchaseModel,
    active_chance,
    expected_orders,
    fit_purchases,
    leaving_chances,
    silence_chance,
)
from tests.predictions.histories import CDNOW, histories, history, simulated

POSITIVE = st.floats(0.01, 100)
MODELS = st.builds(PurchaseModel, POSITIVE, POSITIVE, POSITIVE, POSITIVE)


@st.composite
def observed(draw: st.DrawFn) -> Histories:
    """A customer as there may be one: no more days with orders than days."""
    age = draw(st.integers(0, 7_000))
    repeats = draw(st.integers(0, min(age, 900)))
    recency = draw(st.integers(repeats, age)) if repeats else 0
    return history(repeats, recency / 7, age / 7)


@given(MODELS, observed(), st.floats(0.1, 60))
def test_chances_are_within_0_and_1_and_orders_within_what_is_possible(
    model: PurchaseModel, row: Histories, weeks: float
) -> None:
    active, silent = active_chance(model, row)[0], silence_chance(model, row, weeks)[0]
    orders = expected_orders(model, row, weeks)[0]
    assert 0 <= active <= 1
    assert 0 <= silent <= 1
    assert 0 <= orders <= (model.r + row.repeats[0]) / (model.alpha + row.age[0]) * weeks * 1.000001
    assert orders >= (1 - silent) * 0.999999 - 1e-12, "who orders at all orders at least once"


@given(MODELS, observed(), st.floats(0.1, 30))
def test_more_time_means_more_orders_and_less_silence(model: PurchaseModel, row: Histories, weeks: float) -> None:
    less, more = (expected_orders(model, row, each)[0] for each in (weeks, 2 * weeks))
    assert less * (1 - 1e-9) <= more <= 2 * less * (1 + 1e-9)
    assert silence_chance(model, row, 2 * weeks)[0] <= silence_chance(model, row, weeks)[0]


@given(MODELS, st.integers(1, 100), st.floats(0, 400), st.floats(0, 400))
def test_a_later_last_order_makes_active_more_likely(
    model: PurchaseModel, repeats: int, one: float, other: float
) -> None:
    early, late = sorted((one, other))
    rows = histories((repeats, early, 400), (repeats, late, 400))
    chances = active_chance(model, rows)
    assert chances[0] <= chances[1]


@given(MODELS, st.integers(1, 200), st.floats(0, 100), st.floats(0, 300))
def test_silence_since_makes_active_less_likely(
    model: PurchaseModel, repeats: int, recency: float, more: float
) -> None:
    rows = histories((repeats, recency, recency), (repeats, recency, recency + more))
    chances = active_chance(model, rows)
    assert chances[1] <= chances[0]


def test_one_order_says_nothing_of_leaving_but_of_the_rate() -> None:
    young, old, oldest = (history(0, 0, weeks) for weeks in (1, 100, 10_000))
    assert [active_chance(CDNOW, each)[0] for each in (young, old, oldest)] == [1, 1, 1]
    silences = [silence_chance(CDNOW, each, 52)[0] for each in (young, old, oldest)]
    assert silences == sorted(silences)
    assert silences[2] > 0.99


def test_the_first_order_on_the_last_day_is_a_newcomer() -> None:
    row = history(0, 0, 0)
    assert expected_orders(CDNOW, row, 39)[0] > expected_orders(CDNOW, history(0, 0, 39), 39)[0]
    assert np.isfinite(PurchaseLikelihood(row)(np.array([0.2, 4.0, 0.8, 2.4]))[0])


@pytest.mark.parametrize(
    "model",
    [
        PurchaseModel(0.3, 2, 1, 2),
        PurchaseModel(0.3, 2, 0.4, 0.6),
        PurchaseModel(0.3, 2, 1e-4, 1e5),
        PurchaseModel(0.3, 2, 1e5, 1e5),
        PurchaseModel(1e5, 1e5, 2, 3),
        PurchaseModel(0.3, 1e-4, 0.5, 0.5),
    ],
)
def test_where_the_closed_form_has_poles_or_overflows_there_is_a_number(model: PurchaseModel) -> None:
    """a = 1 and a + b = 1 divide by zero there; hundreds of orders overflow."""
    rows = histories((0, 0, 10), (1, 3, 10), (60, 9, 10), (700, 104, 105), (3, 1, 5_000))
    expected = expected_orders(model, rows, 52)
    assert np.isfinite(expected).all()
    assert (expected >= 0).all()
    assert expected[0] <= (model.r / (model.alpha + 10)) * 52 * 1.000001


@pytest.mark.parametrize(("a", "b"), [(0.8, 2.4), (1, 1), (0.01, 700), (1e5, 1e-4), (3, 0.5)])
def test_the_points_of_a_beta_distribution_have_its_moments(a: float, b: float) -> None:
    points, shares = leaving_chances(a, b)
    assert shares.sum() == pytest.approx(1)
    assert points @ shares == pytest.approx(a / (a + b))
    assert points**2 @ shares == pytest.approx(a * (a + 1) / ((a + b) * (a + b + 1)))


def test_the_slopes_are_those_of_the_likelihood() -> None:
    likelihood = PurchaseLikelihood(histories((0, 0, 20), (1, 5, 20), (4, 18, 30), (30, 50, 52)))
    error = check_grad(lambda each: likelihood(each)[0], lambda each: likelihood(each)[1], [0.3, 4.0, 0.7, 2.0])
    assert error < 1e-3


def test_customers_who_are_alike_count_as_many() -> None:
    rows = histories(*[(0, 0, 20)] * 5, (1, 5, 20), (1, 5, 20))
    grouped = rows.grouped()
    assert sorted(grouped.rows.weights) == [2, 5]
    assert list(grouped.rows.repeats[grouped.places]) == list(rows.repeats)
    parameters = np.array([0.3, 4.0, 0.7, 2.0])
    assert PurchaseLikelihood(grouped.rows)(parameters)[0] == pytest.approx(PurchaseLikelihood(rows)(parameters)[0])


def test_parameters_are_found_again_from_what_they_make() -> None:
    true = PurchaseModel(0.6, 3.0, 0.8, 3.0)
    found = fit_purchases(simulated(true, 6_000, weeks=104)).model
    assert found.r == pytest.approx(true.r, rel=0.1)
    assert found.r / found.alpha == pytest.approx(true.r / true.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(true.a / (true.a + true.b), rel=0.15)


@pytest.mark.parametrize(
    "rows",
    [
        histories(*[(0, 0, week) for week in range(1, 100)]),
        histories(*[(0, 0, 0)] * 50),
        histories(*[(week, week, week) for week in range(1, 60)]),
        history(3, 10, 1_000_000),
    ],
    ids=["nobody repeats", "all on the last day", "everybody every week", "one customer of 20,000 years"],
)
def test_a_fit_of_what_tells_nothing_ends_with_numbers_or_says_so(rows: Histories) -> None:
    try:
        found = fit_purchases(rows)
    except NotFittedError:
        return
    assert np.isfinite(found.log_likelihood)
    assert np.isfinite(expected_orders(found.model, rows, 52)).all()


def test_a_likelihood_that_never_settles_is_no_fit() -> None:
    with pytest.raises(NotFittedError):
        maximise(lambda parameters: (float("nan"), parameters), [(1.0, 1.0)], (1e-3, 1e3), 10)
