"""The REST API, mounted under ``/api`` of the app."""

from typing import Any, Literal

from fastapi import FastAPI
from pydantic import TypeAdapter
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
    insights,
    metrics,
    predictions,
    receipts,
    rehearsals,
    segments,
)
from crm_core.api.access import METRICS, METRICS_SCHEME, SIGNATURE, SIGNATURE_SCHEME
from crm_core.api.answers.problems import ProblemDocument
from crm_core.api.bodies import REF
from crm_core.api.campaign_bodies import CampaignBody, CampaignChangeBody, LaunchBody, ScheduleBody
from crm_core.api.docs import install_docs
from crm_core.api.measuring import Measuring
from crm_core.api.problems import install_problems
from crm_core.campaigns.messages.receipts import Receipt, ReceiptBatch
from crm_core.ingest.wire import MODELS

ABOUT = """
Send customers, orders and events; work with segments and campaigns. Every call below `/v1` except `/receipts` needs an
API key, `Authorization: Bearer cn_…`, created with `python -m crm_core key create`. Errors are RFC 9457 problem
documents. Fields are accepted in snake_case and camelCase; answers are in snake_case. Amounts are JSON numbers in major
units, times are ISO 8601, in UTC when they name no zone. Lists come in pages: send the `next` of an answer as `cursor`;
it is null on the last page.
"""


READ_BY_US: tuple[Any, ...] = (
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
    Receipt,
    ReceiptBatch,
    ProblemDocument,
)
"""What FastAPI does not see: bodies that we read ourselves, and the document of every error."""


class _Api(FastAPI):
    def build_middleware_stack(self) -> ASGIApp:
        """Measured from outside of FastAPI's own answer to a bug."""
        return Measuring(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """With the schemas and the security scheme that FastAPI does not see."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        models: list[tuple[Any, Literal["validation"], TypeAdapter[Any]]] = [
            (model.__name__, "validation", TypeAdapter(model)) for model in READ_BY_US
        ]
        _, ours = TypeAdapter.json_schemas(models, by_alias=False, ref_template=REF)
        document["components"]["schemas"] |= ours["$defs"]
        document["components"]["securitySchemes"] |= {SIGNATURE: SIGNATURE_SCHEME, METRICS: METRICS_SCHEME}
        return document


def create_api() -> FastAPI:
    """The API over the services that the process has installed; they may come and go with its lifespan."""
    api = _Api(
        title="ClientNest API",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,
    )
    install_problems(api)
    for part in (
        *(ingestion, customers, attributes, segments, predictions),
        *(campaigns, campaign_actions, campaign_figures, rehearsals),
        insights,
        *(receipts, health, metrics),
    ):
        api.include_router(part.router)
    install_docs(api)
    return api
