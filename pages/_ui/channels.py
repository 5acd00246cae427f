"""Channels and the reasons why nothing is sent over them, in words."""

from collections.abc import Mapping
from typing import Final

from crm_core.audience.eligibility import REASON_LABELS
from crm_core.campaigns.states import WAITING, RowReason
from crm_core.channels.channel import FailureMeaning
from crm_core.channels.registry import CHANNELS
from crm_core.schema.message_states import MessageState
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
_MEANS: Final[Mapping[str, str]] = {
    "no_consent": "They have not agreed to messages over this channel.",
    "no_address": "No address over this channel is known.",
    "suppressed": "Messages over this channel were stopped for them.",
    "frequency_cap": "They have got as many messages as the frequency cap allows.",
    "same_address": "Somebody else with the same address gets the message.",
    "customer_gone": "They were erased after the audience was found.",
    RowReason.EXCLUDED_SEGMENT: "They are in a segment that the campaign leaves out.",
    RowReason.MESSAGED_RECENTLY: "They were sent something in the days that the campaign leaves out.",
    RowReason.CANCELLED: "The campaign was cancelled before their message was sent.",
    RowReason.CAMPAIGN_FAILED: "The campaign failed before their message was sent.",
    RowReason.QUIET_HOURS: "It was in their quiet hours, and the campaign skips then.",
    RowReason.TEMPLATE_FAILED: "The message could not be made with what is known of them.",
    RowReason.REFUSED_BY_VENDOR: "The vendor did not take it, without saying why.",
    RowReason.OUTCOME_UNKNOWN: "A worker died between the call and its answer. It is not sent again by itself.",
}
_LABELS: Final[Mapping[str, str]] = {
    str(reason): label for labels in (REASON_LABELS, _ROW_REASONS) for reason, label in labels.items()
}

FAILURES: Final = (RowReason.TEMPLATE_FAILED, RowReason.REFUSED_BY_VENDOR, RowReason.OUTCOME_UNKNOWN)
"""Why a message failed, beside what the vendor says."""
SAME_ADDRESS_AS: Final = "same address as"
"""Before the name of the customer who is written to there."""
SUPPRESSION_REASONS: Final[Mapping[str, str]] = {
    "manual": "By hand",
    "invalid_address": "Invalid address",
    "hard_bounce": "Hard bounce",
    "unsubscribed": "Unsubscribed",
    "complaint": "Complaint",
}


def suppression_words(reason: str) -> str:
    """Why an address or a customer is suppressed."""
    return SUPPRESSION_REASONS.get(reason, reason.replace("_", " ").capitalize())


def known_reasons(state: str, channel: str | None) -> list[str]:
    """Those that messages in this state may have, over one channel or any."""
    if state == MessageState.SKIPPED:
        return [str(reason) for reason in (*REASON_LABELS, *_ROW_REASONS) if reason not in (*FAILURES, *WAITING)]
    channels = CHANNELS.values() if channel is None else [CHANNELS.named(channel)]
    told = dict.fromkeys(reason for each in channels for reason in each.failures)
    return [*told, *map(str, FAILURES)]


def reason_words(reason: str) -> str:
    """Of a row of the message_log."""
    return _LABELS.get(reason, reason.replace("_", " ").capitalize())


def reason_meaning(channel: str, reason: str) -> str:
    """What a reason says of the customers who have it; empty where nobody has said."""
    known = CHANNELS.get(channel)
    if meaning := known.failures.get(reason) if known else None:
        return f"The vendor says: {_MEANINGS[meaning]}."
    return _MEANS.get(reason, "")


def failure_words(channel: str, reason: str) -> str:
    """Of a message that failed over ``channel``: the vendor's reason, and what it means where that is known."""
    known = CHANNELS.get(channel)
    meaning = known.failures.get(reason) if known else None
    return f"{reason_words(reason)}: {_MEANINGS[meaning]}" if meaning else reason_words(reason)


def channel_title(name: str) -> str:
    """Markdown of icon and label."""
    channel = CHANNELS.get(name)
    return f":material/{channel.icon}: {channel.label}" if channel else literal(name)


def channel_icon(name: str) -> str:
    """The name of a Material symbol."""
    channel = CHANNELS.get(name)
    return channel.icon if channel else "help"


def channel_badge(name: str) -> str:
    return f":gray-badge[{channel_title(name)}]"
