"""The vendor's file: an older one opens, a newer one is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crm_core.errors import InvalidInput
from crm_core.vendor_behaviour import Behaviour
from workers.vendor.counters import load_counters
from workers.vendor.inbox import accept_batch, hash_recipient
from workers.vendor.reading import load_messages
from workers.vendor.store import VendorStore
from workers.vendor.wire import Batch

VERSION_1 = """
CREATE TABLE messages (
    key TEXT PRIMARY KEY, campaign TEXT NOT NULL, recipient BLOB NOT NULL, vendor_id TEXT NOT NULL, reason TEXT
) WITHOUT ROWID;
CREATE INDEX messages_by_recipient ON messages (campaign, recipient, reason);
CREATE TABLE owed_receipts (
    due_ms INTEGER NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, at_ms INTEGER NOT NULL,
    vendor_id TEXT NOT NULL, campaign TEXT NOT NULL, PRIMARY KEY (due_ms, key, status)
) WITHOUT ROWID;
CREATE TABLE tallies (
    campaign TEXT PRIMARY KEY, received INTEGER NOT NULL DEFAULT 0, handed_over INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO owed_receipts VALUES (5, 'c:ann#0', 'delivered', NULL, 5, 'vm_1', 'c');
INSERT INTO tallies VALUES ('c', 3, 0);
"""


def to_batch(*recipients: str) -> Batch:
    messages = [{"key": f"c:{to}#0", "to": to, "channel": "sms", "body": f"Hi {to}"} for to in recipients]
    return Batch.model_validate({"campaign": "c", "messages": messages})


def test_a_file_of_the_first_version_opens_with_all_that_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "vendor.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(VERSION_1)
        db.execute("INSERT INTO messages VALUES ('c:ann#0', 'c', ?, 'vm_1', NULL)", (hash_recipient("ann"),))
    for _ in range(2):  # opening it again changes nothing
        with closing(VendorStore(path)) as store:
            assert [receipt.key for receipt in store.load_due(10, 10)] == ["c:ann#0"]
    with closing(VendorStore(path)) as store:
        results = accept_batch(store, Behaviour(), to_batch("ann", "bob"), 1_000, "answered")
    assert [(result["id"] == "vm_1", result["status"]) for result in results] == [
        (True, "duplicate"),
        (False, "accepted"),
    ]
    counted = load_counters(path, "c")
    assert (counted.received, counted.distinct, counted.duplicates, counted.changed_bodies) == (5, 2, 3, 0)
    page = load_messages(path, campaign="c", to=None, limit=10, cursor=None)
    assert [(found.key, found.body) for found in page.messages] == [("c:ann#0", None), ("c:bob#0", "Hi bob")]


def test_a_file_of_a_newer_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "vendor.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version=9")
    with pytest.raises(InvalidInput, match=r"version 9.*known: 3"):
        VendorStore(path)
