"""Campaigns over HTTP: drafts are created and changed, campaigns are listed and read."""

import json
from contextlib import suppress
from typing import Annotated, Any

from fastapi import Depends, Header, Query

from crm_core.access.api_key import ApiKey
from crm_core.access.idempotency import Repeatable
from crm_core.api.access import ServicesDep
from crm_core.api.answers import campaigns as answers
from crm_core.api.bodies import body_of, documented
from crm_core.api.campaign_access import UNKNOWN, Reader, Writer
from crm_core.api.campaign_bodies import CampaignBody, CampaignChangeBody, draft_fields
from crm_core.api.campaign_shapes import campaign_json
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.routing import Router
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.errors import NotFound
from crm_core.services import Services

router = Router(prefix="/v1", tags=["Campaigns"])
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255)]


@router.post(
    "/campaigns",
    status_code=201,
    openapi_extra=documented(CampaignBody),
    responses=to_responses(
        {
            **OF_A_BODY,
            404: "No segment has this id.",
            409: "It is to be scheduled and would reach everyone, and that was not confirmed.",
            422: "The body is not valid, or the Idempotency-Key was used with another one.",
        }
    ),
)
def create_campaign(
    services: ServicesDep,
    key: Writer,
    body: Annotated[CampaignBody, Depends(body_of(CampaignBody))],
    idempotency_key: IdempotencyKey = None,
) -> answers.Campaign:
    """Create a draft, or with `schedule_at` a campaign that is launched automatically at that time.

    A request with the same Idempotency-Key and the same body within 24 hours returns the campaign that the first one
    created.
    """
    if idempotency_key is None:
        return campaign_json(_create(services, key, body))
    return campaign_json(_create_once(services, key, body, idempotency_key))


@router.get("/campaigns", responses=to_responses({422: "A parameter is not valid."}))
def list_campaigns(
    services: ServicesDep,
    key: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    state: CampaignState | None = None,
    search: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="A part of the name.")] = "",
    archived: Annotated[bool, Query(description="List the archived ones instead of the others.")] = False,
) -> answers.CampaignPage:
    """List campaigns, the newest first."""
    items, after = services.campaigns.page(limit=limit, after=cursor, text=search, state=state, archived=archived)
    return {"items": [campaign_json(campaign) for campaign in items], "next": after}


@router.get("/campaigns/{campaign_id}", responses=to_responses(UNKNOWN))
def get_campaign(campaign_id: str, services: ServicesDep, key: Reader) -> answers.Campaign:
    """Return one campaign."""
    return campaign_json(services.campaigns.get(campaign_id))


@router.patch(
    "/campaigns/{campaign_id}",
    openapi_extra=documented(CampaignChangeBody),
    responses=to_responses(
        {**OF_A_BODY, **UNKNOWN, 409: "It is not a draft, or somebody else has changed it meanwhile."}
    ),
)
def change_campaign(
    campaign_id: str,
    services: ServicesDep,
    key: Writer,
    body: Annotated[CampaignChangeBody, Depends(body_of(CampaignChangeBody))],
) -> answers.Campaign:
    """Change a draft. A field that is absent stays as it is, null clears it."""
    fields = draft_fields(body, services.rule_contexts.context())
    return campaign_json(services.campaigns.update(campaign_id, actor=key.actor, **fields))


def _create(services: Services, key: ApiKey, body: CampaignBody, **more: Any) -> Campaign:
    return services.campaigns.create(
        actor=key.actor,
        schedule_at=body.schedule_at,
        confirm_everyone=body.confirm_everyone,
        **more,
        **draft_fields(body, services.rule_contexts.context()),
    )


def _create_once(services: Services, key: ApiKey, body: CampaignBody, name: str) -> Campaign:
    """Looked up before anything is checked: what was good then may be refused by now, such as a start that has passed.

    Reserved only after the checks, so that a request that was refused can be corrected under its key.
    """
    request = Repeatable(key.id, name, json.dumps(body.model_dump(mode="json"), sort_keys=True))
    if earlier := services.idempotency_keys.made(request):
        with suppress(NotFound):  # reserved by a request that ended before it made anything
            return services.campaigns.get(earlier)
    return _create(services, key, body, new_id=lambda: services.idempotency_keys.reserve(request))
