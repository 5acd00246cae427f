"""What comes of a fit and of its check, as it is kept and shown."""

from typing_extensions import TypedDict


class PurchaseParameters(TypedDict):
    """Of PurchaseModel, and the log-likelihood at these."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float


class SpendingParameters(TypedDict):
    """Of SpendingModel, gamma in minor units. customers: who spent anything. correlation: between how often and how
    much they order, which the model takes for none."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    customers: int
    correlation: float


class Outlook(TypedDict):
    """Of all customers together. Orders in days with orders; value_1y_minor: None without a model of spending."""

    orders_90d: float
    orders_1y: float
    value_1y_minor: int | None


class Decile(TypedDict):
    """A tenth of the customers, the first those with the highest predictions: days with orders in the holdout period,
    expected and actual."""

    decile: int
    customers: int
    expected: float
    actual: int


class Check(TypedDict):
    """How the model did that knew only what was before the holdout period.

    start, end: first and last day of that period, ISO 8601. customers: who had ordered before. top_share: of the actual
    orders, those of the fifth with the highest predictions. decile_error: of the deciles' sums, by the actual sum.
    value_expected, value_actual: mean per order in that period, in minor units; None where nobody paid.
    """

    start: str
    end: str
    weeks: float
    customers: int
    purchases: PurchaseParameters
    expected: float
    actual: int
    top_share: float
    decile_error: float
    deciles: list[Decile]
    value_expected: float | None
    value_actual: float | None
