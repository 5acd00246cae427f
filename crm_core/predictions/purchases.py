"""How often customers will order: the BG/NBD model.

While active a customer orders at random with a rate of their own, which is gamma distributed over customers (``r``,
``alpha``), and after each order but the first becomes inactive for good with a chance of their own, which is beta
distributed (``a``, ``b``).
Source: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way, Marketing Science 24 (2005).
"""

from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import expit, gammaln, psi

from crm_core.predictions.histories import Floats, Histories, tally
from crm_core.predictions.maximum import maximise

BOUNDS = (1e-4, 1e5)
NODES = 64
LEAST_CHANCE = 1e-300
"""Below, a chance is as good as none, and cannot be divided by."""


@dataclass(frozen=True)
class PurchaseModel:
    """alpha: in weeks."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class PurchaseFit:
    model: PurchaseModel
    log_likelihood: float


def fit_purchases(histories: Histories) -> PurchaseFit:
    """The parameters that explain these customers best. Raises NotFittedError."""
    rows = histories.grouped().rows
    found = maximise(PurchaseLikelihood(rows), _starts(rows), BOUNDS, rows.customers)
    return PurchaseFit(PurchaseModel(*found.parameters), found.log_likelihood)


def _starts(rows: Histories) -> list[tuple[float, ...]]:
    """From the mean rate, for customers who are alike and for such who are not, leaving early or late."""
    rate = np.average(rows.repeats, weights=rows.weights) / max(np.average(rows.age, weights=rows.weights), 1e-3)
    return [
        (r, float(np.clip(r / max(rate, 1e-6), 1e-2, 1e4)), *leaving)
        for r, leaving in ((0.3, (0.8, 2.5)), (1.0, (1.0, 1.0)), (3.0, (0.5, 10.0)))
    ]


class PurchaseLikelihood:
    """Of these customers, by r, alpha, a and b. What follows from the number of orders alone is computed once for all
    who have as many."""

    def __init__(self, rows: Histories) -> None:
        self._rows = rows
        self._has_repeats = rows.repeats > 0
        self._counts = tally(rows.repeats, rows.weights)

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        """The log-likelihood, and its derivatives."""
        r, alpha, a, b = map(float, parameters)
        by_count, slopes = self._of_counts(r, a, b)
        rows, x = self._rows, self._rows.repeats
        until_now, until_last = np.log(alpha + rows.age), np.log(alpha + rows.recency)
        leavers = np.where(self._has_repeats, b + x - 1, 1.0)
        stayed = -(r + x) * until_now
        left = np.where(self._has_repeats, np.log(a) - np.log(leavers) - (r + x) * until_last, -np.inf)
        both = np.logaddexp(stayed, left)
        by_stay, by_leave = rows.weights * np.exp(stayed - both), rows.weights * np.exp(left - both)
        total = by_count + r * np.log(alpha) * rows.customers + (rows.weights * both).sum()
        slopes += (
            np.log(alpha) * rows.customers - (by_stay * until_now).sum() - (by_leave * until_last).sum(),
            r / alpha * rows.customers
            - ((r + x) * (by_stay / (alpha + rows.age) + by_leave / (alpha + rows.recency))).sum(),
            by_leave.sum() / a,
            -(by_leave / leavers).sum(),
        )
        return float(total), slopes

    def _of_counts(self, r: float, a: float, b: float) -> tuple[float, Floats]:
        x, weights = self._counts
        logs = gammaln(r + x) - gammaln(r) + gammaln(a + b) - gammaln(b) + gammaln(b + x) - gammaln(a + b + x)
        rest = psi(a + b) - psi(a + b + x)
        slopes = (psi(r + x) - psi(r), np.zeros_like(x), rest, rest - psi(b) + psi(b + x))
        return float((logs * weights).sum()), np.array([(slope * weights).sum() for slope in slopes])


def active_chance(model: PurchaseModel, rows: Histories) -> Floats:
    """The probability that each is still active at the end of what was observed, 0 to 1.

    Who ordered on one day only is active with certainty: by the model nobody leaves before the second order.
    """
    return np.asarray(expit(-_log_odds_of_leaving(model, rows)), dtype=np.float64)


def _log_odds_of_leaving(model: PurchaseModel, rows: Histories) -> Floats:
    r, alpha, a, b = astuple(model)
    x, has_repeats = rows.repeats, rows.repeats > 0
    longer = np.log(alpha + rows.age) - np.log(alpha + rows.recency)
    leavers = np.where(has_repeats, b + x - 1, 1.0)
    odds: Floats = np.where(has_repeats, np.log(a) - np.log(leavers) + (r + x) * longer, -np.inf)
    return odds


def expected_orders(model: PurchaseModel, rows: Histories, weeks: float) -> Floats:
    """How many days with orders each is expected to have in so many weeks to come.

    Equation 10 of the paper as the mean over the chance to leave that it comes from: its closed form has a
    hypergeometric function that SciPy computes wrongly for many orders, without saying so, and poles where there are
    none. No customer orders more often than on every day, so NODES points resolve the mean.
    """
    n, longest = model.r + rows.repeats, model.alpha + rows.age
    expected = np.empty(rows.size)
    for x in np.unique(rows.repeats):
        chosen = rows.repeats == x
        chances, shares = leaving_chances(model.a, float(model.b + x))
        stays = np.log1p(np.outer(weeks / longest[chosen], chances))
        expected[chosen] = (-np.expm1(-n[chosen, None] * stays) / chances) @ shares
    expected *= active_chance(model, rows)
    return expected


@lru_cache(maxsize=4096)
def leaving_chances(a: float, b: float) -> tuple[Floats, Floats]:
    """Points of the beta distribution, and the share of each, so that the mean of a function over the points is that
    over the distribution: Gauss's quadrature, by the eigenvalues of Jacobi's matrix.

    Source: Golub and Welsch, Mathematics of Computation 23 (1969).
    """
    left, right, k = a - 1, b - 1, np.arange(1, NODES)
    both = left + right
    middle = np.concatenate(
        [[(left - right) / (both + 2)], (left**2 - right**2) / ((2 * k + both) * (2 * k + both + 2))]
    )
    first = 4 * (1 + left) * (1 + right) / ((2 + both) ** 2 * (3 + both))
    k = k[1:]
    others = 4 * k * (k + left) * (k + right) * (k + both)
    others = others / ((2 * k + both) ** 2 * (2 * k + both + 1) * (2 * k + both - 1))
    points, vectors = eigh_tridiagonal(middle, np.sqrt(np.concatenate([[first], others])))
    return np.maximum((1 + points) / 2, LEAST_CHANCE), vectors[0] ** 2


def silence_chance(model: PurchaseModel, rows: Histories, weeks: float) -> Floats:
    """The probability that each does not order within so many weeks to come, 0 to 1: inactive already, or active and
    silent for so long."""
    r, alpha = model.r, model.alpha
    waits = np.log(alpha + rows.age) - np.log(alpha + rows.age + weeks)
    result: Floats = 1 + active_chance(model, rows) * np.expm1((r + rows.repeats) * waits)
    return result
