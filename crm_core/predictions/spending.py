"""How much customers will spend per order: the Gamma-Gamma model.

Each order varies around a mean of the customer's own, which is spread over customers; ``p``, ``q`` and ``gamma`` say
how widely both vary. It takes how much for independent of how often.
Source: Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013), brucehardie.com/notes/025.
"""

from dataclasses import astuple, dataclass

import numpy as np
from scipy.special import gammaln, psi

from crm_core.predictions.histories import Floats, tally
from crm_core.predictions.maximum import NotFittedError, maximise

BOUNDS = (1e-3, 1e5)
LEAST_Q = 1.05
"""At 1 there is no mean over all customers any more."""


@dataclass(frozen=True)
class SpendingModel:
    """gamma: in the unit of the amounts."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """Over all customers."""
        return self.p * self.gamma / (self.q - 1)


@dataclass(frozen=True)
class SpendingFit:
    model: SpendingModel
    log_likelihood: float
    customers: int


def fit_spending(orders: Floats, means: Floats) -> SpendingFit:
    """orders: of each customer. means: of their amounts, in any unit; who has none above 0 is left out.

    Raises NotFittedError, also where the amounts vary so widely that they have no mean.
    """
    is_paid = (orders > 0) & (means > 0)
    orders, means = orders[is_paid], means[is_paid]
    if orders.size == 0:
        raise NotFittedError("Nobody has spent anything.")
    unit = float(np.average(means, weights=orders))
    scaled = means / unit
    starts = [(p, q, q / p) for p, q in ((6.0, 4.0), (1.0, 2.0), (50.0, 10.0))]
    found = maximise(SpendingLikelihood(orders, scaled), starts, BOUNDS, orders.size)
    p, q, gamma = found.parameters
    if q < LEAST_Q:
        raise NotFittedError("The amounts of orders vary too widely for a mean.")
    model = SpendingModel(p, q, gamma * unit)
    return SpendingFit(model, found.log_likelihood - orders.size * float(np.log(unit)), int(orders.size))


class SpendingLikelihood:
    """Of these customers, by p, q and gamma. What follows from the number of orders alone is computed once for all who
    have as many."""

    def __init__(self, orders: Floats, means: Floats) -> None:
        self._orders = orders
        self._sums = orders * means
        self._spent = np.log(self._sums)
        self._counts = tally(orders, np.ones(orders.size))
        self._logs = float(np.log(means).sum())

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        """The log-likelihood, and its derivatives."""
        p, q, gamma = map(float, parameters)
        orders, size = self._orders, self._orders.size
        total = np.log(gamma + self._sums)
        part = orders * (self._spent - total)
        by_count, slopes = self._of_counts(p, q)
        value = by_count + q * np.log(gamma) * size - self._logs + p * part.sum() - q * total.sum()
        slopes += (
            part.sum(),
            np.log(gamma) * size - total.sum(),
            q / gamma * size - ((p * orders + q) / (gamma + self._sums)).sum(),
        )
        return float(value), slopes

    def _of_counts(self, p: float, q: float) -> tuple[float, Floats]:
        x, weights = self._counts
        logs = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
        all_psi = psi(p * x + q)
        slopes = (x * (all_psi - psi(p * x)), all_psi - psi(q), np.zeros_like(x))
        return float((logs * weights).sum()), np.array([(slope * weights).sum() for slope in slopes])


def expected_value(model: SpendingModel, orders: Floats, means: Floats) -> Floats:
    """What each is expected to spend per order: between what they spent and what all do, the nearer to their own the
    more orders they have. A mean below 0, after refunds, counts as 0."""
    p, q, gamma = astuple(model)
    kept = np.maximum(means, 0.0)
    result: Floats = p * (gamma + orders * kept) / (p * orders + q - 1)
    return result
