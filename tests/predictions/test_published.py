"""The models against what their papers published for CDNOW, and against computations of another kind."""

from datetime import date

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1

from crm_core.predictions.checking import predict_each
from crm_core.predictions.histories import Floats, Histories
from crm_core.predictions.purchases import PurchaseModel, active_chance, expected_orders, fit_purchases
from crm_core.predictions.spending import fit_spending
from tests.predictions.cdnow_sample import CALIBRATED, ENDED, read_days
from tests.predictions.histories import history

HOLDOUT_WEEKS = 39


@pytest.fixture(scope="module")
def customers() -> list[dict[date, int]]:
    return [dict(days) for days in read_days().values()]


@pytest.fixture(scope="module")
def known(customers: list[dict[date, int]]) -> Histories:
    days = [sorted(day.toordinal() for day in each if day <= CALIBRATED) for each in customers]
    counts, first, last = (np.array([part(each) for each in days]) for part in (len, min, max))
    return Histories.of_days(counts, first, last, CALIBRATED.toordinal())


def later(customers: list[dict[date, int]]) -> Floats:
    """Days with purchases in the holdout period."""
    return np.array([sum(day > CALIBRATED for day in each) for each in customers], dtype=float)


def test_parameters_and_likelihood_are_those_of_the_paper(known: Histories) -> None:
    """Fader, Hardie and Lee, Marketing Science 24 (2005), table 2."""
    found = fit_purchases(known)
    assert known.size == 2357
    model = found.model
    assert [round(each, 3) for each in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]
    assert round(found.log_likelihood, 1) == -9582.4


def test_spending_is_that_of_the_paper(customers: list[dict[date, int]]) -> None:
    """Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013): repeat purchases of 946 customers."""
    repeats = [sorted(day for day in each if day <= CALIBRATED)[1:] for each in customers]
    spent = [(len(days), sum(each[day] for day in days)) for days, each in zip(repeats, customers, strict=True) if days]
    orders, cents = np.array(spent, dtype=float).T
    found = fit_spending(orders, cents / orders / 100)
    assert found.customers == 946
    assert [round(each, 2) for each in (found.model.p, found.model.q, found.model.gamma)] == [6.25, 3.74, 15.44]


def test_conditional_expectations_are_those_of_the_closed_form(known: Histories) -> None:
    """Equation 10 as it stands in the paper, whose hypergeometric function is sound for so few purchases."""
    model = fit_purchases(known).model
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    x, age, t = known.repeats, known.age, HOLDOUT_WEEKS
    z = t / (alpha + age + t)
    power = ((alpha + age) / (alpha + age + t)) ** (r + x)
    inner = 1 - power * hyp2f1(r + x, b + x, a + b + x - 1, z)
    odds = np.where(x > 0, a / np.maximum(b + x - 1, 1e-9) * ((alpha + age) / (alpha + known.recency)) ** (r + x), 0)
    closed = (a + b + x - 1) / (a - 1) * inner / (1 + odds)
    np.testing.assert_allclose(predict_each(model, known, t), closed, rtol=1e-7)


def test_tracking_of_the_holdout_period(customers: list[dict[date, int]], known: Histories) -> None:
    """By number of purchases in the first 39 weeks: what each is expected to buy in the next, and did buy.

    The expected numbers come from a computation by definition: a mean over rates and chances to leave, by simulation.
    """
    model, actual = fit_purchases(known).model, later(customers)
    expected = predict_each(model, known, HOLDOUT_WEEKS)
    assert (ENDED - CALIBRATED).days == HOLDOUT_WEEKS * 7
    assert int(actual.sum()) == 1882
    simulated = simulate(model, known, HOLDOUT_WEEKS)
    groups = [(known.repeats == count) if count < 7 else (known.repeats >= 7) for count in range(8)]
    assert [int(group.sum()) for group in groups] == [1411, 439, 214, 100, 62, 38, 29, 64]
    for group in groups:
        assert expected[group].mean() == pytest.approx(simulated[group].mean(), rel=0.06)
    shown = [(round(float(expected[group].mean()), 2), round(float(actual[group].mean()), 2)) for group in groups]
    assert shown == [
        (0.23, 0.24), (0.52, 0.70), (1.04, 1.39), (1.52, 1.56), (2.16, 2.53), (2.65, 2.95), (3.50, 3.86), (6.16, 6.36)
    ]  # fmt: skip


def simulate(model: PurchaseModel, rows: Histories, weeks: float, draws: int = 200) -> Floats:
    """Purchases of each on average, from the posterior of those who are active by weights of the likelihood."""
    rng = np.random.default_rng(20261130)
    total = np.zeros(rows.size)
    for _ in range(draws):
        active = rng.random(rows.size) < active_chance(model, rows)
        rate = rng.gamma(model.r + rows.repeats, 1 / (model.alpha + rows.age))
        leaves = rng.beta(model.a, model.b + rows.repeats)
        possible = rng.poisson(rate * weeks)
        stays = rng.geometric(np.maximum(leaves, 1e-12))
        total += np.where(active, np.minimum(possible, stays), 0)
    return total / draws


def test_cumulative_repeat_purchases_of_newcomers_track_the_paper(customers: list[dict[date, int]]) -> None:
    """Repeat purchases of all by the end of week 78: those that happened, and those that the model of week 39 expects
    of newcomers, which its integral over the rate and the chance to leave gives as well."""
    model = PurchaseModel(0.243, 4.414, 0.793, 2.426)
    ages = np.array([(ENDED - min(each)).days / 7 for each in customers])
    distinct, counts = np.unique(ages, return_counts=True)
    nobody = history(0, 0, 0)
    expected = sum(
        count * float(expected_orders(model, nobody, age)[0]) for age, count in zip(distinct, counts, strict=True)
    )
    actual = sum(len(each) - 1 for each in customers)
    assert float(expected_orders(model, nobody, 78.0)[0]) == pytest.approx(of_newcomer(model, 78.0), rel=1e-6)
    assert actual == 4_339
    assert expected == pytest.approx(actual, rel=0.1)


def of_newcomer(model: PurchaseModel, weeks: float) -> float:
    """By the definition of the mean: the rate of orders at each moment, over the chance to leave."""

    def by_chance(u: float) -> float:
        p = u ** (1 / model.a)  # takes away the pole of the beta density at 0
        return float((1 - (1 + weeks * p / model.alpha) ** -model.r) / p * (1 - p) ** (model.b - 1))

    def density(u: float) -> float:
        return float((1 - u ** (1 / model.a)) ** (model.b - 1))

    return float(quad(by_chance, 0, 1, limit=400)[0] / quad(density, 0, 1, limit=400)[0])
