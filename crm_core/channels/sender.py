"""The port of a sender: what takes messages to their recipients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

WireMessage = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one message: its id where it was sent, or why it failed for good."""

    vendor_id: str | None
    reason: str | None = None


class Sender(Protocol):
    """is_idempotent: whether a key that was sent before is not sent again, so that a call may be repeated.

    Of a sender that is not, a message that it may have taken is never handed to it again.
    """

    @property
    def is_idempotent(self) -> bool: ...

    def send(self, campaign_id: str, messages: Sequence[WireMessage]) -> dict[str, Answer]:
        """Send up to 500 of ``{"key", "to", "channel", "body", …}``; return the answers by key.

        Raises Unavailable when the call may succeed later. An idempotent sender answers for each key, and may have
        taken some when it raises. One that is not raises only when it has taken none; a message whose outcome it does
        not know it answers as ``outcome_unknown``, and one that it did not come to it leaves out.
        """
