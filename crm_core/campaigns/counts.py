"""Figures of a campaign as they are kept in its document: for lists, which sort by them, and for pages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign, Counts, Details, Point, ReasonCount, VariantCount
from crm_core.campaigns.states import CampaignState
from crm_core.schema.message_states import REACHED, MessageState

MAX_REASONS: Final = 100
"""Of one state: a vendor may give any reason, and a document has its limits."""
OTHER: Final = "other"
Plan = Literal["not_begun", "under_way", "complete", "cut_short"]
M = MessageState
_OF: Final = {M.DELIVERED: M.SENT, M.OPENED: M.DELIVERED, M.CLICKED: M.DELIVERED}
"""A rate is a share of those who got at least so far."""


def rate_of(by_state: Mapping[MessageState, int], state: MessageState) -> float | None:
    """Delivered of sent, opened and clicked of delivered, from 0 to 1; None of nobody."""
    whole = sum(by_state[each] for each in REACHED[_OF[state]])
    return sum(by_state[each] for each in REACHED[state]) / whole if whole else None


def to_counts(stats: Stats, *, as_of: datetime, took: timedelta) -> Counts:
    return {
        "as_of": as_of,
        "took_s": took.total_seconds(),
        "audience": stats.audience,
        "by_state": {str(state): count for state, count in stats.by_state.items()},
        "sent": stats.reached(M.SENT),
        "delivered_rate": rate_of(stats.by_state, M.DELIVERED),
        "opened_rate": rate_of(stats.by_state, M.OPENED),
        "clicked_rate": rate_of(stats.by_state, M.CLICKED),
        "unsubscribed": stats.unsubscribed,
        "skipped_by_reason": _largest(stats.skipped_by_reason),
        "failed_by_reason": _largest(stats.failed_by_reason),
        "pending_by_reason": _largest(stats.pending_by_reason),
    }


def to_stats(counts: Counts) -> Stats:
    """What it was made of, the rarest of very many reasons together as ``other``."""
    return Stats(
        _states(counts["by_state"]),
        _reasons(counts["skipped_by_reason"]),
        _reasons(counts["failed_by_reason"]),
        _reasons(counts["pending_by_reason"]),
        unsubscribed=counts.get("unsubscribed", 0),
    )


def to_details(stats: Stats, timeline: Sequence[Point], *, as_of: datetime, took: timedelta) -> Details:
    variants: list[VariantCount] = [
        {"variant": name, "by_state": {str(state): count for state, count in by_state.items()}}
        for name, by_state in sorted(stats.by_variant.items())
    ]
    return {"as_of": as_of, "took_s": took.total_seconds(), "timeline": [*timeline], "by_variant": variants}


def variants_of(details: Details) -> dict[str, dict[MessageState, int]]:
    return {each["variant"]: _states(each["by_state"]) for each in details["by_variant"]}


def plan_of(campaign: Campaign) -> Plan:
    """How far the audience of a campaign was walked when it was last looked at."""
    if not campaign.get("launched_at"):
        return "not_begun"
    if campaign.get("planned_at") or campaign["state"] in {CampaignState.SENDING, CampaignState.COMPLETED}:
        return "complete"
    return "cut_short" if campaign["state"] in {CampaignState.CANCELLED, CampaignState.FAILED} else "under_way"


def _states(kept: Mapping[str, int]) -> dict[MessageState, int]:
    return {state: kept.get(state, 0) for state in MessageState}


def _reasons(kept: Sequence[ReasonCount]) -> dict[str, int]:
    return {each["reason"]: each["count"] for each in kept}


def _largest(reasons: Mapping[str, int]) -> list[ReasonCount]:
    counted = Counter(reasons).most_common()
    shown: list[ReasonCount] = [{"reason": reason, "count": count} for reason, count in counted[:MAX_REASONS]]
    rest = sum(count for _, count in counted[MAX_REASONS:])
    return [*shown, {"reason": OTHER, "count": rest}] if rest else shown
