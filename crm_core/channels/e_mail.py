"""E-mail."""

from crm_core.channels.address_keys import mail_key
from crm_core.channels.channel import Channel, ConsentShares, FailureMeaning, Line, Look, Preview

SHOWN_SUBJECT = 70
"""Characters of a subject that mail programs on a desktop show in a list; phones show about half of it."""
SHOWN_PREHEADER = 100
"""Characters that they show of the message's first words, or of what stands for them."""


def preview_mail(body: str, subject: str | None) -> Preview:
    length = len(subject or "")
    if length <= SHOWN_SUBJECT:
        return Preview(body, subject)
    note = f"The subject has {length} characters; lists of mail show about {SHOWN_SUBJECT}."
    return Preview(body, subject, (note,))


EMAIL = Channel(
    name="email",
    label="E-mail",
    icon="mail",
    address="email",
    address_words="an e-mail address",
    key=mail_key,
    look=Look.MAIL,
    subject=Line("Subject", is_required=True, shown=SHOWN_SUBJECT),
    preheader=Line("Preheader", shown=SHOWN_PREHEADER),
    has_sender=True,
    needs_unsubscribe=True,
    preview=preview_mail,
    failures={
        "blocked_by_recipient": FailureMeaning.UNSUBSCRIBED,
        "unsubscribed_at_carrier": FailureMeaning.UNSUBSCRIBED,
        "marked_as_spam": FailureMeaning.COMPLAINT,
        "mailbox_not_found": FailureMeaning.HARD_BOUNCE,
        "invalid_recipient": FailureMeaning.INVALID_ADDRESS,
    },
    demo_consent=ConsentShares(granted=0.62, denied=0.13),
)
