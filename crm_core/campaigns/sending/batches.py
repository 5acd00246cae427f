"""A batch of a campaign's message_log, as an entry of ``stream:deliveries`` names it: tiny, and nobody's data."""

from dataclasses import asdict, dataclass
from typing import Any

from pydantic_core import from_json, to_json

from crm_core.errors import Permanent

FIRST_ROUND = 1


@dataclass(frozen=True, slots=True)
class DeliveryBatch:
    """The rows of a campaign with ``after < customer_id <= upto``; after: None from the first on.

    round: the number of this pass over the pending rows, from 1. count: of them, pending when it was released.
    """

    campaign_id: str
    after: str | None
    upto: str
    round: int
    count: int

    def to_payload(self) -> bytes:
        return to_json(asdict(self))

    def where(self) -> dict[str, Any]:
        """The filter for its rows."""
        low = {} if self.after is None else {"$gt": self.after}
        return {"campaign_id": self.campaign_id, "customer_id": {**low, "$lte": self.upto}}


def read_batch(payload: bytes) -> DeliveryBatch:
    """Raises Permanent."""
    try:
        order = from_json(payload)
        batch = DeliveryBatch(order["campaign_id"], order["after"], order["upto"], order["round"], order["count"])
    except (ValueError, KeyError, TypeError) as exc:
        raise Permanent(f"no delivery order: {exc!r}") from None
    _check(batch)
    return batch


def _check(batch: DeliveryBatch) -> None:
    texts = (batch.campaign_id, batch.upto, "" if batch.after is None else batch.after)
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(number, int) for number in (batch.round, batch.count)
    ):
        raise Permanent("no delivery order: campaign_id, after and upto must be texts, round and count integers")
