"""Push notifications to a phone or a browser, addressed by a device's token."""

from crm_core.channels.channel import Channel, ConsentShares, FailureMeaning, Line, Look, Preview

SHOWN_TITLE, SHOWN_BODY = 65, 178
"""Characters that a phone's lock screen shows at most."""


def preview_notification(body: str, subject: str | None) -> Preview:
    lengths = ((subject or "", SHOWN_TITLE, "title"), (body, SHOWN_BODY, "message"))
    notes = tuple(
        f"The {part} has {len(text):,} characters; a lock screen shows about {most}."
        for text, most, part in lengths
        if len(text) > most
    )
    return Preview(_cut(body, SHOWN_BODY), _cut(subject, SHOWN_TITLE) if subject else None, notes)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


PUSH = Channel(
    name="push",
    label="Push",
    icon="notifications",
    address="attributes.push_token",
    address_words="a device token in the custom attribute push_token",
    look=Look.BANNER,
    subject=Line("Title", shown=SHOWN_TITLE),
    preview=preview_notification,
    failures={
        "blocked_by_recipient": FailureMeaning.UNSUBSCRIBED,
        "invalid_recipient": FailureMeaning.INVALID_ADDRESS,
    },
    demo_consent=ConsentShares(granted=0.27, denied=0.24),
)
