"""What the vendor has done, counted from its own file: the outside witness of "nobody messaged twice"."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from crm_core.errors import Unavailable
from workers.vendor.calls import ANSWERED
from workers.vendor.schema import connect
from workers.vendor.store import CALL, LAST_CALLBACK_ERROR, LAST_ERROR

# One pass over the index messages_by_recipient; no join, no sort.
_BY_RECIPIENT = """
SELECT coalesce(sum(n), 0) AS "distinct", coalesce(sum(n > 1), 0) AS accepted_twice,
       coalesce(sum(delivered), 0) AS delivered, coalesce(sum(n - delivered), 0) AS failed,
       coalesce(sum(delivered > 1), 0) AS delivered_twice
FROM (SELECT count(*) AS n, sum(reason IS NULL) AS delivered FROM messages
      {where} GROUP BY campaign, recipient)
"""
_TALLIES = """
SELECT coalesce(sum(received), 0) AS received, coalesce(sum(duplicates), 0) AS duplicates,
       coalesce(sum(changed), 0) AS changed_bodies, coalesce(sum(opened), 0) AS opened,
       coalesce(sum(clicked), 0) AS clicked, coalesce(sum(handed_over), 0) AS receipts_handed_over,
       coalesce(sum(lost), 0) AS receipts_lost
FROM tallies {where}
"""
_REJECTED = "SELECT count(*) AS rejected FROM rejected {where}"
_PENDING = "SELECT count(*) AS receipts_pending FROM owed_receipts {where}"
_BODIES = "SELECT count(*) AS bodies FROM (SELECT DISTINCT subject, body FROM messages {where})"
_OF_CAMPAIGN = (_BY_RECIPIENT, _TALLIES, _REJECTED, _PENDING, _BODIES)
_SPOILED = frozenset({"no_json", "other_shape", "missing_keys", "unanswered"})
_OF_ATTACKS = ("forged_taken", "forged_refused", "replayed_taken", "replayed_refused")


class Note(BaseModel):
    """What went wrong last, and when."""

    text: str
    at: datetime


class Counters(BaseModel):
    """Figures of one campaign, or of all; those of calls, attacks and errors are always of all.

    Laws: delivered + failed = distinct, and an opened message counts as delivered too (outcomes count from
    acceptance on, before their receipts are sent). received = distinct + rejected + duplicates.
    """

    campaign: str | None
    received: int  # messages in all requests, repeats included
    distinct: int  # keys that were accepted
    duplicates: int  # messages whose key had come before
    rejected: int  # keys that were refused for good
    accepted_twice: int  # pairs of campaign and recipient accepted under more than one key
    bodies: int  # different texts among the accepted messages
    changed_bodies: int  # duplicates with another text or recipient than at first: the caller's fault
    delivered: int
    failed: int
    opened: int
    clicked: int
    delivered_twice: int  # pairs of campaign and recipient with more than one delivered message
    receipts_pending: int
    receipts_handed_over: int  # taken by the callback; a repeat after a crash counts once
    receipts_lost: int  # never sent, as the behaviour asked
    calls: int
    calls_refused: dict[str, int]  # by status, or "closed"
    calls_spoiled: dict[str, int]  # accepted, then answered with nonsense or not at all, by kind
    forged_taken: int  # by the callback; it should take none
    forged_refused: int
    replayed_taken: int
    replayed_refused: int
    last_error: Note | None  # of a call
    last_callback_error: Note | None


def load_counters(path: Path, campaign: str | None) -> Counters:
    """Count on a connection of its own, for a thread beside the event loop; all figures are of one moment."""
    try:
        with closing(connect(path, read_only=True)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN")
            figures = _load_figures(db, campaign)
            counts = dict(db.execute("SELECT name, n FROM counts").fetchall())
            notes = {name: _to_note(text, ms) for name, text, ms in db.execute("SELECT name, text, at_ms FROM notes")}
    except sqlite3.Error as exc:
        raise Unavailable(f"the vendor's file failed: {exc}") from exc
    calls = {name.removeprefix(CALL): n for name, n in counts.items() if name.startswith(CALL)}
    return Counters(
        campaign=campaign,
        **figures,
        **{name: counts.get(name, 0) for name in _OF_ATTACKS},
        calls=sum(calls.values()),
        calls_refused={name: n for name, n in calls.items() if name not in _SPOILED and name != ANSWERED},
        calls_spoiled={name: n for name, n in calls.items() if name in _SPOILED},
        last_error=notes.get(LAST_ERROR),
        last_callback_error=notes.get(LAST_CALLBACK_ERROR),
    )


def _load_figures(db: sqlite3.Connection, campaign: str | None) -> dict[str, int]:
    where, parameters = ("", ()) if campaign is None else ("WHERE campaign = ?", (campaign,))
    figures: dict[str, int] = {}
    for query in _OF_CAMPAIGN:
        figures |= dict(db.execute(query.format(where=where), parameters).fetchone())
    return figures


def _to_note(text: str, at_ms: int) -> Note:
    return Note(text=text, at=datetime.fromtimestamp(at_ms / 1000, UTC))
