"""The pending rows of a campaign: which are next, which wait, and what becomes of them when nothing is sent."""

from collections.abc import Collection
from datetime import datetime

from pymongo import ASCENDING, DESCENDING

from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.moves import Moves
from crm_core.campaigns.messages.rows import BY_RANK, OPEN, PENDING, campaign_of
from crm_core.campaigns.states import WAITING, RowReason
from crm_core.channels.channel import LINES
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.message_states import MessageState

_FAILED = MessageState.FAILED.rank
_NO_WORK = {"claim": "", "round": "", "attempting": "", "due_at": "", "held_by": ""}
_AWAKE: Doc = {"$unset": {"reason": "", "due_at": "", "held_by": ""}}
_NO_OUTCOME = _NO_WORK | dict.fromkeys(
    ("reason", "sent_at", "failed_at", "vendor_id", "text", *LINES, "maybe_sent"), ""
)


class PendingRows:
    """Changes are made to at most ``limit`` rows a call and give how many: none are left when that is 0."""

    def __init__(self, db: Db, moves: Moves) -> None:
        self._messages = messages_in(db)
        self._moves = moves

    def next_open(self, campaign_id: str, *, after: str | None, upto: str | None, limit: int) -> list[str]:
        """Customer ids of open rows in order, those after ``after``, up to ``upto`` if that is given."""
        span = ({} if after is None else {"$gt": after}) | ({} if upto is None else {"$lte": upto})
        query: Doc = {"campaign_id": campaign_id, **OPEN} | ({"customer_id": span} if span else {})
        with translated():
            rows = self._messages.find(query, {"customer_id": 1}, hint=BY_RANK).sort("customer_id", 1).limit(limit)
            return [row["customer_id"] for row in rows]

    def has_any(self, campaign_id: str, *, after: str | None = None) -> bool:
        """after: where the open ones are likely; the others are asked for only when none is found there.

        MongoDB keeps what was moved out of an index for minutes, and a search from the first row steps over all of it.
        """
        if after is not None and self.next_open(campaign_id, after=after, upto=None, limit=1):
            return True
        query = {"campaign_id": campaign_id, "rank": PENDING}
        with translated():
            waiting = {**query, "reason": {"$in": list(WAITING)}}
            return any(self._messages.find_one(each, {"_id": 1}, hint=BY_RANK) is not None for each in (waiting, query))

    def due_span(self, campaign_id: str, reason: str) -> tuple[datetime, datetime] | None:
        """When the first and the last of the rows are due that wait for this reason; None when none does."""
        query: Doc = {"campaign_id": campaign_id, "due_at": {"$exists": True}, "rank": PENDING, "reason": reason}
        with translated():
            rows = [
                self._messages.find_one(query, {"due_at": 1}, sort=[("campaign_id", way), ("due_at", way)])
                for way in (ASCENDING, DESCENDING)
            ]
        first, last = rows
        return (first["due_at"], last["due_at"]) if first and last else None

    def wake(self, campaign_id: str, now: datetime, *, limit: int) -> int:
        """Let rows whose time has come be open again."""
        query = {"campaign_id": campaign_id, "due_at": {"$lte": now}, "rank": PENDING}
        return self._change({**query, "reason": {"$in": list(WAITING)}}, _AWAKE, limit)

    def wake_held(self, campaign_id: str, hours: str | None, *, limit: int) -> int:
        """Let rows be open again that wait for the end of other quiet hours than these."""
        query = {"campaign_id": campaign_id, "rank": PENDING, "reason": RowReason.QUIET_HOURS}
        return self._change({**query, "held_by": {"$exists": True, "$ne": hours}}, _AWAKE, limit)

    def close_unclaimed(self, campaign_id: str, reason: str, at: datetime, *, limit: int) -> int:
        """Skip what nobody has begun with."""
        closed = {"rank": MessageState.SKIPPED.rank, "reason": reason, "skipped_at": at}
        query = {"campaign_id": campaign_id, "rank": PENDING, "claim": None}
        return self._change(query, {"$set": closed, "$unset": _NO_WORK | {"address_key": ""}}, limit)

    def close_orphans(self, campaign_id: str, living: Collection[str], at: datetime, *, limit: int) -> int:
        """Fail what somebody has begun with whose entry is gone: the vendor may have it. A receipt still raises it.

        living: the ids of entries that are not acknowledged.
        """
        closed = {"rank": _FAILED, "reason": RowReason.OUTCOME_UNKNOWN, "failed_at": at}
        query = {"campaign_id": campaign_id, "rank": PENDING, "claim": {"$nin": [None, *living]}}
        return self._change(query, {"$set": closed, "$unset": _NO_WORK}, limit)

    def reset_failed(self, campaign_id: str, asked_at: datetime, living: Collection[str], *, limit: int) -> int:
        """Let failed rows be pending in their next try, each once for one ``asked_at``. living: as in close_orphans;
        what a living entry still works on waits for it.

        Not those of which nobody knows whether the vendor has them: another key would message them twice.
        """
        query = {**_failed(campaign_id), "retried_at": {"$ne": asked_at}, "claim": {"$nin": list(living)}}
        change = {"$set": {"rank": PENDING, "retried_at": asked_at}, "$inc": {"n": 1}, "$unset": _NO_OUTCOME}
        return self._change(query, change, limit)

    def has_failed(self, campaign_id: str, *, besides: datetime | None = None) -> bool:
        """Whether there is a row to be retried; besides: those that were for this ``asked_at``."""
        query = _failed(campaign_id) | ({"retried_at": {"$ne": besides}} if besides else {})
        with translated():
            return self._messages.find_one(query, {"_id": 1}, hint=BY_RANK) is not None

    def _change(self, query: Doc, change: Doc, limit: int) -> int:
        """The ids first, since an update of many knows no limit; what moved in between is left alone."""
        with translated():
            ids = [row["_id"] for row in self._messages.find(query, {"_id": 1}).limit(limit)]
            if ids:
                self._messages.update_many({**query, "_id": {"$in": ids}}, change)
        self._moves.note(map(campaign_of, ids))
        return len(ids)


def _failed(campaign_id: str) -> Doc:
    return {"campaign_id": campaign_id, "rank": _FAILED, "reason": {"$ne": RowReason.OUTCOME_UNKNOWN}}
