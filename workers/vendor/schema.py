"""The vendor's SQLite file: its tables, and how a file of an older version becomes one of this."""

import sqlite3
from pathlib import Path

from crm_core.errors import InvalidInput

VERSION = 3
# WAL with synchronous=NORMAL: what is committed outlives ``kill -9`` of the process (not a power cut, which this
# simulation does not promise). Recipients come in random order, so each batch dirties pages all over the index: a
# larger cache (KiB, hence negative) and rarer checkpoints (pages) write them fewer times. A third more messages a
# second, measured.
_PRAGMAS = """
PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=8000;
"""
# recipient: a hash, since "was this address served twice?" needs no address. reason: null when delivered.
# The index answers by recipient without touching the table.
# owed_receipts is clustered by due time, so that sending is a range read and needs no second index.
_FIRST = """
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
# What version 1 accepted has no text: it kept none.
# counts: calls and attacks, by name. notes: one text a name, such as the last error.
_SECOND = """
ALTER TABLE messages ADD COLUMN channel TEXT;
ALTER TABLE messages ADD COLUMN subject TEXT;
ALTER TABLE messages ADD COLUMN body TEXT;
ALTER TABLE messages ADD COLUMN accepted_ms INTEGER;
ALTER TABLE tallies ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tallies ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tallies ADD COLUMN opened INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tallies ADD COLUMN clicked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tallies ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
UPDATE tallies SET duplicates =
    received - (SELECT count(*) FROM messages WHERE messages.campaign = tallies.campaign);
CREATE TABLE rejected (key TEXT PRIMARY KEY, campaign TEXT NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE counts (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE notes (name TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;
"""
_THIRD = "ALTER TABLE messages ADD COLUMN unsubscribe_url TEXT;"
_STEPS = (_FIRST, _SECOND, _THIRD)
"""Each brings a file to the version of its place, counted from 1; the first may find version 0 or 1."""


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the file; transactions are begun by hand."""
    mode = "ro" if read_only else "rwc"
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)


def prepare(db: sqlite3.Connection) -> None:
    """Make the tables, or bring those of an older version up to date, all or nothing."""
    db.executescript(_PRAGMAS)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise InvalidInput(f"the vendor's file is of version {version}, written by a newer vendor; known: {VERSION}")
    if version < VERSION:
        steps = " ".join(_STEPS[version if version > 1 else 0 :])
        db.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version={VERSION}; COMMIT;")
