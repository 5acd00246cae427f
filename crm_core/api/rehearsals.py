"""Rehearsals of campaigns over HTTP."""

from datetime import UTC
from typing import Annotated, cast

from fastapi import Depends, Query, Security
from pydantic import AwareDatetime, Field

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import rehearsals as answers
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.routing import Router
from crm_core.api.segments import FIRST_MOMENT, LAST_MOMENT
from crm_core.infra.mongo import Doc

router = Router(prefix="/v1", tags=["Campaigns"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_WRITE])]
UNKNOWN = {404: "No campaign, or no rehearsal of it, has this id.", 422: "An id is not valid."}


class RehearsalBody(Body):
    """When the rehearsed launch takes place."""

    start_at: Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT)] | None = None
    """Up to 366 days from now. Absent: when the campaign is scheduled, else now."""


@router.post(
    "/campaigns/{campaign_id}/rehearsals",
    status_code=202,
    openapi_extra=documented(RehearsalBody, required=False),
    responses=to_responses({**OF_A_BODY, 404: "No campaign has this id.", 409: "A launch would be refused as well."}),
)
def start_rehearsal(
    campaign_id: str,
    services: ServicesDep,
    key: Writer,
    body: Annotated[RehearsalBody, Depends(body_of(RehearsalBody, default=b"{}"))],
) -> answers.RehearsalStart:
    """Find out what a launch would do, without writing or sending anything. The result is kept for 30 days.

    A draft is rehearsed as a launch now would freeze it, a launched campaign as it was frozen, from its first message.
    """
    start_at = body.start_at.astimezone(UTC) if body.start_at else None
    job = services.rehearsals.start(campaign_id, actor=key.actor, start_at=start_at)
    return {"id": job["_id"], "state": job["state"]}


@router.get(
    "/campaigns/{campaign_id}/rehearsals",
    responses=to_responses({404: "No campaign has this id.", 422: "A parameter is not valid."}),
)
def list_rehearsals(
    campaign_id: str,
    services: ServicesDep,
    key: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> answers.RehearsalPage:
    """List the rehearsals of the last 30 days, the newest first, without their results."""
    items, after = services.rehearsals.page(campaign_id, limit=limit, after=cursor)
    return {"items": [_shown(job) for job in items], "next": after}


@router.get("/campaigns/{campaign_id}/rehearsals/{rehearsal_id}", responses=to_responses(UNKNOWN))
def get_rehearsal(campaign_id: str, rehearsal_id: str, services: ServicesDep, key: Reader) -> answers.Rehearsal:
    """Return the state of a rehearsal and, once it is done, its result.

    A rehearsal takes every message to be accepted by the vendor, and without a rate to go out at once. It ends 366 days
    after its start: messages that would be sent later stay pending, `is_complete` is false, and customers who were not
    reached by then are not counted.
    """
    return _shown(services.rehearsals.get(campaign_id, rehearsal_id, actor=key.actor))


@router.delete(
    "/campaigns/{campaign_id}/rehearsals/{rehearsal_id}",
    responses=to_responses({**UNKNOWN, 409: "It has already ended."}),
)
def cancel_rehearsal(campaign_id: str, rehearsal_id: str, services: ServicesDep, key: Writer) -> answers.Rehearsal:
    """Cancel a rehearsal that is queued or running."""
    return _shown(services.rehearsals.cancel(campaign_id, rehearsal_id, actor=key.actor))


def _shown(job: Doc) -> answers.Rehearsal:
    return cast(
        "answers.Rehearsal", {"id": job["_id"], **{name: value for name, value in job.items() if name != "_id"}}
    )
