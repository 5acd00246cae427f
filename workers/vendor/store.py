"""The vendor's memory: which keys it has seen, which receipts it still owes, and what else must outlive it.

One connection writes, in the event loop's thread; every call takes a few milliseconds.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from crm_core.errors import Unavailable
from workers.vendor.records import Arrival, Known, Receipt
from workers.vendor.schema import connect, prepare

LAST_ERROR: Final = "last_error"
LAST_CALLBACK_ERROR: Final = "last_callback_error"
CALL: Final = "call:"
"""Begins the names of the counts of calls, by what became of them; other counts are of attacks."""

_TALLIES: Final = ("received", "handed_over", "duplicates", "changed", "opened", "clicked", "lost")
_COLUMNS: Final = ", ".join(("campaign", *_TALLIES))
_ADDED: Final = ", ".join(f"{name} = {name} + excluded.{name}" for name in _TALLIES)
_TALLY: Final = (
    f"INSERT INTO tallies ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608
    f"ON CONFLICT (campaign) DO UPDATE SET {_ADDED}"
)
_COUNT: Final = "INSERT INTO counts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET n = n + excluded.n"
_IS_RECEIPT: Final = "due_ms = ? AND key = ? AND status = ?"


class VendorStore:
    """Raises Unavailable when the file cannot be read or written, InvalidInput when it is of a newer version."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = connect(path)
            prepare(self._db)
        except (OSError, sqlite3.Error) as exc:
            raise Unavailable(f"cannot open the vendor's file {path}: {exc}") from exc

    def close(self) -> None:
        """Close the file; SQLite folds the write-ahead log back in."""
        self._db.close()

    def load_known(self, keys: Sequence[str]) -> dict[str, Known]:
        """Return what was answered to those keys that came before."""
        marks = ",".join("?" * len(keys))
        accepted = f"SELECT key, vendor_id, NULL, recipient, subject, body FROM messages WHERE key IN ({marks})"  # noqa: S608
        rejected = f"SELECT key, NULL, reason FROM rejected WHERE key IN ({marks})"  # noqa: S608
        with self._transaction() as db:
            rows = [*db.execute(accepted, keys), *db.execute(rejected, keys)]
        return {key: Known(*answer) for key, *answer in rows}

    def save_arrival(self, arrival: Arrival) -> None:
        """Remember what a call brought, and the receipts owed for it, all or nothing."""
        rejected = [(key, arrival.campaign, reason) for key, reason in arrival.rejected.items()]
        with self._transaction() as db:
            _tally(db, arrival.campaign, arrival.tallies)
            db.execute(_COUNT, (CALL + arrival.outcome, 1))
            db.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", arrival.accepted)
            db.executemany("INSERT OR REPLACE INTO owed_receipts VALUES (?, ?, ?, ?, ?, ?, ?)", arrival.receipts)
            db.executemany("INSERT INTO rejected VALUES (?, ?, ?)", rejected)

    def load_due(self, now_ms: int, limit: int) -> list[Receipt]:
        """Return receipts whose time has come, the oldest first."""
        with self._transaction() as db:
            due = "SELECT * FROM owed_receipts WHERE due_ms <= ? ORDER BY due_ms LIMIT ?"
            return [Receipt(*row) for row in db.execute(due, (now_ms, limit))]

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
                [receipt[:3] for receipt in receipts],
            )
            for campaign, n in Counter(receipt.campaign for receipt in receipts).items():
                _tally(db, campaign, {"handed_over": n})

    def postpone(self, receipt: Receipt, due_ms: int) -> None:
        """Try a receipt again later; when it happened stays the same."""
        with self._transaction() as db:
            db.execute(f"UPDATE OR REPLACE owed_receipts SET due_ms = ? WHERE {_IS_RECEIPT}", (due_ms, *receipt[:3]))  # noqa: S608

    def count(self, name: str, notes: Mapping[str, str] | None = None) -> None:
        """Count an event by name, and keep notes with it as ``save_notes`` does."""
        with self._transaction() as db:
            db.execute(_COUNT, (name, 1))
            _note(db, notes or {})

    def load_calls(self) -> int:
        """Return how many calls have come, whatever became of them."""
        with self._transaction() as db:
            (n,) = db.execute("SELECT coalesce(sum(n), 0) FROM counts WHERE name LIKE ?", (f"{CALL}%",)).fetchone()
            return int(n)

    def save_notes(self, notes: Mapping[str, str]) -> None:
        """Keep a text by name, with the time; a later one replaces it."""
        with self._transaction() as db:
            _note(db, notes)

    def load_note(self, name: str) -> str | None:
        """Return the text that is kept under this name."""
        with self._transaction() as db:
            found = db.execute("SELECT text FROM notes WHERE name = ?", (name,)).fetchone()
            return str(found[0]) if found else None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._db:  # commits, or rolls back on any exception
                self._db.execute("BEGIN")
                yield self._db
        except sqlite3.Error as exc:
            raise Unavailable(f"the vendor's file failed: {exc}") from exc


def _tally(db: sqlite3.Connection, campaign: str, figures: Mapping[str, int]) -> None:
    db.execute(_TALLY, (campaign, *(figures.get(name, 0) for name in _TALLIES)))


def _note(db: sqlite3.Connection, notes: Mapping[str, str]) -> None:
    now_ms = int(time.time() * 1000)
    rows = [(name, now_ms, text) for name, text in notes.items()]
    db.executemany("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", rows)
