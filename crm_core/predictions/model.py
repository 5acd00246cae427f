"""Fits as they are stored in ``predictions``, and what a customer keeps of them, for the type checker."""

from datetime import datetime
from typing import NotRequired, TypedDict, cast

from pymongo.collection import Collection

from crm_core.infra.mongo import Db
from crm_core.predictions.results import Check, Outlook, PurchaseParameters, SpendingParameters

PART = "predicted"
"""The part of a stored customer with what is predicted of it."""


class PredictionFit(TypedDict):
    """One fit. _id: of the job. first_day, last_day: of the orders, ISO 8601 in ``zone``; predictions begin after the
    last one. reason: why they are not offered, None when they are. spending_reason: the same of those in money.

    orders: in the database by then, whether or not they count. customers, repeaters: with orders, with orders on
    several days. written: customers who got predictions. written_at: when all had them, absent until then.
    """

    _id: str
    fitted_at: datetime
    zone: str
    orders: int
    customers: int
    repeaters: int
    first_day: str | None
    last_day: str | None
    reason: str | None
    purchases: PurchaseParameters | None
    spending: SpendingParameters | None
    spending_reason: str | None
    check: Check | None
    outlook: Outlook | None
    written: NotRequired[int]
    written_at: NotRequired[datetime]


class Predicted(TypedDict, total=False):
    """Of a customer. Chances in whole percent, orders in days with orders, amounts in minor units."""

    active: int
    orders_90d: float
    order_value_minor: int
    value_1y_minor: int
    churn_risk: int


def fits_in(db: Db) -> Collection[PredictionFit]:
    return cast("Collection[PredictionFit]", db.predictions)
