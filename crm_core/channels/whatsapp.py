"""WhatsApp."""

from crm_core.channels.address_keys import phone_key
from crm_core.channels.channel import Channel, ConsentShares, FailureMeaning, Look, Preview

MAX_BODY = 4_096
"""Characters that the WhatsApp Cloud API takes in the body of a text message."""


def preview_chat(body: str, subject: str | None) -> Preview:
    if len(body) <= MAX_BODY:
        return Preview(body, subject)
    note = f"The message has {len(body):,} characters; WhatsApp takes at most {MAX_BODY:,}."
    return Preview(body, subject, (note,))


WHATSAPP = Channel(
    name="whatsapp",
    label="WhatsApp",
    icon="chat",
    address="phone",
    address_words="a phone number",
    key=phone_key,
    look=Look.BUBBLE,
    preview=preview_chat,
    failures={
        "blocked_by_recipient": FailureMeaning.UNSUBSCRIBED,
        "unsubscribed_at_carrier": FailureMeaning.UNSUBSCRIBED,
        "invalid_recipient": FailureMeaning.INVALID_ADDRESS,
    },
    demo_consent=ConsentShares(granted=0.29, denied=0.16),
)
