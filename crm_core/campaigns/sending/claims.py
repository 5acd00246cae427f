"""Claims on rows: a stream entry takes its batch by one update, and only what it took is worked on for it."""

from collections.abc import Sequence

from crm_core.campaigns.messages.model import Message, messages_in
from crm_core.campaigns.messages.rows import BY_RANK, OPEN, PENDING, SEEN
from crm_core.campaigns.sending.batches import FIRST_ROUND, DeliveryBatch
from crm_core.infra.mongo import Db, translated
from crm_core.schema.message_states import RANKS, MessageState

_RAISED = [RANKS[state] for state in MessageState if PENDING < RANKS[state] < RANKS[MessageState.SKIPPED]]
_SHOWN = ("customer_id", "n", "variant", "rank", "created_at", "attempting", "address_key", "maybe_sent", *SEEN)


class Claims:
    """claim: the id of the entry that works on the row, from the claim until the outcome is booked.

    maybe_sent: on a row that was claimed before, whose outcome nobody booked: the vendor may have its message.
    """

    def __init__(self, db: Db) -> None:
        self._messages = messages_in(db)

    def take(self, batch: DeliveryBatch, entry_id: str, *, again: bool = False) -> list[Message]:
        """Claim the open rows of a batch; returns those claimed, in no order. again: whether the entry is redelivered.

        A redelivered entry takes exactly its own rows again. A claim of an earlier round is void: nothing of that
        round was outstanding any more when this one began.
        """
        free = [{"claim": entry_id}, {"round": {"$not": {"$gte": batch.round}}}]
        query = {**batch.where(), **OPEN}
        change = {"$set": {"claim": entry_id, "round": batch.round}}
        with translated():
            if again or batch.round > FIRST_ROUND:
                begun = {**query, "$or": free, "claim": {"$exists": True}}
                self._messages.update_many(begun, {"$set": {"maybe_sent": True}}, hint=BY_RANK)
            taken = self._messages.update_many({**query, "$or": free}, change, hint=BY_RANK)
            if not taken.matched_count:
                return []
            return list(self._messages.find({**query, "claim": entry_id}, _SHOWN, hint=BY_RANK))

    def raised(self, batch: DeliveryBatch, entry_id: str) -> list[Message]:
        """Rows of a redelivered entry whose receipt overtook the booking of what its first delivery sent; not those
        that a sender had which cannot be asked again."""
        query = {**batch.where(), "rank": {"$in": _RAISED}, "claim": entry_id, "attempting": None}
        with translated():
            return list(self._messages.find(query, _SHOWN, hint=BY_RANK))

    def give_back(self, rows: Sequence[str], entry_id: str) -> None:
        """Of rows that were not attempted."""
        query = {"_id": {"$in": list(rows)}, "claim": entry_id, "rank": PENDING}
        with translated():
            self._messages.update_many(query, {"$unset": {"claim": "", "round": ""}})
