"""What the vendor has done, counted from its own file: the outside witness of "nobody messaged twice"."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pydantic import BaseModel

from crm_core.errors import Unavailable
from workers.vendor.store import connect

# One pass over the index messages_by_recipient; no join, no sort.
_BY_RECIPIENT = """
SELECT coalesce(sum(n), 0), coalesce(sum(n > 1), 0),
       coalesce(sum(delivered), 0), coalesce(sum(delivered > 1), 0)
FROM (SELECT count(*) AS n, sum(reason IS NULL) AS delivered FROM messages
      {where} GROUP BY campaign, recipient)
"""
_TALLIES = "SELECT coalesce(sum(received), 0), coalesce(sum(handed_over), 0) FROM tallies {where}"
_PENDING = "SELECT count(*) FROM owed_receipts {where}"


class Counters(BaseModel):
    """Figures of one campaign, or of all.

    Law: delivered + failed = distinct (the outcome counts from acceptance on, before its receipt is sent).
    """

    campaign: str | None
    received: int  # messages in all requests, repeats included
    distinct: int  # keys
    accepted_twice: int  # pairs of campaign and recipient accepted under more than one key
    delivered: int
    failed: int
    delivered_twice: int  # pairs of campaign and recipient with more than one delivered message
    receipts_pending: int
    receipts_handed_over: int  # taken by the callback; a repeat after a crash counts once


def load_counters(path: Path, campaign: str | None) -> Counters:
    """Count on a connection of its own, for a thread beside the event loop; all figures are of one moment."""
    where, parameters = ("", ()) if campaign is None else ("WHERE campaign = ?", (campaign,))
    try:
        with closing(connect(path, read_only=True)) as db:
            db.execute("BEGIN")
            by_recipient = db.execute(_BY_RECIPIENT.format(where=where), parameters).fetchone()
            received, handed_over = db.execute(_TALLIES.format(where=where), parameters).fetchone()
            (pending,) = db.execute(_PENDING.format(where=where), parameters).fetchone()
    except sqlite3.Error as exc:
        raise Unavailable(f"the vendor's file failed: {exc}") from exc
    distinct, accepted_twice, delivered, delivered_twice = by_recipient
    return Counters(
        campaign=campaign,
        received=received,
        distinct=distinct,
        accepted_twice=accepted_twice,
        delivered=delivered,
        failed=distinct - delivered,
        delivered_twice=delivered_twice,
        receipts_pending=pending,
        receipts_handed_over=handed_over,
    )
