"""Rows of a rehearsal that wait for the end of quiet hours, and the addresses that are taken: as many as there are, and
hardly any memory."""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import row_id
from crm_core.schema.message_states import MessageState

_CACHE_KB = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TABLE = "CREATE TABLE waiting (customer_id TEXT PRIMARY KEY, variant TEXT, due_us INTEGER) WITHOUT ROWID"
_ADDRESSES = "CREATE TABLE addresses (key TEXT PRIMARY KEY, customer_id TEXT) WITHOUT ROWID"
_NEXT_DUE = (
    "SELECT customer_id, variant FROM waiting WHERE due_us <= ? AND customer_id > ? ORDER BY customer_id LIMIT ?"
)


class WaitingRows:
    """A private database of SQLite in a file that has no name: it answers what ``PendingRows`` answers of real rows."""

    def __init__(self, campaign_id: str) -> None:
        self._campaign_id = campaign_id
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        self._rows.execute(_TABLE)
        self._rows.execute(_ADDRESSES)
        self._rows.execute("BEGIN")

    def __len__(self) -> int:
        return int(self._rows.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def put(self, rows: Iterable[tuple[Message, datetime]]) -> None:
        """Rows with when they are due."""
        values = [(row["customer_id"], row.get("variant"), _to_us(due)) for row, due in rows]
        self._rows.executemany("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?)", values)

    def earliest(self) -> datetime | None:
        """When the next one is due, None when none waits."""
        (due_us,) = self._rows.execute("SELECT min(due_us) FROM waiting").fetchone()
        return None if due_us is None else _EPOCH + due_us * _MICROSECOND

    def next_due(self, now: datetime, *, after: str, limit: int) -> list[Message]:
        """The first that are due by ``now``, in order, those after the customer ``after``."""
        found = self._rows.execute(_NEXT_DUE, (_to_us(now), after, limit))
        return [self._to_row(customer_id, variant) for customer_id, variant in found]

    def remove(self, rows: Iterable[Message]) -> None:
        self._rows.executemany("DELETE FROM waiting WHERE customer_id = ?", [(row["customer_id"],) for row in rows])

    def take_address(self, key: str, customer_id: str) -> str:
        """By whom the campaign writes to it: the customer who came first."""
        self._rows.execute("INSERT OR IGNORE INTO addresses VALUES (?, ?)", (key, customer_id))
        return str(self._rows.execute("SELECT customer_id FROM addresses WHERE key = ?", (key,)).fetchone()[0])

    def close(self) -> None:
        self._rows.close()

    def _to_row(self, customer_id: str, variant: str | None) -> Message:
        row: Message = {"_id": row_id(self._campaign_id, customer_id), "customer_id": customer_id}
        row["rank"] = MessageState.PENDING.rank
        if variant is not None:
            row["variant"] = variant
        return row


def _to_us(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
