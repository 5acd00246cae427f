"""What became of a campaign's messages: counted, and one by one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from crm_core.api.access import ServicesDep
from crm_core.api.campaign_access import UNKNOWN, Reader
from crm_core.api.problems import to_responses
from crm_core.campaigns.states import MessageState

router = APIRouter(prefix="/v1", tags=["Campaigns"])


@router.get("/campaigns/{campaign_id}/stats", responses=to_responses(UNKNOWN))
def get_stats(campaign_id: str, found: ServicesDep, key: Reader) -> dict[str, Any]:
    """Counted from the message log: by_state counts each customer once, by the present state, and sums to audience.

    by_variant: the same for those that have a variant; who is held out or excluded has none. identity: planned is the
    audience that was counted when the last row was written, null until then; adds_up says whether the rows make it up.
    """
    campaign = found.campaigns.get(campaign_id)
    as_of = found.clock()
    stats = found.ledger.stats(campaign_id, by_variant=bool(campaign.get("variants")))
    planned = campaign.get("audience")
    return {
        "state": campaign["state"],
        "audience": stats.audience,
        "by_state": stats.by_state,
        "skipped_by_reason": stats.skipped_by_reason,
        "failed_by_reason": stats.failed_by_reason,
        "pending_by_reason": stats.pending_by_reason,
        "by_variant": stats.by_variant,
        "identity": {"planned": planned, "adds_up": None if planned is None else planned == stats.audience},
        "as_of": as_of,
    }


@router.get("/campaigns/{campaign_id}/messages", responses=to_responses(UNKNOWN))
def list_messages(
    campaign_id: str,
    found: ServicesDep,
    key: Reader,
    state: MessageState | None = None,
    reason: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> dict[str, Any]:
    """One row for each customer of the audience, by state, reason and customer id.

    text and subject, as they were sent, are shown to keys with the scope customers:read as well. next: the cursor of
    the page after this one, null on the last; a row that changes its state meanwhile may be met twice, or not at all.
    """
    found.campaigns.get(campaign_id)
    rows, after = found.message_list.page(
        campaign_id, actor=key.actor, state=state, reason=reason, limit=limit, after=cursor
    )
    return {"items": rows, "next": after}
