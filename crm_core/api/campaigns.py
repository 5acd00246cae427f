"""Campaigns over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Security

from crm_core.access.keys import ApiKey, Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.rules import RuleJson, RuleText, read_rule
from crm_core.infra.mongo import Doc

router = APIRouter(prefix="/v1", tags=["Campaigns"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_WRITE])]
UNKNOWN = {404: "No campaign has this id.", 422: "The id is not valid."}
INTERNAL = {"_id", "plan_after", "plan_lease", "release", "revision", "close_until", "closed_at"}


class CampaignBody(Body):
    """Exactly one of segment_id, rule and text. message: a Liquid template, such as ``Hi {{ customer.name }}``."""

    name: str
    channel: str = "in_app"
    message: str
    segment_id: str | None = None
    rule: RuleJson | None = None
    text: RuleText | None = None


class LaunchBody(Body):
    """confirm_everyone: that an audience without a condition is meant."""

    confirm_everyone: bool = False


@router.post(
    "/campaigns",
    status_code=201,
    openapi_extra=documented(CampaignBody),
    responses=to_responses({**OF_A_BODY, 404: "No segment has this id."}),
)
def create_campaign(
    found: ServicesDep, key: Writer, body: Annotated[CampaignBody, Depends(body_of(CampaignBody))]
) -> dict[str, Any]:
    """A draft. It is sent when it is launched."""
    rule = read_rule(body.rule, body.text, found.scopes.scope())
    campaign = found.campaigns.create(
        name=body.name,
        channel=body.channel,
        message=body.message,
        segment_id=body.segment_id,
        rule=rule,
        actor=key.actor,
    )
    return _shown(campaign)


@router.get("/campaigns", responses=to_responses({422: "A parameter is not valid."}))
def list_campaigns(
    found: ServicesDep,
    key: Reader,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """The newest first. next: the cursor of the page after this one, null on the last."""
    items, after = found.campaigns.page(limit=limit, after=cursor)
    return {"items": [_shown(campaign) for campaign in items], "next": after}


@router.get("/campaigns/{campaign_id}", responses=to_responses(UNKNOWN))
def get_campaign(campaign_id: str, found: ServicesDep, key: Reader) -> dict[str, Any]:
    return _shown(found.campaigns.get(campaign_id))


@router.post(
    "/campaigns/{campaign_id}/launch",
    status_code=202,
    openapi_extra=documented(LaunchBody, required=False),
    responses=to_responses(
        {**OF_A_BODY, **UNKNOWN, 409: "It was launched before, or would reach everyone unconfirmed."}
    ),
)
def launch_campaign(
    campaign_id: str,
    found: ServicesDep,
    key: Writer,
    body: Annotated[LaunchBody, Depends(body_of(LaunchBody, default=b"{}"))],
) -> dict[str, Any]:
    """Freeze the definition and start sending. 409 when it was launched before, or would reach everyone unconfirmed."""
    return _shown(found.campaigns.launch(campaign_id, actor=key.actor, confirm_everyone=body.confirm_everyone))


@router.get("/campaigns/{campaign_id}/stats", responses=to_responses(UNKNOWN))
def get_stats(campaign_id: str, found: ServicesDep, key: Reader) -> dict[str, Any]:
    """Counted from the ledger: by_state counts each customer once and sums to audience."""
    campaign = found.campaigns.get(campaign_id)
    as_of = found.clock()
    stats = found.ledger.stats(campaign_id)
    return {
        "state": campaign["state"],
        "audience": stats.audience,
        "by_state": stats.by_state,
        "skipped_by_reason": stats.skipped_by_reason,
        "failed_by_reason": stats.failed_by_reason,
        "pending_by_reason": stats.pending_by_reason,
        "as_of": as_of,
    }


def _shown(campaign: Doc) -> Doc:
    return {
        "id": campaign["_id"],
        **{name: value for name, value in campaign.items() if name not in INTERNAL},
    }
