"""A row of the message log as it is stored in ``messages``, for the type checker."""

from datetime import datetime
from typing import TypedDict, cast

from pymongo.collection import Collection

from crm_core.infra.mongo import Db


class Message(TypedDict, total=False):
    """One customer's message of one campaign, whatever became of it. The first six every row has.

    rank: its state, as ``MessageState.rank``. reason: why it was skipped or failed, or what it waits for until
    ``due_at``. held_by: the quiet hours whose end it waits for. n: how often people asked for another try. claim: the
    stream entry that works on it, in this ``round``. attempting: the call by which it is handed to a sender that is not
    idempotent. maybe_sent: a worker died before the outcome was booked, so the vendor may have it. retried_at: the
    request for another try that it was for last. text, subject, preheader: as they were sent. address_key: of the
    address that the campaign writes to by this row, and by no other; absent of one that was skipped. same_address_as:
    the customer by whose row it does, of one that was skipped for that.
    """

    _id: str
    campaign_id: str
    customer_id: str
    channel: str
    rank: int
    created_at: datetime
    variant: str
    address_key: str
    same_address_as: str
    reason: str
    due_at: datetime
    held_by: str
    n: int
    retried_at: datetime
    claim: str
    round: int
    attempting: str
    maybe_sent: bool
    vendor_id: str
    text: str
    subject: str
    preheader: str
    sent_at: datetime
    delivered_at: datetime
    opened_at: datetime
    clicked_at: datetime
    failed_at: datetime
    skipped_at: datetime
    held_out_at: datetime
    unsubscribed_at: datetime


def messages_in(db: Db) -> Collection[Message]:
    """The message log."""
    return cast("Collection[Message]", db.messages)
