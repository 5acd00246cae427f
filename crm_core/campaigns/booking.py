"""Booking: what became of messages, written so that neither order nor repetition matters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from crm_core.campaigns.claims import PENDING
from crm_core.campaigns.rows import of_try, split_key
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
    def __init__(self, db: Db) -> None:
        self._messages = db.messages

    def book(self, steps: Iterable[Step]) -> int:
        """What receipts say; gives how many of the rows exist.

        The state is the highest seen, each step keeps its earliest time, a failure its first reason in the alphabet.
        """
        return self._write([_to_update(step, {}) for step in steps])

    def settle(self, steps: Iterable[Step]) -> int:
        """What a delivery worker knows of rows that it claimed: that, and their claim has ended."""
        return self._write([_to_update(step, {"$unset": _CLAIM}) for step in steps])

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

    def _write(self, requests: list[UpdateOne]) -> int:
        if not requests:
            return 0
        with translated():
            return self._messages.bulk_write(requests, ordered=False).matched_count


def _to_update(step: Step, more: Doc) -> UpdateOne:
    """A row that was skipped or held out had no message: what is said of one changes nothing."""
    least: Doc = {f"{step.state}_at": step.at} | ({"reason": step.reason} if step.reason else {})
    change: Doc = {"$max": {"rank": step.state.rank}, "$min": least, **more}
    if step.kept:
        change["$set"] = dict(step.kept)
    query = {**of_try(*split_key(step.key)), "rank": {"$lt": MessageState.SKIPPED.rank}}
    return UpdateOne(query, change)


def _grouped(values: Mapping[str, Any]) -> dict[Any, list[str]]:
    """Value to row ids: rows that share one are changed by one statement."""
    found: dict[Any, list[str]] = defaultdict(list)
    for row, value in values.items():
        found[value].append(row)
    return found
