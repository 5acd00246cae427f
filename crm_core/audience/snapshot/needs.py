"""What the snapshot holds beside what it always does, and how much memory all of it is expected to take."""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from crm_core.audience.snapshot.changes import Followed
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.engines.columns import PropertyName

CUSTOMER_BYTES, RECORD_BYTES = 115, 32
"""Of the first, ID_BYTES are those of the id."""
ID_BYTES = 16
ITEMS_BYTES = 16
"""Of an order with three items of many names."""
ID_SAMPLE: list[Doc] = [
    {"$sample": {"size": 200}},
    {"$group": {"_id": None, "bytes": {"$avg": {"$strLenBytes": "$_id"}}}},
]


class Extra(StrEnum):
    """What is held once a rule asks for it, if it fits: holding it costs memory and work, and most rules do not ask."""

    MESSAGES = "messages"
    ITEMS = "items"


EXTRA_BYTES = {Extra.MESSAGES: ("messages", RECORD_BYTES), Extra.ITEMS: ("orders", ITEMS_BYTES)}
"""For each record of a collection."""


@dataclass(frozen=True)
class Needs:
    """What is read beside customers, orders and events: the messages that were sent, for a cap; extras and properties
    of events, for rules."""

    sends: bool
    extras: frozenset[Extra]
    properties: frozenset[PropertyName]

    @property
    def followed(self) -> Followed:
        return Followed.ALL if Extra.MESSAGES in self.extras else Followed.SENT if self.sends else Followed.NONE


def expected_size(db: Db) -> tuple[int, int]:
    """Bytes and number of customers, orders and events, without extras."""
    with translated():
        customers = db.customers.estimated_document_count()
        records = sum(db[name].estimated_document_count() for name in ("orders", "events"))
        ids = next(db.customers.aggregate(ID_SAMPLE), {"bytes": ID_BYTES})
    customer_bytes = CUSTOMER_BYTES + max(ids["bytes"] - ID_BYTES, 0)
    return int(customers * customer_bytes + records * RECORD_BYTES), customers + records


def extra_bytes(db: Db, extras: Set[Extra]) -> int:
    """What these take beside it."""
    with translated():
        counted = ((db[name].estimated_document_count(), size) for name, size in map(EXTRA_BYTES.__getitem__, extras))
        return sum(count * size for count, size in counted)
