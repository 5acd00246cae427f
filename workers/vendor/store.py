"""The vendor's memory, one SQLite file: which keys it has seen, and which receipts it still owes.

WAL with synchronous=NORMAL: what is committed outlives ``kill -9`` of the process (not a power cut, which
this simulation does not promise). One connection writes, in the event loop's thread; every call takes a few
milliseconds.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crm_core.errors import Unavailable

# Recipients come in random order, so each batch dirties pages all over the index: a larger cache (KiB, hence
# negative) and rarer checkpoints (pages) write them fewer times. A third more messages a second, measured.
_PRAGMAS = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=8000;
"""
# recipient: a hash, since "was this address served twice?" needs no address. reason: null when delivered.
# The index answers all counters of a campaign without touching the table.
# owed_receipts is clustered by due time, so that sending is a range read and needs no second index.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    key TEXT PRIMARY KEY, campaign TEXT NOT NULL, recipient BLOB NOT NULL,
    vendor_id TEXT NOT NULL, reason TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (campaign, recipient, reason);
CREATE TABLE IF NOT EXISTS owed_receipts (
    due_ms INTEGER NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, at_ms INTEGER NOT NULL,
    vendor_id TEXT NOT NULL, campaign TEXT NOT NULL, PRIMARY KEY (due_ms, key, status)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (
    campaign TEXT PRIMARY KEY, received INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
"""
_TALLY = """
INSERT INTO tallies (campaign, received, handed_over) VALUES (?, ?, ?)
ON CONFLICT (campaign) DO UPDATE SET received = received + excluded.received,
                                     handed_over = handed_over + excluded.handed_over
"""
_IS_RECEIPT = "due_ms = ? AND key = ? AND status = ?"


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt owed. Unix milliseconds: due_ms, when to tell it; at_ms, when it happened."""

    due_ms: int
    key: str
    status: str
    reason: str | None
    at_ms: int
    vendor_id: str
    campaign: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """One new message with its first receipt."""

    recipient: bytes
    receipt: Receipt


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the file; transactions are begun by hand."""
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)


class VendorStore:
    """Seen keys and owed receipts. Raises Unavailable when the file cannot be read or written."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = connect(path)
            self._db.executescript(_PRAGMAS + _SCHEMA)
        except (OSError, sqlite3.Error) as exc:
            raise Unavailable(f"cannot open the vendor's file {path}: {exc}") from exc

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log back in."""
        self._db.close()

    def load_vendor_ids(self, keys: Sequence[str]) -> dict[str, str]:
        """Return the vendor's ids of those keys that were accepted before."""
        marks = ",".join("?" * len(keys))
        with self._transaction() as db:
            found = db.execute(f"SELECT key, vendor_id FROM messages WHERE key IN ({marks})", keys)  # noqa: S608
            return dict(found.fetchall())

    def save_accepted(self, campaign: str, received: int, accepted: Sequence[Accepted]) -> None:
        """Remember new messages and the receipts owed for them.

        received: messages in the request, repeats included.
        """
        owed = [one.receipt for one in accepted]
        with self._transaction() as db:
            db.execute(_TALLY, (campaign, received, 0))
            db.executemany(
                "INSERT INTO messages VALUES (?, ?, ?, ?, ?)",
                [(a.receipt.key, campaign, a.recipient, a.receipt.vendor_id, a.receipt.reason) for a in accepted],
            )
            db.executemany(
                "INSERT INTO owed_receipts VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(r.due_ms, r.key, r.status, r.reason, r.at_ms, r.vendor_id, r.campaign) for r in owed],
            )

    def load_due(self, now_ms: int, limit: int) -> list[Receipt]:
        """Return receipts whose time has come, the oldest first."""
        with self._transaction() as db:
            due = "SELECT * FROM owed_receipts WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
            rows = db.execute(due, (now_ms, limit))
            return [Receipt(*row) for row in rows]

    def load_next_due_ms(self) -> int | None:
        """Return when the next receipt is due, None when none is owed."""
        with self._transaction() as db:
            (due_ms,) = db.execute("SELECT min(due_ms) FROM owed_receipts").fetchone()
            return None if due_ms is None else int(due_ms)

    def save_handed_over(self, receipts: Sequence[Receipt]) -> None:
        """Forget receipts that the callback has taken."""
        with self._transaction() as db:
            db.executemany(
                f"DELETE FROM owed_receipts WHERE {_IS_RECEIPT}",  # noqa: S608
                [(r.due_ms, r.key, r.status) for r in receipts],
            )
            by_campaign = Counter(r.campaign for r in receipts)
            db.executemany(_TALLY, [(campaign, 0, n) for campaign, n in by_campaign.items()])

    def postpone(self, receipt: Receipt, due_ms: int) -> None:
        """Try a receipt again later; when it happened stays the same."""
        with self._transaction() as db:
            db.execute(
                f"UPDATE owed_receipts SET due_ms = ? WHERE {_IS_RECEIPT}",  # noqa: S608
                (due_ms, receipt.due_ms, receipt.key, receipt.status),
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._db:  # commits, or rolls back on any exception
                self._db.execute("BEGIN")
                yield self._db
        except sqlite3.Error as exc:
            raise Unavailable(f"the vendor's file failed: {exc}") from exc
