"""What is predicted of customers, from a fit and their orders."""

from collections.abc import Sequence

import numpy as np

from crm_core.infra.mongo import Doc
from crm_core.predictions.fitting import SOON_WEEKS, YEAR_WEEKS, purchase_model, spending_model
from crm_core.predictions.histories import DAYS_IN_WEEK, Histories
from crm_core.predictions.model import Predicted, PredictionFit
from crm_core.predictions.purchases import active_chance, expected_orders, silence_chance
from crm_core.predictions.spending import expected_value


def predict(fit: PredictionFit, rows: Sequence[Doc], end: int) -> list[Predicted]:
    """rows: of PurchaseReader.of_customers. end: the last day that the fit observed.

    Whether a customer with orders on one day only is still active the model cannot tell: there is no chance of it then.
    """
    assert fit["purchases"] is not None
    model = purchase_model(fit["purchases"])
    days, first, last, net = (
        np.array([row[name] for row in rows], np.int64) for name in ("days", "first", "last", "net")
    )
    histories = Histories.of_days(days, first, last, end)
    active = np.rint(active_chance(model, histories) * 100)
    churn = np.rint(silence_chance(model, histories, YEAR_WEEKS) * 100)
    soon = np.round(np.minimum(expected_orders(model, histories, SOON_WEEKS), SOON_WEEKS * DAYS_IN_WEEK), 2)
    found: list[Predicted] = [
        {"orders_90d": float(soon[place]), "churn_risk": int(churn[place])} for place in range(len(rows))
    ]
    for number in np.flatnonzero(days > 1):
        found[number]["active"] = int(active[number])
    if fit["spending"] is not None:
        values = expected_value(spending_model(fit["spending"]), days.astype(np.float64), net / days)
        year = expected_orders(model, histories, YEAR_WEEKS) * values
        for place in range(len(rows)):
            found[place]["order_value_minor"] = round(float(values[place]))
            found[place]["value_1y_minor"] = round(float(year[place]))
    return found
