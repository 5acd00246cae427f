"""The states of a campaign and of a message, and their order."""

from enum import StrEnum


class CampaignState(StrEnum):
    DRAFT = "draft"
    PREPARING = "preparing"
    SENDING = "sending"
    COMPLETED = "completed"
    FAILED = "failed"


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
        """How the ledger keeps the state: receipts raise it by ``$max``, in whatever order they come."""
        return RANKS[self]


RANKS = {state: rank for rank, state in enumerate(MessageState)}
STATES = tuple(MessageState)
