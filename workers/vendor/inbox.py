"""Takes a batch in: every key once, whatever is repeated, all of it on disk before the answer."""

import hashlib
from collections import Counter

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.outcome import Outcome, decide_outcome, decide_rejection
from workers.vendor.receipt_schedule import plan_receipts
from workers.vendor.records import Arrival, Kept, Known, Receipt
from workers.vendor.store import VendorStore
from workers.vendor.wire import Batch, Message, Result


def hash_recipient(to: str) -> bytes:
    """What is kept of an address."""
    return hashlib.blake2b(to.encode(), digest_size=12).digest()


def accept_batch(store: VendorStore, behaviour: Behaviour, batch: Batch, now_ms: int, outcome: str) -> list[Result]:
    """Accept the new messages of a batch and answer for all, in order. outcome: of the call, to be counted.

    Reading the known keys and writing the new ones needs no lock: both happen in the event loop's thread
    without an await between them, and nobody else writes the file.
    """
    known = store.load_known([message.key for message in batch.messages])
    sorter = _Sorter(batch.campaign, behaviour, known, now_ms)
    results = [sorter.answer(message) for message in batch.messages]
    sorter.tallies["received"] = len(batch.messages)
    store.save_arrival(
        Arrival(batch.campaign, sorter.accepted, sorter.receipts, sorter.rejected, sorter.tallies, outcome)
    )
    return results


class _Sorter:
    """Sorts the messages of one call into accepted, rejected and known ones."""

    def __init__(self, campaign: str, behaviour: Behaviour, known: dict[str, Known], now_ms: int) -> None:
        self._campaign = campaign
        self._behaviour = behaviour
        self._known = known
        self._now_ms = now_ms
        self.accepted: list[Kept] = []
        self.receipts: list[Receipt] = []
        self.rejected: dict[str, str] = {}
        self.tallies: Counter[str] = Counter()

    def answer(self, message: Message) -> Result:
        """Answer one message, and remember what is new."""
        if (before := self._known.get(message.key)) is not None:
            return self._answer_again(message, before)
        if reason := decide_rejection(message.key, message.to, self._behaviour):
            self.rejected[message.key] = reason
            self._known[message.key] = Known(None, reason)
            return _to_rejected(message.key, reason)
        vendor_id = self._accept(message)
        return {"key": message.key, "id": vendor_id, "status": "accepted"}

    def _answer_again(self, message: Message, before: Known) -> Result:
        self.tallies["duplicates"] += 1
        if before.rejection:
            return _to_rejected(message.key, before.rejection)
        self.tallies["changed"] += _is_changed(message, before)
        return {"key": message.key, "id": before.vendor_id, "status": "duplicate"}

    def _accept(self, message: Message) -> str:
        key, recipient = message.key, hash_recipient(message.to)
        outcome = decide_outcome(key, self._behaviour)
        text = (message.channel, message.subject, message.body)
        self.accepted.append(
            Kept(
                *(key, self._campaign, recipient, outcome.vendor_id, outcome.reason, *text, self._now_ms),
                message.unsubscribe_url,
            )
        )
        self._known[key] = Known(outcome.vendor_id, None, recipient, message.subject, message.body)
        self._plan(key, outcome)
        return outcome.vendor_id

    def _plan(self, key: str, outcome: Outcome) -> None:
        planned = plan_receipts(self._campaign, key, outcome, self._behaviour, self._now_ms)
        self.receipts += planned
        if outcome.open_ms is not None:
            self.tallies["opened"] += 1
            self.tallies["clicked"] += outcome.click_ms is not None
        if self._behaviour.lost_rate:
            reported = {receipt.status for receipt in planned if receipt.key == key}
            steps = 1 + (outcome.open_ms is not None) + (outcome.click_ms is not None)
            self.tallies["lost"] += steps - len(reported)


def _is_changed(message: Message, before: Known) -> bool:
    """Whether the key now has another text or recipient. A text that was not kept counts as the same."""
    if before.recipient != hash_recipient(message.to):
        return True
    return before.body is not None and (before.subject, before.body) != (message.subject, message.body)


def _to_rejected(key: str, reason: str) -> Result:
    return {"key": key, "id": None, "status": "rejected", "reason": reason}
