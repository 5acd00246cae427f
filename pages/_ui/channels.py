"""Channels and the reasons why nothing is sent over them, in words."""

from collections.abc import Mapping
from typing import Final

from crm_core.audience.eligibility import REASON_LABELS
from crm_core.campaigns.states import RowReason

CHANNEL_LABELS: Final = {"in_app": "In-app", "email": "E-mail", "sms": "SMS", "whatsapp": "WhatsApp", "push": "Push"}
_ROW_REASONS: Final = {
    RowReason.EXCLUDED_SEGMENT: "In an excluded segment",
    RowReason.MESSAGED_RECENTLY: "Messaged recently",
    RowReason.CANCELLED: "Campaign cancelled",
    RowReason.CAMPAIGN_FAILED: "Campaign failed",
    RowReason.QUIET_HOURS: "In quiet hours",
    RowReason.CAP_LOCKED: "Being written to by another campaign",
    RowReason.TEMPLATE_FAILED: "Message could not be rendered",
    RowReason.REFUSED_BY_VENDOR: "Refused by the vendor",
    RowReason.OUTCOME_UNKNOWN: "Unknown whether it was sent",
}
_LABELS: Final[Mapping[str, str]] = {
    str(reason): label for labels in (REASON_LABELS, _ROW_REASONS) for reason, label in labels.items()
}


def reason_words(reason: str) -> str:
    """Of a row of the ledger."""
    return _LABELS.get(reason, reason.replace("_", " ").capitalize())
