"""The model of spending at the edges of what there is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from crm_core.predictions.maximum import NotFittedError
from crm_core.predictions.spending import SpendingLikelihood, SpendingModel, expected_value, fit_spending

MODEL = SpendingModel(6.25, 3.74, 15.44)


def drawn(model: SpendingModel, customers: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders and their means."""
    rng = np.random.default_rng(2)
    orders = rng.integers(1, 9, customers).astype(float)
    rates = rng.gamma(model.q, 1 / model.gamma, customers)
    return orders, rng.gamma(model.p * orders, 1 / rates) / orders


def test_parameters_are_found_again_from_what_they_make() -> None:
    found = fit_spending(*drawn(MODEL, 8_000))
    assert found.model.p == pytest.approx(MODEL.p, rel=0.05)
    assert found.model.q == pytest.approx(MODEL.q, rel=0.1)
    assert found.model.mean == pytest.approx(MODEL.mean, rel=0.03)


def test_the_unit_of_the_amounts_changes_nothing_but_gamma() -> None:
    orders, means = drawn(MODEL, 500)
    major, minor = fit_spending(orders, means), fit_spending(orders, means * 100)
    assert minor.model.p == pytest.approx(major.model.p, rel=1e-4)
    assert minor.model.gamma == pytest.approx(100 * major.model.gamma, rel=1e-3)
    assert minor.log_likelihood == pytest.approx(major.log_likelihood - 500 * np.log(100))


def test_the_slopes_are_those_of_the_likelihood() -> None:
    likelihood = SpendingLikelihood(*drawn(MODEL, 20))
    error = check_grad(lambda each: likelihood(each)[0], lambda each: likelihood(each)[1], [6.0, 3.0, 15.0])
    assert error < 1e-3


@pytest.mark.parametrize("means", [[0.0, 0.0], [-5.0, -1.0], []], ids=["nothing spent", "refunds only", "nobody"])
def test_nobody_who_spent_is_no_fit(means: list[float]) -> None:
    with pytest.raises(NotFittedError, match="Nobody has spent"):
        fit_spending(np.ones(len(means)), np.array(means))


def test_those_who_spent_nothing_are_left_out() -> None:
    orders, means = drawn(MODEL, 500)
    with_none = fit_spending(np.append(orders, [3, 2]), np.append(means, [0, -20]))
    assert with_none == fit_spending(orders, means)


def test_amounts_that_vary_without_a_mean_are_no_fit() -> None:
    with pytest.raises(NotFittedError, match="too widely"):
        fit_spending(*drawn(SpendingModel(6.0, 0.6, 15.0), 3_000))


def test_one_price_for_all_is_what_everybody_will_spend() -> None:
    orders, means = np.array([1.0, 2, 3, 4] * 50), np.full(200, 20.0)
    found = fit_spending(orders, means)
    assert expected_value(found.model, np.array([1.0, 10]), np.array([20.0, 20])) == pytest.approx([20, 20], rel=0.01)


@given(st.floats(1, 500), st.floats(-1e6, 1e6))
def test_an_expected_value_is_never_negative(orders: float, mean: float) -> None:
    assert expected_value(MODEL, np.array([orders]), np.array([mean]))[0] >= 0


def test_the_more_orders_the_nearer_to_ones_own_mean() -> None:
    few, many = expected_value(MODEL, np.array([1.0, 200.0]), np.array([100.0, 100.0]))
    assert MODEL.mean < few < many < 100
