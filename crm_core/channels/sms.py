"""SMS: paid by the segment, whose size depends on the characters used."""

from crm_core.channels.address_keys import phone_key
from crm_core.channels.channel import Channel, ConsentShares, FailureMeaning, Look, Preview

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_ESCAPED = frozenset("\f^{}\\[~]|€")
"""Each takes the place of two characters. Source: 3GPP TS 23.038, section 6.2.1."""
GSM_7_SIZES, UCS_2_SIZES = (160, 153), (70, 67)
"""Characters in a message of one segment, and in each segment of a longer one, whose header takes room."""


def count_segments(text: str) -> tuple[int, bool]:
    """Segments of a message, and whether it needs Unicode. A character is never split between two segments."""
    is_unicode = not GSM_7.issuperset(text) and not (GSM_7 | GSM_7_ESCAPED).issuperset(text)
    if is_unicode:
        sizes, lengths = UCS_2_SIZES, [len(each.encode("utf-16-le")) // 2 for each in text]
    else:
        sizes, lengths = GSM_7_SIZES, [2 if each in GSM_7_ESCAPED else 1 for each in text]
    single, several = sizes
    if sum(lengths) <= single:
        return 1, is_unicode
    count, left = 1, several
    for length in lengths:
        if length > left:
            count, left = count + 1, several
        left -= length
    return count, is_unicode


def preview_segments(body: str, subject: str | None) -> Preview:
    count, is_unicode = count_segments(body)
    segments = "1 SMS segment" if count == 1 else f"{count} SMS segments"
    cause = " Characters outside the GSM alphabet, such as emoji, make segments shorter." if is_unicode else ""
    return Preview(body, subject, (f"{len(body):,} characters, sent as {segments}.{cause}",))


SMS = Channel(
    name="sms",
    label="SMS",
    icon="sms",
    address="phone",
    address_words="a phone number",
    key=phone_key,
    look=Look.BUBBLE,
    preview=preview_segments,
    failures={
        "blocked_by_recipient": FailureMeaning.UNSUBSCRIBED,
        "unsubscribed_at_carrier": FailureMeaning.UNSUBSCRIBED,
        "invalid_recipient": FailureMeaning.INVALID_ADDRESS,
    },
    demo_consent=ConsentShares(granted=0.36, denied=0.21),
)
