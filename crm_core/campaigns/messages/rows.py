"""Rows of the communication log: their ids, how new ones look, and the keys of their messages."""

from datetime import datetime
from typing import cast

from pymongo import ASCENDING

from crm_core.audience.eligibility import Reason
from crm_core.campaigns.messages.model import Message
from crm_core.infra.mongo import Doc
from crm_core.schema.kinds import MAX_ID_LENGTH
from crm_core.schema.message_states import STATES, MessageState

BY_RANK = [(name, ASCENDING) for name in ("campaign_id", "rank", "reason", "customer_id")]
"""The index of everything that is asked of one campaign. The reason of a row that waits for nothing is null."""
BY_UNSUBSCRIBED = [(name, ASCENDING) for name in ("campaign_id", "unsubscribed_at")]
"""The index of those alone who have unsubscribed."""
PENDING = MessageState.PENDING.rank
OPEN: Doc = {"rank": PENDING, "reason": None}
"""Pending, and due as soon as somebody has time."""
SEEN = ("delivered_at", "failed_at", "opened_at", "clicked_at")
"""The steps that a receipt can tell of."""
MAX_RETRIES_DIGITS = 6
MAX_ROW_ID = MAX_ID_LENGTH + 100
MAX_KEY = MAX_ROW_ID + 1 + MAX_RETRIES_DIGITS
"""In characters, with an id of a campaign and its colon."""
INTERNAL = {"_id", "rank", "claim", "round", "attempting", "maybe_sent", "retried_at", "held_by", "address_key"}
"""Of a row: what only workers read, and what it shows under another name."""


def row_id(campaign_id: str, customer_id: str) -> str:
    return f"{campaign_id}:{customer_id}"


def campaign_of(row: str) -> str:
    """The id of the campaign that the row with this id is of."""
    return row.partition(":")[0]


def new_row(
    campaign_id: str,
    customer_id: str,
    *,
    channel: str,
    at: datetime,
    state: MessageState = MessageState.PENDING,
    reason: str | None = None,
    address_key: str | None = None,
) -> Message:
    """A row as the planner writes it. A row that ends here has the time of its state."""
    row: Doc = {
        "_id": row_id(campaign_id, customer_id),
        "campaign_id": campaign_id,
        "customer_id": customer_id,
        "channel": channel,
        "rank": state.rank,
        "created_at": at,
    }
    if reason:
        row["reason"] = reason
    if address_key:
        row["address_key"] = address_key
    if state is not MessageState.PENDING:
        row[f"{state}_at"] = at
    return cast("Message", row)


def as_same_address(row: Message, holder: str) -> Message:
    """The new row as it is written when the campaign writes to its address by the row of ``holder``."""
    skipped, reason = MessageState.SKIPPED, Reason.SAME_ADDRESS
    campaign_id, customer_id, at = row["campaign_id"], row["customer_id"], row["created_at"]
    new = new_row(campaign_id, customer_id, channel=row["channel"], at=at, state=skipped, reason=reason)
    new["same_address_as"] = holder
    return new


def message_key(row: Message) -> str:
    """The idempotency key of a row's message. n: how often people asked for another try, absent for none."""
    return f"{row['_id']}#{row.get('n', 0)}"


def seen_at(row: Message) -> list[datetime]:
    """When the steps were that receipts have told of."""
    steps = [row.get("delivered_at"), row.get("failed_at"), row.get("opened_at"), row.get("clicked_at")]
    return [at for at in steps if at]


def split_key(key: str) -> tuple[str, int]:
    """Row id and n; -1 for an n that no row has."""
    row, _, digits = key.rpartition("#")
    return row, int(digits) if len(digits) <= MAX_RETRIES_DIGITS else -1


def to_record(row: Message) -> Doc:
    """A row as the API shows it: ``id`` and ``state`` instead of ``_id`` and ``rank``."""
    shown = {name: value for name, value in row.items() if name not in INTERNAL}
    return {"id": row["_id"], "state": STATES[row["rank"]], **shown}
