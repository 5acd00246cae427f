"""Channels and the reasons why nothing is sent over them, in words."""

from collections.abc import Mapping
from typing import Final

from crm_core.audience.eligibility import REASON_LABELS
from crm_core.campaigns.states import RowReason
from crm_core.channels.channel import FailureMeaning
from crm_core.channels.registry import CHANNELS
from pages._ui.formats import literal

_MEANINGS: Final = {
    FailureMeaning.UNSUBSCRIBED: "wants no messages",
    FailureMeaning.COMPLAINT: "complained",
    FailureMeaning.HARD_BOUNCE: "the address does not exist",
    FailureMeaning.INVALID_ADDRESS: "the address is wrong",
}
_ROW_REASONS: Final = {
    RowReason.EXCLUDED_SEGMENT: "In an excluded segment",
    RowReason.MESSAGED_RECENTLY: "Messaged recently",
    RowReason.CANCELLED: "Campaign cancelled",
    RowReason.CAMPAIGN_FAILED: "Campaign failed",
    RowReason.QUIET_HOURS: "In quiet hours",
    RowReason.UNKNOWN_TIME_ZONE: "Time zone not understood",
    RowReason.CAP_LOCKED: "Being written to by another campaign",
    RowReason.TEMPLATE_FAILED: "Message could not be rendered",
    RowReason.REFUSED_BY_VENDOR: "Refused by the vendor",
    RowReason.OUTCOME_UNKNOWN: "Unknown whether it was sent",
}
_LABELS: Final[Mapping[str, str]] = {
    str(reason): label for labels in (REASON_LABELS, _ROW_REASONS) for reason, label in labels.items()
}


def reason_words(reason: str) -> str:
    """Of a row of the message_log."""
    return _LABELS.get(reason, reason.replace("_", " ").capitalize())


def failure_words(channel: str, reason: str) -> str:
    """Of a message that failed over ``channel``: the vendor's reason, and what it means where that is known."""
    known = CHANNELS.get(channel)
    meaning = known.failures.get(reason) if known else None
    return f"{reason_words(reason)}: {_MEANINGS[meaning]}" if meaning else reason_words(reason)


def channel_title(name: str) -> str:
    """Markdown of icon and label."""
    channel = CHANNELS.get(name)
    return f":material/{channel.icon}: {channel.label}" if channel else literal(name)


def channel_badge(name: str) -> str:
    return f":gray-badge[{channel_title(name)}]"
