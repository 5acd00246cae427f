"""The REST API, mounted under ``/api`` of the app."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.types import ASGIApp

from crm_core import __version__
from crm_core.api import (
    attributes,
    campaign_actions,
    campaign_figures,
    campaigns,
    customers,
    health,
    ingestion,
    metrics,
    receipts,
    rehearsals,
    segments,
)
from crm_core.api.bodies import REF
from crm_core.api.campaign_bodies import CampaignBody, CampaignChangeBody, LaunchBody, ScheduleBody
from crm_core.api.measuring import Measuring
from crm_core.api.problems import ProblemDocument, install_problems
from crm_core.ingest.wire import MODELS

ABOUT = """
Customers, orders and events in, segments and campaigns out. Every call below `/v1` but `/receipts` carries an API key:
`Authorization: Bearer cn_…`, made with `python -m crm_core key create`. Errors are RFC 9457 problem documents.
Fields are accepted in snake_case and camelCase; answers are snake_case. Amounts are JSON numbers in major units,
times are ISO 8601, in UTC when they name no zone.
"""


BODIES: tuple[type[BaseModel], ...] = (
    *MODELS.models.values(),
    attributes.AttributeBody,
    segments.PreviewBody,
    segments.SegmentBody,
    segments.SegmentChangeBody,
    CampaignBody,
    CampaignChangeBody,
    LaunchBody,
    ScheduleBody,
    rehearsals.RehearsalBody,
    ProblemDocument,
)


class _Api(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Measured from outside of FastAPI's own answer to a bug."""
        return Measuring(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """With the schemas of the bodies that we read ourselves."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        _, bodies = models_json_schema([(model, "validation") for model in BODIES], by_alias=False, ref_template=REF)
        document.setdefault("components", {}).setdefault("schemas", {}).update(bodies["$defs"])
        return document


def create_api() -> FastAPI:
    """The API over the services that the process has installed; they may come and go with its lifespan."""
    api = _Api(title="ClientNest API", version=__version__, description=ABOUT, docs_url="/docs", redoc_url=None)
    install_problems(api)
    for part in (
        *(ingestion, customers, attributes, segments),
        *(campaigns, campaign_actions, campaign_figures, rehearsals),
        *(receipts, health, metrics),
    ):
        api.include_router(part.router)
    return api
