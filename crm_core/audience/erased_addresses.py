"""Addresses of customers of which a suppression is known by its hash alone: MongoDB cannot compute these."""

from collections.abc import Collection

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.model import suppressions_in
from crm_core.audience.suppression_rows import erased_row_id
from crm_core.channels.channel import Channel
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.suppressions import ERASED


class StoredErased:
    """customer_ids: whose addresses are looked at; None for all, which takes seconds for a million, if there are such
    suppressions at all."""

    def __init__(self, db: Db, customer_ids: Collection[str] | None = None) -> None:
        self._customers = db.customers
        self._suppressions = suppressions_in(db)
        self._pseudonyms = Pseudonyms(db)
        self._whose: Doc = {} if customer_ids is None else {"_id": {"$in": list(customer_ids)}}

    def entries(self, channel: Channel, reason: str | None) -> frozenset[str]:
        """Raises Unavailable."""
        if channel.address is None:
            return frozenset()
        query: Doc = {"_id": {"$gte": ERASED, "$lt": chr(ord(ERASED) + 1)}, "channel": channel.name}
        start = channel.entry("")
        with translated():
            rows = self._suppressions.find(query if reason is None else {**query, "reason": reason}, {"_id": 1})
            suppressed = {row["_id"] for row in rows}
            if not suppressed:
                return frozenset()
            has_one: Doc = {**self._whose, "address_keys": {"$gte": start, "$lt": f"{start}\U0010ffff"}}
            customers = self._customers.find(has_one, {"_id": 0, "address_keys": 1})
            entries = {each for row in customers for each in row["address_keys"] if each.startswith(start)}
        names = {erased_row_id(channel.name, each.removeprefix(start), self._pseudonyms): each for each in entries}
        return frozenset(names[each] for each in suppressed & names.keys())
