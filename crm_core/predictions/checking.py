"""Whether a model deserves trust: what it expected of a holdout period that it did not know, against what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crm_core.predictions.histories import Floats, Histories, Whole
from crm_core.predictions.purchases import PurchaseModel, expected_orders
from crm_core.predictions.results import Decile
from crm_core.predictions.trust import Trust, judge

DECILES = 10


@dataclass(frozen=True)
class Calibration:
    """Of the holdout period. Sums over customers of days with orders. top_share, decile_error: as in ``Check``."""

    expected: float
    actual: int
    top_share: float
    decile_error: float
    deciles: Sequence[Decile]

    @property
    def error(self) -> float:
        """By how much more was expected than happened, as a share of what happened."""
        return self.expected / self.actual - 1

    @property
    def trust(self) -> Trust:
        return judge(self.error, self.decile_error, self.top_share)


def calibrate(model: PurchaseModel, known: Histories, actual: Whole, weeks: float) -> Calibration:
    """known: what the model was fitted to. actual: days with orders of each of these in the holdout period, of so many
    weeks. At least one must be above 0."""
    expected = predict_each(model, known, weeks)
    deciles = to_deciles(expected, actual)
    total = int(actual.sum())
    off = sum(abs(each["expected"] - each["actual"]) for each in deciles)
    return Calibration(
        float(expected.sum()), total, top_share(expected, actual), off / total if total else np.inf, deciles
    )


def predict_each(model: PurchaseModel, known: Histories, weeks: float) -> Floats:
    grouped = known.grouped()
    expected: Floats = expected_orders(model, grouped.rows, weeks)[grouped.places]
    return expected


def to_deciles(expected: Floats, actual: Whole) -> list[Decile]:
    """Tenths of the customers, the highest predictions first; fewer where there are fewer than ten customers."""
    order = np.argsort(-expected, kind="stable")
    ends = np.linspace(0, order.size, min(DECILES, order.size) + 1).astype(int)
    parts = [order[start:end] for start, end in pairwise(ends)]
    return [
        {
            "decile": number,
            "customers": int(part.size),
            "expected": float(expected[part].sum()),
            "actual": int(actual[part].sum()),
        }
        for number, part in enumerate(parts, 1)
    ]


def top_share(expected: Floats, actual: Whole) -> float:
    """Of the actual orders, those of the fifth with the highest predictions."""
    top = np.argsort(-expected, kind="stable")[: -(-expected.size // 5)]
    total = actual.sum()
    return float(actual[top].sum() / total) if total else 0.0
