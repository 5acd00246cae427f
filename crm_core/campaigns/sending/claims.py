"""Claims on rows: a stream entry takes its stretch by one update, and only what it took is worked on for it."""

from collections.abc import Sequence

from pymongo import ASCENDING

from crm_core.campaigns.sending.batches import FIRST_ROUND, Stretch
from crm_core.campaigns.states import RANKS, MessageState
from crm_core.infra.mongo import Db, Doc, translated

BY_RANK = [(name, ASCENDING) for name in ("campaign_id", "rank", "reason", "customer_id")]
"""The index of everything that is asked of one campaign. The reason of a row that waits for nothing is null."""

PENDING = MessageState.PENDING.rank
OPEN: Doc = {"rank": PENDING, "reason": None}
"""Pending, and due as soon as somebody has time."""
_RAISED = [RANKS[state] for state in MessageState if PENDING < RANKS[state] < RANKS[MessageState.SKIPPED]]
SEEN = ("delivered_at", "failed_at", "opened_at", "clicked_at")
"""The steps that a receipt can tell of."""
_SHOWN = ("customer_id", "n", "variant", "rank", "created_at", *SEEN)


class Claims:
    """claim: the id of the entry that works on the row, from the claim until the outcome is booked.

    maybe_sent: on a row that was claimed before, whose outcome nobody booked: the vendor may have its message.
    """

    def __init__(self, db: Db) -> None:
        self._messages = db.messages

    def take(self, stretch: Stretch, entry_id: str, *, again: bool = False) -> list[Doc]:
        """Claim the open rows of a stretch; gives those claimed, in no order. again: whether the entry is redelivered.

        A redelivered entry takes exactly its own rows again. A claim of an earlier round is void: nothing of that
        round was outstanding any more when this one began.
        """
        free = [{"claim": entry_id}, {"round": {"$not": {"$gte": stretch.round}}}]
        query = {**stretch.where(), **OPEN}
        change = {"$set": {"claim": entry_id, "round": stretch.round}}
        with translated():
            if again or stretch.round > FIRST_ROUND:
                begun = {**query, "$or": free, "claim": {"$exists": True}}
                self._messages.update_many(begun, {"$set": {"maybe_sent": True}}, hint=BY_RANK)
            taken = self._messages.update_many({**query, "$or": free}, change, hint=BY_RANK)
            if not taken.matched_count:
                return []
            return list(self._messages.find({**query, "claim": entry_id}, _SHOWN, hint=BY_RANK))

    def raised(self, stretch: Stretch, entry_id: str) -> list[Doc]:
        """Rows of a redelivered entry whose receipt overtook the booking of what its first delivery sent."""
        query = {**stretch.where(), "rank": {"$in": _RAISED}, "claim": entry_id}
        with translated():
            return list(self._messages.find(query, _SHOWN, hint=BY_RANK))

    def give_back(self, rows: Sequence[str], entry_id: str) -> None:
        """Of rows that were not attempted."""
        query = {"_id": {"$in": list(rows)}, "claim": entry_id, "rank": PENDING}
        with translated():
            self._messages.update_many(query, {"$unset": {"claim": "", "round": ""}})
