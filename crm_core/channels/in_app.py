"""Messages inside the shop's own app, addressed by the customer id."""

from crm_core.channels.channel import Channel, FailureMeaning

IN_APP = Channel(
    name="in_app",
    label="In-app",
    icon="smartphone",
    address=None,
    address_words="no contact detail: it is addressed by the customer id",
    failures={
        "blocked_by_recipient": FailureMeaning.UNSUBSCRIBED,
        "invalid_recipient": FailureMeaning.INVALID_ADDRESS,
    },
)
