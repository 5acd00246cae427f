"""What a vendor's reason for a failure says of the recipient: the address is suppressed over that channel."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crm_core.access.actor import SYSTEM
from crm_core.audience.model import Suppression
from crm_core.audience.suppression_rows import Told, recipient_row
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.rows import split_key
from crm_core.channels.registry import CHANNELS
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated

MEANT = frozenset(reason for channel in CHANNELS.values() for reason in channel.failures)
"""Reasons that say something of the recipient, over one channel at least."""
_SHOWN = ("campaign_id", "channel", "customer_id", "address_key", "n")


@dataclass(frozen=True)
class FailedMessage:
    """address_key: None over a channel without addresses; then it is the customer who is suppressed."""

    campaign_id: str
    channel: str
    customer_id: str
    address_key: str | None
    reason: str


class FailureSuppressor:
    """To hear of a failure again changes nothing."""

    def __init__(self, db: Db, suppressions: Suppressions, clock: Clock) -> None:
        self._messages = messages_in(db)
        self._suppressions = suppressions
        self._clock = clock

    def note(self, failed: Iterable[FailedMessage]) -> None:
        """Of failures of any reason."""
        rows = [row for message in failed if (row := self._to_row(message))]
        self._suppressions.put_all(rows)

    def note_receipts(self, reasons: Mapping[str, str]) -> None:
        """reasons: by the key of the message. Those for unknown messages, or another try, say nothing."""
        meant = {split_key(key): reason for key, reason in reasons.items() if reason in MEANT}
        if not meant:
            return
        with translated():
            rows = list(self._messages.find({"_id": {"$in": [row for row, _ in meant]}}, _SHOWN))
        found = ((row, meant.get((row["_id"], row.get("n", 0)))) for row in rows)
        self.note(
            FailedMessage(row["campaign_id"], row["channel"], row["customer_id"], row.get("address_key"), reason)
            for row, reason in found
            if reason
        )

    def _to_row(self, message: FailedMessage) -> Suppression | None:
        channel = CHANNELS.get(message.channel)
        meaning = channel.failures.get(message.reason) if channel else None
        if channel is None or meaning is None:
            return None
        told = Told(meaning.value, f"campaign:{message.campaign_id}", self._clock(), SYSTEM.label)
        return recipient_row(message.channel, message.customer_id, message.address_key, told)
