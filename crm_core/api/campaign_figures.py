"""The messages of a campaign: counted by state, and listed."""

from typing import Annotated, cast

from fastapi import Query

from crm_core.api.access import ServicesDep
from crm_core.api.answers import messages
from crm_core.api.campaign_access import UNKNOWN, Reader
from crm_core.api.problems import to_responses
from crm_core.api.routing import Router
from crm_core.campaigns.counts import plan_of
from crm_core.schema.message_states import REACHED, MessageState

router = Router(prefix="/v1", tags=["Campaigns"])


@router.get("/campaigns/{campaign_id}/stats", responses=to_responses(UNKNOWN))
def get_stats(campaign_id: str, services: ServicesDep, key: Reader) -> messages.Stats:
    """Count the messages of a campaign by state, reason and variant, from the message log."""
    campaign = services.campaigns.get(campaign_id)
    as_of = services.clock()
    stats = services.message_log.stats(campaign_id, by_variant=bool(campaign.get("variants")))
    planned = campaign.get("audience")
    return {
        "state": campaign["state"],
        "audience": stats.audience,
        "by_state": stats.by_state,
        "reached": {state.value: stats.reached(state) for state in REACHED},  # type: ignore[misc]
        "skipped_by_reason": stats.skipped_by_reason,
        "failed_by_reason": stats.failed_by_reason,
        "pending_by_reason": stats.pending_by_reason,
        "by_variant": stats.by_variant,
        "unsubscribed": stats.unsubscribed,
        "identity": {
            "plan": plan_of(campaign),
            "planned": planned,
            "never_planned": campaign.get("never_planned"),
            "adds_up": None if planned is None else planned == stats.audience,
        },
        "as_of": as_of,
    }


@router.get("/campaigns/{campaign_id}/messages", responses=to_responses(UNKNOWN))
def list_messages(
    campaign_id: str,
    services: ServicesDep,
    key: Reader,
    state: MessageState | None = None,
    reason: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> messages.MessagePage:
    """List the messages of a campaign, one for each customer of the audience, by state, reason and customer id.

    A message that changes its state while you turn pages may appear twice, or not at all.
    """
    services.campaigns.get(campaign_id)
    rows, after = services.message_list.page(
        campaign_id, actor=key.actor, state=state, reason=reason, limit=limit, after=cursor
    )
    return {"items": cast("list[messages.Message]", rows), "next": after}
