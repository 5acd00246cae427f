"""Customers for tests of the models."""

import numpy as np

from crm_core.predictions.histories import Histories
from crm_core.predictions.purchases import PurchaseModel

CDNOW = PurchaseModel(0.243, 4.414, 0.793, 2.426)


def history(repeats: float, recency: float, age: float) -> Histories:
    """One customer. recency, age: in weeks."""
    return histories((repeats, recency, age))


def histories(*rows: tuple[float, float, float]) -> Histories:
    repeats, recency, age = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return Histories(repeats, recency, age, np.ones(repeats.size))


def simulated(model: PurchaseModel, customers: int, *, weeks: int, seed: int = 1) -> Histories:
    """Customers of a shop as the model has them, acquired over the first half of these weeks."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        age, at, orders = weeks - rng.uniform(0, weeks / 2), 0.0, 0
        rate, leaves = rng.gamma(model.r, 1 / model.alpha), rng.beta(model.a, model.b)
        recency = 0.0
        while rate > 0 and (at := at + rng.exponential(1 / rate)) <= age:
            orders, recency = orders + 1, at
            if rng.random() < leaves:
                break
        rows.append((float(orders), recency, age))
    return histories(*rows)
