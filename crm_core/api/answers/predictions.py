"""Fits of the predictions, as answers show them."""

from datetime import datetime
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.jobs.model import JobState
from crm_core.predictions.calibration import CalibrationRow
from crm_core.predictions.results import PurchaseParameters, SpendingParameters
from crm_core.predictions.trust import Trust

Day = Annotated[str, Field(json_schema_extra={"format": "date"})]


class HoldoutCheck(TypedDict):
    """How a model did that knew only what was before `start`."""

    trust: Trust
    start: Day
    end: Day
    customers: int
    expected: float
    actual: int
    top_share: Annotated[
        float, Field(description="Of the actual orders, those of the fifth with the highest predictions.")
    ]
    deciles: list[CalibrationRow]


class Outlook(TypedDict):
    """Of all customers together, from the last order on."""

    orders_90d: float
    orders_1y: float
    value_1y: Annotated[float | None, Field(description="In major units.")]


class Predictions(TypedDict):
    """The last fit that was written to the customers."""

    id: str
    fitted_at: datetime
    time_zone: str
    is_offered: bool
    reason: Annotated[str | None, Field(description="Why predictions are not offered; null when they are.")]
    spending_reason: Annotated[str | None, Field(description="The same of those in money.")]
    customers: Annotated[int, Field(description="Who have ordered.")]
    repeaters: Annotated[int, Field(description="Who have ordered on several days.")]
    first_day: Day | None
    last_day: Annotated[Day | None, Field(description="Of the orders; predictions begin after it.")]
    purchases: PurchaseParameters | None
    spending: SpendingParameters | None
    check: HoldoutCheck | None
    outlook: Outlook | None


class Refit(TypedDict):
    """A fit that was asked for."""

    id: str
    state: JobState
    done: Annotated[int, Field(description="Customers handled so far.")]
    total: int
    failure: NotRequired[str]
    created_at: datetime
    created_by: str
    started_at: NotRequired[datetime]
    finished_at: NotRequired[datetime]
    cancelled_by: NotRequired[str]
