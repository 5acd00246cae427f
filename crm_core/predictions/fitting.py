"""From purchases to a fit: checked on a holdout period first, then made from all that was observed."""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np

from crm_core.predictions.checking import Calibration, calibrate, predict_each
from crm_core.predictions.histories import Histories
from crm_core.predictions.limits import LEAST_CHECKED, LEAST_REPEATERS, LEAST_WEEKS
from crm_core.predictions.maximum import NotFittedError
from crm_core.predictions.observed import Period, Purchases, day_words
from crm_core.predictions.purchases import PurchaseFit, PurchaseModel, fit_purchases
from crm_core.predictions.results import Check, Outlook, PurchaseParameters, SpendingParameters
from crm_core.predictions.spending import SpendingModel, expected_value, fit_spending
from crm_core.predictions.trust import Trust

MOST_HOLDOUT_WEEKS = 52
SOON_WEEKS, YEAR_WEEKS = 90 / 7, 365 / 7
FAR_VALUE = 0.5
"""How far off the mean value per order may be in the holdout period, as a share of the actual one."""


class NotOfferedError(Exception):
    """Why there are no predictions, in words for people. check: of a model that failed it."""

    def __init__(self, reason: str, check: Check | None = None) -> None:
        super().__init__(reason)
        self.check = check


@dataclass(frozen=True)
class Fitted:
    """What predictions are made from. spending_reason: why there is no model of spending."""

    purchases: PurchaseParameters
    spending: SpendingParameters | None
    spending_reason: str | None
    check: Check
    outlook: Outlook


def to_period(span: tuple[int, int] | None) -> Period:
    """With a third of the time as holdout period. span: first and last day with an order. Raises NotOfferedError."""
    if span is None:
        raise NotOfferedError("There are no orders yet.")
    first, last = span
    weeks = (last - first) / 7
    if weeks < LEAST_WEEKS:
        raise NotOfferedError(
            f"The orders span {weeks:.0f} weeks; it takes {LEAST_WEEKS} to tell who comes back from who does not."
        )
    holdout = min((last - first) // 3, MOST_HOLDOUT_WEEKS * 7)
    return Period(first, last, last - holdout + 1)


def fit(purchases: Purchases, period: Period, progress: Callable[[], None]) -> Fitted:
    """progress: called between the steps. Raises NotOfferedError."""
    repeaters = purchases.repeaters
    if repeaters < LEAST_REPEATERS:
        raise NotOfferedError(
            f"{repeaters:,} customers ordered on more than one day; it takes {LEAST_REPEATERS} to see how customers "
            "come back."
        )
    try:
        check, trust = _check(purchases, period)
        progress()
        if trust is Trust.POOR:
            raise NotOfferedError("What the model expected of the last months is too far from what happened.", check)
        found = fit_purchases(purchases.histories(period))
    except NotFittedError:
        raise NotOfferedError("The model does not fit these orders: no parameters explain them.") from None
    progress()
    spending, reason = _fit_spending(purchases, check)
    outlook = _look_ahead(purchases, period, found.model, spending)
    return Fitted(to_parameters(found), spending, reason, check, outlook)


def _look_ahead(
    purchases: Purchases, period: Period, model: PurchaseModel, spending: SpendingParameters | None
) -> Outlook:
    histories = purchases.histories(period)
    soon, year = (predict_each(model, histories, weeks) for weeks in (SOON_WEEKS, YEAR_WEEKS))
    value = None
    if spending is not None:
        each = expected_value(spending_model(spending), purchases.days.astype(np.float64), purchases.means)
        value = round(float(year @ each))
    return {"orders_90d": float(soon.sum()), "orders_1y": float(year.sum()), "value_1y_minor": value}


def _check(purchases: Purchases, period: Period) -> tuple[Check, Trust]:
    known, is_known = purchases.known_histories(period), purchases.is_known
    repeaters = int((known.repeats > 0).sum())
    actual = (purchases.days - purchases.known_days)[is_known]
    begins = day_words(period.split)
    if repeaters < LEAST_CHECKED or actual.sum() < LEAST_CHECKED:
        raise NotOfferedError(
            f"To check the model it takes {LEAST_CHECKED} repeat customers before {begins} and as many of their orders "
            f"from then on; there are {repeaters:,} and {int(actual.sum()):,}."
        )
    found = fit_purchases(known)
    calibration = calibrate(found.model, known, actual, period.holdout_weeks)
    values = _check_values(purchases, is_known)
    return _to_check(period, known, found, calibration, values), calibration.trust


def _check_values(purchases: Purchases, is_known: np.ndarray) -> tuple[float | None, float | None]:
    """The mean value per order in the holdout period, in minor units: expected and actual."""
    later_days, later_net = purchases.days - purchases.known_days, purchases.net - purchases.known_net
    came = is_known & (later_days > 0)
    known_days = purchases.known_days.astype(np.float64)
    known_means = purchases.known_net / np.maximum(known_days, 1)
    try:
        found = fit_spending(known_days[is_known], known_means[is_known])
    except NotFittedError:
        return None, None
    expected = expected_value(found.model, known_days[came], known_means[came])
    days = later_days[came]
    return float(expected @ days / days.sum()), float(later_net[came].sum() / days.sum())


def _fit_spending(purchases: Purchases, check: Check) -> tuple[SpendingParameters | None, str | None]:
    expected, actual = check["value_expected"], check["value_actual"]
    if expected is None or actual is None or actual <= 0:
        return None, "Customers have spent nothing, or amounts that vary too widely for a mean."
    if abs(expected / actual - 1) > FAR_VALUE:
        return None, "What customers spent per order in the last months is too far from what they spent before."
    orders, means = purchases.days.astype(np.float64), purchases.means
    try:
        found = fit_spending(orders, means)
    except NotFittedError as exc:
        return None, str(exc)
    p, q, gamma = astuple(found.model)
    return {
        "p": p,
        "q": q,
        "gamma": gamma,
        "log_likelihood": found.log_likelihood,
        "customers": found.customers,
        "correlation": _correlation(orders, means),
    }, None


def _correlation(orders: np.ndarray, means: np.ndarray) -> float:
    """Of repeat customers; 0 where one of both is the same for all."""
    chosen = (orders > 1) & (means > 0)
    if chosen.sum() < 2 or not orders[chosen].std() or not means[chosen].std():
        return 0.0
    return float(np.corrcoef(orders[chosen], means[chosen])[0, 1])


def _to_check(
    period: Period,
    known: Histories,
    found: PurchaseFit,
    calibration: Calibration,
    values: tuple[float | None, float | None],
) -> Check:
    return {
        "start": day_words(period.split),
        "end": day_words(period.last),
        "weeks": period.holdout_weeks,
        "customers": known.size,
        "purchases": to_parameters(found),
        "expected": calibration.expected,
        "actual": calibration.actual,
        "top_share": calibration.top_share,
        "decile_error": calibration.decile_error,
        "deciles": list(calibration.deciles),
        "value_expected": values[0],
        "value_actual": values[1],
    }


def to_parameters(found: PurchaseFit) -> PurchaseParameters:
    r, alpha, a, b = astuple(found.model)
    return {"r": r, "alpha": alpha, "a": a, "b": b, "log_likelihood": found.log_likelihood}


def purchase_model(kept: PurchaseParameters) -> PurchaseModel:
    return PurchaseModel(kept["r"], kept["alpha"], kept["a"], kept["b"])


def spending_model(kept: SpendingParameters) -> SpendingModel:
    return SpendingModel(kept["p"], kept["q"], kept["gamma"])
