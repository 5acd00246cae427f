"""Predictions over HTTP: the last fit, and fits that are asked for. Those of a customer are answered with it."""

from typing import Annotated, cast

from fastapi import Security

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import predictions as answers
from crm_core.api.problems import to_responses
from crm_core.api.routing import Router
from crm_core.errors import NotFound
from crm_core.jobs.model import Job
from crm_core.money import to_major
from crm_core.predictions.calibration import calibration_rows, trust_of
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.results import Check, Outlook

router = Router(prefix="/v1", tags=["Predictions"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_WRITE])]
UNKNOWN = {404: "No fit has this id.", 422: "The id is not valid."}
SHOWN = ("state", "done", "total", "failure", "created_at", "created_by", "started_at", "finished_at", "cancelled_by")


@router.get("/predictions", responses=to_responses({404: "Nothing was fitted yet."}))
def get_predictions(services: ServicesDep, key: Reader) -> answers.Predictions:
    """Return the last fit: whether predictions are offered, its check on a holdout period, and its parameters.

    The models are BG/NBD for how often customers order, and Gamma-Gamma for how much. They are fitted once a day.
    """
    fit = services.prediction_fits.latest(actor=key.actor)
    if fit is None:
        raise NotFound("The models were not fitted yet.")
    return _shown_fit(fit, services.workspace.digits())


@router.post(
    "/predictions/refits",
    status_code=202,
    responses=to_responses({409: "Another fit is under way."}),
)
def start_refit(services: ServicesDep, key: Writer) -> answers.Refit:
    """Fit the models to the orders of now, and write new predictions to the customers."""
    return _shown(services.refits.start(actor=key.actor))


@router.get("/predictions/refits/{refit_id}", responses=to_responses(UNKNOWN))
def get_refit(refit_id: str, services: ServicesDep, key: Reader) -> answers.Refit:
    """Return how far a fit of the last 30 days is."""
    return _shown(services.refits.get(refit_id, actor=key.actor))


@router.delete(
    "/predictions/refits/{refit_id}",
    responses=to_responses({**UNKNOWN, 409: "It has already ended."}),
)
def cancel_refit(refit_id: str, services: ServicesDep, key: Writer) -> answers.Refit:
    """Cancel a fit that is queued or running. Customers who have its predictions keep them."""
    return _shown(services.refits.cancel(refit_id, actor=key.actor))


def _shown(job: Job) -> answers.Refit:
    return cast("answers.Refit", {"id": job["_id"], **{name: value for name, value in job.items() if name in SHOWN}})


def _shown_fit(fit: PredictionFit, digits: int) -> answers.Predictions:
    return {
        "id": fit["_id"],
        "fitted_at": fit["fitted_at"],
        "time_zone": fit["zone"],
        "is_offered": fit["reason"] is None,
        "reason": fit["reason"],
        "spending_reason": fit["spending_reason"],
        "customers": fit["customers"],
        "repeaters": fit["repeaters"],
        "first_day": fit["first_day"],
        "last_day": fit["last_day"],
        "purchases": fit["purchases"],
        "spending": fit["spending"],
        "check": _shown_check(fit["check"]),
        "outlook": _shown_outlook(fit["outlook"], digits),
    }


def _shown_check(check: Check | None) -> answers.HoldoutCheck | None:
    if check is None:
        return None
    return {
        "trust": trust_of(check),
        "start": check["start"],
        "end": check["end"],
        "customers": check["customers"],
        "expected": check["expected"],
        "actual": check["actual"],
        "top_share": check["top_share"],
        "deciles": calibration_rows(check),
    }


def _shown_outlook(outlook: Outlook | None, digits: int) -> answers.Outlook | None:
    if outlook is None:
        return None
    value = outlook["value_1y_minor"]
    major = None if value is None else float(to_major(value, digits))
    return {"orders_90d": outlook["orders_90d"], "orders_1y": outlook["orders_1y"], "value_1y": major}
