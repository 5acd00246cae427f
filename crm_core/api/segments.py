"""Segments over HTTP: preview of a rule, and saved segments."""

from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Query, Response, Security
from pydantic import AwareDatetime, Field

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import records
from crm_core.api.answers import segments as answers
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, Problem, to_responses
from crm_core.api.routing import Router
from crm_core.api.rules import RuleJson, RuleText, need_rule, read_rule
from crm_core.api.shapes import to_json_values
from crm_core.audience.model import Segment
from crm_core.audience.preview import Preview
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, node_at
from crm_core.rules.context import RuleContext
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.quoting import cut
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.printing import to_text
from crm_core.rules.tree import AnyRule
from crm_core.schema.kinds import MAX_ID_LENGTH
from crm_core.services import Services

router = Router(prefix="/v1", tags=["Segments"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_READ])]
CustomerReader = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_READ, Scope.CUSTOMERS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.SEGMENTS_WRITE])]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=200)]
FIRST_MOMENT, LAST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Between them every window of a rule can be computed, in every zone."""

UNKNOWN = {404: "No segment has this id.", 422: "The id is not valid."}


class PreviewBody(Body):
    """Exactly one of rule and text."""

    rule: RuleJson | None = None
    text: RuleText | None = None
    now: Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT)] | None = None
    """Relative windows, such as the last 30 days, end at this time. Absent: now."""
    sample: Annotated[int, Field(ge=0, le=100)] = 0
    """How many matching customers to show; needs the scope customers:read."""


class SegmentBody(Body):
    """Exactly one of rule and text."""

    name: str
    rule: RuleJson | None = None
    text: RuleText | None = None


class SegmentChangeBody(Body):
    """A field that is absent stays as it is."""

    name: str | None = None
    rule: RuleJson | None = None
    text: RuleText | None = None
    version: int | None = None
    """The version that you have seen: if somebody has changed the segment since, the answer is 409."""


@router.post("/segments/preview", openapi_extra=documented(PreviewBody), responses=to_responses(OF_A_BODY))
def preview(
    services: ServicesDep, key: Reader, body: Annotated[PreviewBody, Depends(body_of(PreviewBody))]
) -> answers.Preview:
    """Count exactly how many customers match a rule, why, and how many of them can be messaged.

    Everything that was stored before the call is counted. `waterfall`, `conditions` and `deliverable` are null when the
    database has counted, as `source` says: the customers do not fit into memory or are still being loaded, or the rule
    uses a field that is not kept in memory.
    """
    if body.sample and Scope.CUSTOMERS_READ not in key.scopes:
        raise Problem(403, "Missing scope", "A sample of customers needs the scope customers:read.")
    context = services.rule_contexts.context(body.now.astimezone(UTC) if body.now else None)
    rule = need_rule(body.rule, body.text, context)
    forms = _forms(rule, context, services)
    result = services.previews.preview(rule, actor=key.actor, sample=body.sample, now=context.now, is_fresh=True)
    shown = {
        "count": result.count,
        "total": result.total,
        **_details(result, bind(rule, context)),
        "sample": to_json_values(result.sample),
        **forms,
        "source": result.source,
        "as_of": result.as_of,
        "took_ms": round(result.took_ms, 1),
    }
    return cast("answers.Preview", shown)


@router.post("/segments", status_code=201, openapi_extra=documented(SegmentBody), responses=to_responses(OF_A_BODY))
def create_segment(
    services: ServicesDep, key: Writer, body: Annotated[SegmentBody, Depends(body_of(SegmentBody))]
) -> answers.Segment:
    """Save a rule as a segment under a name of its own."""
    rule = need_rule(body.rule, body.text, services.rule_contexts.context())
    return _shown(services, [services.segments.save(body.name, rule, actor=key.actor)])[0]


@router.get("/segments", responses=to_responses({422: "A parameter is not valid."}))
def list_segments(services: ServicesDep, key: Reader, limit: Limit = 200, cursor: Cursor = None) -> answers.SegmentPage:
    """List segments, the last changed first. A segment that is changed while you turn pages may be missed."""
    items, after = services.segments.page(limit=limit, after=cursor)
    return {"items": _shown(services, items), "next": after}


@router.get("/segments/{segment_id}", responses=to_responses(UNKNOWN))
def get_segment(segment_id: str, services: ServicesDep, key: Reader) -> answers.Segment:
    """Return one segment."""
    return _shown(services, [services.segments.get(segment_id)])[0]


@router.patch(
    "/segments/{segment_id}",
    openapi_extra=documented(SegmentChangeBody),
    responses=to_responses({**OF_A_BODY, **UNKNOWN, 409: "Somebody changed it since the version that you name."}),
)
def change_segment(
    segment_id: str,
    services: ServicesDep,
    key: Writer,
    body: Annotated[SegmentChangeBody, Depends(body_of(SegmentChangeBody))],
) -> answers.Segment:
    """Rename a segment, or give it another rule, which makes a new version. Old versions are kept."""
    rule = read_rule(body.rule, body.text, services.rule_contexts.context())
    changed = services.segments.change(segment_id, name=body.name, rule=rule, version=body.version, actor=key.actor)
    return _shown(services, [changed])[0]


@router.delete(
    "/segments/{segment_id}",
    status_code=204,
    response_class=Response,
    responses=to_responses({**UNKNOWN, 409: "Other segments use it."}),
)
def delete_segment(segment_id: str, services: ServicesDep, key: Writer) -> None:
    """Delete a segment that no other segment uses."""
    services.segments.remove(segment_id, actor=key.actor)


@router.get(
    "/segments/{segment_id}/customers",
    responses=to_responses({404: "No segment has this id.", 422: "A parameter, or the segment's rule, is not valid."}),
)
def list_segment_customers(
    segment_id: str,
    services: ServicesDep,
    key: CustomerReader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=MAX_ID_LENGTH)] = None,
) -> records.CustomerPage:
    """List the customers of a segment by id, as they are now.

    Each page is evaluated when you ask for it: who joins or leaves meanwhile may be in it or not.
    """
    items, after = services.segment_customers.page(segment_id, limit=limit, after=cursor, actor=key.actor)
    return {"items": to_json_values(items), "next": after}


@router.get(
    "/segments/{segment_id}/versions",
    responses=to_responses({404: "No segment has this id.", 422: "A parameter is not valid."}),
)
def list_versions(
    segment_id: str, services: ServicesDep, key: Reader, limit: Limit = 200, cursor: Cursor = None
) -> answers.SegmentVersionPage:
    """List every rule that a segment has had, the newest first."""
    services.segments.get(segment_id)
    items, after = services.segments.versions(segment_id, limit=limit, after=cursor)
    return {"items": items, "next": after}


def _details(result: Preview, bound: Bound) -> Doc:
    if result.steps is None or result.effects is None or result.deliverable is None:
        return dict.fromkeys(("waterfall", "conditions", "deliverable"))
    return {
        "waterfall": [
            {**_node(bound, step.place), "count": step.count, "change": step.change} for step in result.steps
        ],
        "conditions": [
            {**_node(bound, effect.place), "alone": effect.alone, "without": effect.without}
            for effect in result.effects
        ],
        "deliverable": {
            channel: {"count": some.count, "reasons": some.reasons} for channel, some in result.deliverable.items()
        },
    }


def _node(bound: Bound, place: tuple[int, ...]) -> Doc:
    node = node_at(bound, place)
    return {"path": node.path, "text": cut(to_text(node))}


def _shown(services: Services, segments: list[Segment]) -> list[answers.Segment]:
    context = services.rule_contexts.context()
    shown = [
        {"id": segment["_id"], **{name: value for name, value in segment.items() if name != "_id"}}
        | _forms_if_possible(load_rule(segment["rule"]), context, services)
        for segment in segments
    ]
    return cast("list[answers.Segment]", shown)


def _forms(rule: AnyRule, context: RuleContext, services: Services) -> Doc:
    bound = bind(rule, context)
    money = money_formatter(services.workspace.current().currency)
    return {"rule": dump_rule(rule), "text": to_text(bound), "sentence": to_sentence(bound, money)}


def _forms_if_possible(rule: AnyRule, context: RuleContext, services: Services) -> Doc:
    """A rule that has become impossible, as by a change of an attribute's type, is still listed."""
    try:
        return _forms(rule, context, services)
    except InvalidInput:
        return {"text": None, "sentence": None}
