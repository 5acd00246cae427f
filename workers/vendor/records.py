"""What passes between the vendor's parts and its file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Receipt(NamedTuple):
    """One receipt owed. Unix milliseconds: due_ms, when to tell it; at_ms, when it happened."""

    due_ms: int
    key: str
    status: str
    reason: str | None
    at_ms: int
    vendor_id: str
    campaign: str


class Kept(NamedTuple):
    """A message as it is kept: of its address a hash only. reason: None when it is delivered."""

    key: str
    campaign: str
    recipient: bytes
    vendor_id: str
    reason: str | None
    channel: str
    subject: str | None
    body: str
    accepted_ms: int
    unsubscribe_url: str | None = None


class Known(NamedTuple):
    """What was answered to a key that came before. vendor_id: None when it was rejected, for ``rejection``."""

    vendor_id: str | None
    rejection: str | None = None
    recipient: bytes | None = None
    subject: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one call brought. tallies: figures of the campaign by name; outcome: of the call, to be counted."""

    campaign: str
    accepted: Sequence[Kept]
    receipts: Sequence[Receipt]
    rejected: Mapping[str, str]
    tallies: Mapping[str, int]
    outcome: str
