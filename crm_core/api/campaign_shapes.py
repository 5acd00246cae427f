"""Campaigns as the API shows them: each field always there, null where it says nothing yet."""

from crm_core.campaigns.model import Campaign
from crm_core.infra.mongo import Doc

SHOWN = (
    *("name", "state", "channel", "message", "subject", "variants"),
    *("segment_id", "segment_name", "segment_version", "rule"),
    *("exclude_recent_days", "holdout_percent", "quiet_hours", "intent", "tags"),
    *("scheduled_at", "scheduled_by", "late_s", "launched_at", "launched_by", "planned_at", "audience"),
    *("paused_at", "paused_by", "pause_reason", "cancelled_at", "cancelled_by", "finished_at", "failure"),
    *("archived_at", "copy_of", "created_at", "created_by"),
)
"""Not the marks of workers, nor frozen segments, which can be long."""


def campaign_json(campaign: Campaign) -> Doc:
    """late_s: seconds by which a scheduled launch was late. audience: as it was planned."""
    return {
        "id": campaign["_id"],
        **{name: campaign.get(name) for name in SHOWN},
        "exclude_segment_ids": [each["segment_id"] for each in campaign.get("exclude_segments") or ()],
    }
