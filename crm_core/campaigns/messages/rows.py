"""Rows of the communication log: their ids, how new ones look, and the keys of their messages."""

from datetime import datetime
from typing import Any

from crm_core.campaigns.states import STATES, MessageState
from crm_core.infra.mongo import Doc

MAX_RETRIES_DIGITS = 6
INTERNAL = {"_id", "rank", "claim", "round", "maybe_sent", "retried_at"}
"""Of a row: what only workers read, and what it shows under another name."""


def row_id(campaign_id: str, customer_id: str) -> str:
    return f"{campaign_id}:{customer_id}"


def new_row(
    campaign_id: str,
    customer_id: str,
    *,
    channel: str,
    at: datetime,
    state: MessageState = MessageState.PENDING,
    **more: Any,
) -> Doc:
    """A row as the planner writes it. more: variant, reason. A row that ends here has the time of its state."""
    row: Doc = {
        "_id": row_id(campaign_id, customer_id),
        "campaign_id": campaign_id,
        "customer_id": customer_id,
        "channel": channel,
        "rank": state.rank,
        "created_at": at,
        **more,
    }
    return row if state is MessageState.PENDING else row | {f"{state}_at": at}


def message_key(row: Doc) -> str:
    """The idempotency key of a row's message. n: how often people asked for another try, absent for none."""
    return f"{row['_id']}#{row.get('n', 0)}"


def split_key(key: str) -> tuple[str, int]:
    """Row id and n; -1 for an n that no row has."""
    row, _, digits = key.rpartition("#")
    return row, int(digits) if len(digits) <= MAX_RETRIES_DIGITS else -1


def to_record(row: Doc) -> Doc:
    """A row as the API shows it: ``id`` and ``state`` instead of ``_id`` and ``rank``."""
    shown = {name: value for name, value in row.items() if name not in INTERNAL}
    return {"id": row["_id"], "state": STATES[row["rank"]], **shown}
