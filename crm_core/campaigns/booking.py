"""Booking: what became of messages, written so that neither order nor repetition matters."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import UpdateMany

from crm_core.campaigns.claims import PENDING
from crm_core.campaigns.rows import campaign_of, split_key
from crm_core.campaigns.states import MessageState
from crm_core.infra.mongo import Db, Doc, translated

_CLAIM = {"claim": "", "round": ""}


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the message with ``key``. kept: fields to keep with it."""

    key: str
    state: MessageState
    at: datetime
    reason: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)


class Bookings:
    """Rows one by one are most of what a campaign costs, so two things are left out where they do not matter.

    Conditions beside the id cost a third more: they are asked of campaigns whose messages were retried, and of
    failures, whose reason must not take the place of why a row was skipped. The notes that let the driver repeat a lost
    write cost as much again; the driver takes them only for ``UpdateOne``. Here a repetition changes nothing, and after
    an outage the whole batch is repeated.
    """

    def __init__(self, db: Db) -> None:
        self._messages = db.messages
        self._campaigns = db.campaigns

    def book(self, steps: Sequence[Step]) -> int:
        """What receipts say; gives how many of the rows exist. Those of another try than the row is in change nothing.

        The state is the highest seen, each step keeps its earliest time, a failure its first reason in the alphabet.
        """
        retried = self._retried({campaign_of(step.key) for step in steps})
        return self._write([_to_update(step, {}, guarded=campaign_of(step.key) in retried) for step in steps])

    def settle(self, campaign: Doc, steps: Iterable[Step]) -> int:
        """What a delivery worker knows of rows that it claimed: that, and their claim has ended."""
        guarded = bool(campaign.get("retries"))
        return self._write([_to_update(step, {"$unset": _CLAIM}, guarded=guarded) for step in steps])

    def _retried(self, campaign_ids: Collection[str]) -> set[str]:
        with translated():
            found = self._campaigns.find({"_id": {"$in": list(campaign_ids)}, "retries": {"$gt": 0}}, {"_id": 1})
            return {row["_id"] for row in found}

    def skip(self, reasons: Mapping[str, str], claim: str, *, at: datetime) -> None:
        """Close claimed rows without a message. reasons: row id to reason."""
        for reason, rows in _grouped(reasons).items():
            closed = {"rank": MessageState.SKIPPED.rank, "reason": reason, "skipped_at": at}
            self._change_pending(rows, claim, closed)

    def defer(self, until: Mapping[str, datetime], claim: str, *, reason: str) -> None:
        """Let claimed rows wait. until: row id to when they are due."""
        for due_at, rows in _grouped(until).items():
            self._change_pending(rows, claim, {"reason": reason, "due_at": due_at})

    def _change_pending(self, rows: Sequence[str], claim: str, values: Doc) -> None:
        query = {"_id": {"$in": rows}, "rank": PENDING, "claim": claim}
        with translated():
            self._messages.update_many(query, {"$set": values, "$unset": _CLAIM})

    def _write(self, requests: list[UpdateMany]) -> int:
        if not requests:
            return 0
        with translated():
            return self._messages.bulk_write(requests, ordered=False).matched_count


def _to_update(step: Step, more: Doc, *, guarded: bool) -> UpdateMany:
    """A row that was skipped or held out had no message: its rank is above all that is said of one."""
    least: Doc = {f"{step.state}_at": step.at} | ({"reason": step.reason} if step.reason else {})
    change: Doc = {"$max": {"rank": step.state.rank}, "$min": least, **more}
    if step.kept:
        change["$set"] = dict(step.kept)
    row, n = split_key(step.key)
    if not guarded and not step.reason and n == 0:
        return UpdateMany({"_id": row}, change)
    return UpdateMany({"_id": row, "n": n or None, "rank": {"$lt": MessageState.SKIPPED.rank}}, change)


def _grouped(values: Mapping[str, Any]) -> dict[Any, list[str]]:
    """Value to row ids: rows that share one are changed by one statement."""
    found: dict[Any, list[str]] = defaultdict(list)
    for row, value in values.items():
        found[value].append(row)
    return found
