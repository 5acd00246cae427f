"""The states of a campaign and of a message, and their order."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


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


class MessageState(StrEnum):
    """In the order in which receipts may move a message; skipped and held out never move."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    SKIPPED = "skipped"
    HELD_OUT = "held_out"

    @property
    def rank(self) -> int:
        """How the message log keeps the state: receipts raise it by ``$max``, in whatever order they come."""
        return RANKS[self]


REACHED: Final[Mapping[MessageState, tuple[MessageState, ...]]] = {
    MessageState.SENT: (
        MessageState.SENT,
        MessageState.FAILED,
        MessageState.DELIVERED,
        MessageState.OPENED,
        MessageState.CLICKED,
    ),
    MessageState.DELIVERED: (MessageState.DELIVERED, MessageState.OPENED, MessageState.CLICKED),
    MessageState.OPENED: (MessageState.OPENED, MessageState.CLICKED),
    MessageState.CLICKED: (MessageState.CLICKED,),
}
"""Where messages are now that got at least so far. What was attempted counts as sent, whatever came of it."""

RANKS = {state: rank for rank, state in enumerate(MessageState)}
STATES = tuple(MessageState)


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


WAITING = (RowReason.QUIET_HOURS, RowReason.CAP_LOCKED)
"""Of pending rows that are not due before their ``due_at``."""
