"""Segments over HTTP: preview of a rule, and saved segments."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Security
from pydantic import AwareDatetime, Field

from crm_core.access.keys import ApiKey, Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, Problem, to_responses
from crm_core.api.shapes import to_json_values
from crm_core.infra.mongo import Doc
from crm_core.money import money_formatter
from crm_core.rules.tree import load_rule
from crm_core.rules.wording import to_sentence

router = APIRouter(prefix="/v1", tags=["Segments"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_WRITE])]
RuleJson = Annotated[
    dict[str, Any], Field(examples=[{"kind": "field", "field": "total_spend", "op": "gt", "value": 100}])
]
FIRST_MOMENT, LAST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Between them every window of a rule can be computed, in every zone."""


UNKNOWN = {404: "No segment has this id.", 422: "The id is not valid."}


class PreviewBody(Body):
    """now: evaluate relative windows as of then. sample: how many customers to show; needs customers:read."""

    rule: RuleJson
    now: Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT)] | None = None
    sample: Annotated[int, Field(ge=0, le=100)] = 0


class SegmentBody(Body):
    name: str
    rule: RuleJson


@router.post("/segments/preview", openapi_extra=documented(PreviewBody), responses=to_responses(OF_A_BODY))
def preview(
    found: ServicesDep, key: Reader, body: Annotated[PreviewBody, Depends(body_of(PreviewBody))]
) -> dict[str, Any]:
    """How many customers match, exactly, and a sample of them."""
    if body.sample and Scope.CUSTOMERS_READ not in key.scopes:
        raise Problem(403, "Missing scope", "A sample of customers needs the scope customers:read.")
    rule = load_rule(body.rule)
    now = body.now.astimezone(UTC) if body.now else None
    result = found.audience.preview(rule, sample=body.sample, now=now)
    return {
        "count": result.count,
        "total": result.total,
        "sample": to_json_values(result.sample),
        "sentence": to_sentence(rule, money_formatter(found.settings.currency)),
        "as_of": result.as_of,
        "took_ms": round(result.took_ms, 1),
    }


@router.post("/segments", status_code=201, openapi_extra=documented(SegmentBody), responses=to_responses(OF_A_BODY))
def create_segment(
    found: ServicesDep, key: Writer, body: Annotated[SegmentBody, Depends(body_of(SegmentBody))]
) -> dict[str, Any]:
    return _shown(found.segments.save(body.name, load_rule(body.rule), actor=key.actor))


@router.get("/segments", responses=to_responses())
def list_segments(found: ServicesDep, key: Reader) -> dict[str, Any]:
    """The last changed first."""
    return {"items": [_shown(segment) for segment in found.segments.list_all()]}


@router.get("/segments/{segment_id}", responses=to_responses(UNKNOWN))
def get_segment(segment_id: str, found: ServicesDep, key: Reader) -> dict[str, Any]:
    return _shown(found.segments.get(segment_id))


def _shown(segment: Doc) -> Doc:
    return {"id": segment["_id"], **{name: value for name, value in segment.items() if name != "_id"}}
