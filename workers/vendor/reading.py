"""Shows what was accepted: who got which text."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from crm_core.errors import Unavailable
from workers.vendor.inbox import hash_recipient
from workers.vendor.schema import connect

_FOUND = (
    "SELECT key, vendor_id, campaign, recipient, channel, subject, body, accepted_ms, unsubscribe_url FROM messages"
)


class AcceptedMessage(BaseModel):
    """recipient: a hash; the address itself is not kept. What an older vendor accepted has no text and no moment."""

    key: str
    id: str
    campaign: str
    recipient: str
    channel: str | None
    subject: str | None
    body: str | None
    unsubscribe_url: str | None
    accepted_at: datetime | None


class MessagePage(BaseModel):
    """next: the cursor to go on with, null on the last page."""

    messages: list[AcceptedMessage]
    next: str | None


def load_messages(path: Path, *, campaign: str | None, to: str | None, limit: int, cursor: str | None) -> MessagePage:
    """Load a page in order of keys, of one campaign and to one address if these are given. Raises Unavailable."""
    recipient = None if to is None else hash_recipient(to)
    asked = {"campaign = ?": campaign, "recipient = ?": recipient, "key > ?": cursor}
    conditions = {condition: value for condition, value in asked.items() if value is not None}
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    try:
        with closing(connect(path, read_only=True)) as db:
            query = f"{_FOUND} {where} ORDER BY key LIMIT ?"
            rows = db.execute(query, (*conditions.values(), limit + 1)).fetchall()
    except sqlite3.Error as exc:
        raise Unavailable(f"the vendor's file failed: {exc}") from exc
    page = [_to_message(row) for row in rows[:limit]]
    return MessagePage(messages=page, next=page[-1].key if len(rows) > limit else None)


def _to_message(row: tuple[Any, ...]) -> AcceptedMessage:
    key, vendor_id, campaign, recipient, channel, subject, body, accepted_ms, unsubscribe_url = row
    at = None if accepted_ms is None else datetime.fromtimestamp(accepted_ms / 1000, UTC)
    return AcceptedMessage(
        key=key,
        id=vendor_id,
        campaign=campaign,
        recipient=recipient.hex(),
        channel=channel,
        subject=subject,
        body=body,
        unsubscribe_url=unsubscribe_url,
        accepted_at=at,
    )
