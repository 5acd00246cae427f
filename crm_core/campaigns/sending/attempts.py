"""Hands messages to the sender; to one that is not idempotent each of them at most once, whatever crashes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bson import ObjectId

from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.rows import PENDING
from crm_core.campaigns.sending.decide import OutgoingMessage
from crm_core.channels.sender import Answer, Sender
from crm_core.errors import Unavailable
from crm_core.infra.mongo import Db, Doc, translated


@dataclass(frozen=True)
class Attempt:
    """answers: by key; none for a message that another worker has handed over. is_cut_short: whether the sender did
    not come to some, which may be handed to it again."""

    answers: Mapping[str, Answer]
    is_cut_short: bool = False


class Attempts:
    """A sender that is not idempotent is handed only rows that were marked before the call, by this call alone.

    A mark that is found again is of a worker that died, or of one that is about to book the outcome: nobody knows what
    became of the message, so it is not handed over again.
    """

    def __init__(self, db: Db, sender: Sender) -> None:
        self._messages = messages_in(db)
        self._sender = sender

    @property
    def may_be_repeated(self) -> bool:
        return self._sender.is_idempotent

    def send(self, campaign_id: str, messages: Sequence[OutgoingMessage], claim: str) -> Attempt:
        """claim: the entry that works on their rows. Raises Unavailable; then the messages may be handed over again."""
        if self._sender.is_idempotent:
            return Attempt(self._sender.send(campaign_id, [message.to_wire() for message in messages]))
        call = str(ObjectId())
        marked = self._mark(messages, claim, call)
        if not marked:
            return Attempt({})
        try:
            answers = self._sender.send(campaign_id, [message.to_wire() for message in marked])
        except Unavailable:
            self._unmark(marked, call)
            raise
        missed = [message for message in marked if message.key not in answers]
        if missed:
            self._unmark(missed, call)
        return Attempt(answers, is_cut_short=bool(missed))

    def _mark(self, messages: Sequence[OutgoingMessage], claim: str, call: str) -> list[OutgoingMessage]:
        """Those that were marked: still pending, still of this claim, and handed over by nobody."""
        rows: Doc = {"_id": {"$in": [message.row for message in messages]}}
        with translated():
            self._messages.update_many(
                {**rows, "rank": PENDING, "claim": claim, "attempting": None}, {"$set": {"attempting": call}}
            )
            mine = {row["_id"] for row in self._messages.find({**rows, "attempting": call}, {"_id": 1})}
        return [message for message in messages if message.row in mine]

    def _unmark(self, messages: Sequence[OutgoingMessage], call: str) -> None:
        rows = [message.row for message in messages]
        with translated():
            self._messages.update_many({"_id": {"$in": rows}, "attempting": call}, {"$unset": {"attempting": ""}})
