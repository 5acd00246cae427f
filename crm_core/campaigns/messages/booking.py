"""Booking: what became of messages, written so that neither order nor repetition matters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_core.audience.eligibility import Reason
from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.moves import Moves
from crm_core.campaigns.messages.rows import PENDING, SEEN, campaign_of, split_key
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.message_states import MessageState

MAX_ROWS = 1000
MAX_CHARACTERS = 2_000_000
"""Of one statement, well below the 16 MB that MongoDB takes."""
_CLAIM = ("claim", "round")
_FREED: list[Doc] = [{"$set": {"address_key": {"$cond": ["$maybe_sent", "$address_key", "$$REMOVE"]}}}]
_HAS_MESSAGE: Doc = {"rank": {"$lt": MessageState.SKIPPED.rank}}
_SKIPPED_TOO_LATE: Doc = {"rank": MessageState.SKIPPED.rank, "maybe_sent": True}
"""Its worker had died before the outcome was booked; what is said of it now shows that the vendor had its message."""

_FIRST_TOLD: Doc = {"$min": ["$sent_at", *(f"${place}{name}" for place in ("", "said.") for name in SEEN)]}
_LATEST_SENT: Doc = {"$cond": [{"$gt": ["$vendor_id", None]}, "$sent_at", {"$max": ["$created_at", _FIRST_TOLD]}]}
"""A vendor's id shows that a worker has booked it; a vendor's clock may be wrong."""
_REOPEN: list[Doc] = [
    {"$set": {"rank": MessageState.SENT.rank, "sent_at": "$skipped_at"}},
    {"$unset": ["reason", "skipped_at", "maybe_sent", "same_address_as"]},
]
"""As if it had been sent when it was skipped, at the latest; what is said of it may be earlier."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """What became of the message with ``key``. kept: fields to keep with it."""

    key: str
    state: MessageState
    at: datetime
    reason: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)


class Bookings:
    """Moving rows is most of what a campaign costs MongoDB, and one statement for many rows, each with values of its
    own, costs a third less than a statement a row. A repetition changes nothing, so after an outage all is repeated.
    """

    def __init__(self, db: Db, moves: Moves) -> None:
        self._messages = messages_in(db)
        self._moves = moves

    def book(self, changes: Sequence[StateChange]) -> int:
        """What receipts say; returns how many rows they speak of. Unknown rows, those without a message, and those of
        another try than the row is in stay as they are. What was skipped, though the vendor had it, was sent.

        The state is the highest seen, each change keeps its earliest time, a failure its first reason in the alphabet.
        Until a worker books it as well, the first that is said of a message is when it was sent at the latest.
        """
        return self._write(changes, told={"sent_at": _LATEST_SENT})

    def finish(self, changes: Sequence[StateChange]) -> int:
        """What a delivery worker knows of rows that it claimed: that, and their claim has ended."""
        return self._write(changes, ended=(*_CLAIM, "attempting", "maybe_sent"))

    def skip(self, reasons: Mapping[str, str], claim: str, *, at: datetime) -> None:
        """Close claimed rows without a message. reasons: row id to reason. Their addresses are free for others, but for
        those that the vendor may have a message for."""
        for reason, rows in _grouped(reasons).items():
            closed = {"rank": MessageState.SKIPPED.rank, "reason": reason, "skipped_at": at}
            self._change_pending(rows, claim, [{"$set": closed}, *_FREED])

    def skip_same_address(self, holders: Mapping[str, str], claim: str, *, at: datetime) -> None:
        """The same for rows whose address the campaign writes to already. holders: row id to whose it is."""
        closed = {"rank": MessageState.SKIPPED.rank, "reason": Reason.SAME_ADDRESS, "skipped_at": at}
        for holder, rows in _grouped(holders).items():
            named = {"same_address_as": {"$literal": holder}}
            self._change_pending(rows, claim, [{"$set": closed | named}, *_FREED])

    def defer(self, until: Mapping[str, datetime], claim: str, *, reason: str, held_by: str | None = None) -> None:
        """Let claimed rows wait. until: row id to when they are due. held_by: the quiet hours that hold them."""
        held = {"held_by": held_by} if held_by else {}
        for due_at, rows in _grouped(until).items():
            self._change_pending(rows, claim, [{"$set": {"reason": reason, "due_at": due_at, **held}}])

    def _change_pending(self, rows: Sequence[str], claim: str, stages: list[Doc]) -> None:
        query = {"_id": {"$in": rows}, "rank": PENDING, "claim": claim}
        with translated():
            self._messages.update_many(query, [*stages, {"$unset": list(_CLAIM)}])
        self._moves.note(map(campaign_of, rows))

    def _write(self, changes: Iterable[StateChange], *, ended: Sequence[str] = (), told: Doc | None = None) -> int:
        """A row that was skipped before it was begun with, or held out, had no message: nothing can have become of
        it. told: what else follows for a row, by expressions."""
        count = 0
        for n, said in _merged(changes).items():
            for part in _parts(said):
                query = {"_id": {"$in": list(part)}, "n": n or None}
                with translated():
                    stages = _to_stages(part, ended, told or {})
                    found = self._messages.update_many(query | _HAS_MESSAGE, stages).matched_count
                    if found < len(part):
                        stages = _to_stages(part, ended, told or {}, first=_REOPEN)
                        found += self._messages.update_many(query | _SKIPPED_TOO_LATE, stages).matched_count
                count += found
                self._moves.note(map(campaign_of, part))
        return count


def _merged(changes: Iterable[StateChange]) -> dict[int, dict[str, Doc]]:
    """By n and row id, what all changes of a message say together."""
    found: dict[int, dict[str, Doc]] = defaultdict(dict)
    for change in changes:
        row, n = split_key(change.key)
        said = found[n].setdefault(row, {"rank": change.state.rank})
        said["rank"] = max(said["rank"], change.state.rank)
        _keep_least(said, f"{change.state}_at", change.at)
        if change.reason:
            _keep_least(said, "reason", change.reason)
        said.update(change.kept)
    return found


def _keep_least(said: Doc, name: str, value: Any) -> None:
    said[name] = min(said.get(name, value), value)


def _parts(said: Mapping[str, Doc]) -> Iterator[Mapping[str, Doc]]:
    """Few enough rows, with few enough text, for one statement."""
    part: dict[str, Doc] = {}
    characters = 0
    for row, values in said.items():
        length = len(values.get("text", ""))
        if part and (len(part) == MAX_ROWS or characters + length > MAX_CHARACTERS):
            yield part
            part, characters = {}, 0
        part[row] = values
        characters += length
    if part:
        yield part


def _to_stages(said: Mapping[str, Doc], ended: Sequence[str], told: Doc, *, first: Sequence[Doc] = ()) -> list[Doc]:
    """Each row looks itself up among ``said``; MongoDB makes a hash table of a constant array. first: stages before
    the two are merged. What a pending row waited for is over."""
    place = {"$indexOfArray": [{"$literal": list(said)}, "$_id"]}
    own = {"$arrayElemAt": [{"$literal": list(said.values())}, place]}
    return [
        {"$set": {"said": own}},
        *first,
        {"$set": told | {name: _merge(name) for name in ("reason", *_names(said))}},
        {"$unset": ["said", "due_at", "held_by", *ended]},
    ]


def _names(said: Mapping[str, Doc]) -> list[str]:
    return sorted({name for values in said.values() for name in values})


def _merge(name: str) -> Doc:
    """What a field becomes of its value and what was said, either of which may lack. ``$min`` passes over nulls."""
    both = [f"$said.{name}", f"${name}"]
    if name == "rank":
        return {"$max": both}
    if name == "reason":
        known = {"$cond": [{"$eq": ["$rank", PENDING]}, None, "$reason"]}
        return {"$ifNull": [{"$min": ["$said.reason", known]}, "$$REMOVE"]}
    if name.endswith("_at"):
        return {"$ifNull": [{"$min": both}, "$$REMOVE"]}
    return {"$ifNull": [*both, "$$REMOVE"]}


def _grouped(values: Mapping[str, Any]) -> dict[Any, list[str]]:
    """Value to row ids: rows that share one are changed by one statement."""
    found: dict[Any, list[str]] = defaultdict(list)
    for row, value in values.items():
        found[value].append(row)
    return found
