"""The states of a campaign, and the reasons of messages beside those of ``eligibility``."""

from enum import StrEnum


class CampaignState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PREPARING = "preparing"
    SENDING = "sending"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


RUNNING = (CampaignState.PREPARING, CampaignState.SENDING)
"""In these messages are sent: sending begins while the audience is still being walked."""


class RowReason(StrEnum):
    """Why a row stands as it does, beside the reasons of ``eligibility`` and those that the vendor gives."""

    EXCLUDED_SEGMENT = "excluded_segment"
    MESSAGED_RECENTLY = "messaged_recently"
    CANCELLED = "cancelled"
    CAMPAIGN_FAILED = "campaign_failed"
    QUIET_HOURS = "quiet_hours"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    CAP_LOCKED = "cap_locked"
    TEMPLATE_FAILED = "template_failed"
    REFUSED_BY_VENDOR = "refused_by_vendor"
    OUTCOME_UNKNOWN = "outcome_unknown"


LEFT_OUT = (RowReason.EXCLUDED_SEGMENT, RowReason.MESSAGED_RECENTLY)
"""Of rows that the planner writes as skipped."""
WAITING = (RowReason.QUIET_HOURS, RowReason.CAP_LOCKED)
"""Of pending rows that are not due before their ``due_at``."""
