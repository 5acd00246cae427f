"""Channels and the reasons why nothing is sent over them, in words."""

from typing import Final

from crm_core.audience.eligibility import REASON_LABELS

CHANNEL_LABELS: Final = {"in_app": "In-app", "email": "E-mail", "sms": "SMS", "whatsapp": "WhatsApp", "push": "Push"}
_OTHER_REASONS: Final = {
    "template_failed": "Message could not be rendered",
    "refused_by_vendor": "Refused by the vendor",
}


def reason_words(reason: str) -> str:
    """Of a row of the ledger."""
    named = {**{str(key): label for key, label in REASON_LABELS.items()}, **_OTHER_REASONS}
    return named.get(reason, reason.replace("_", " ").capitalize())
