"""One message an address: a row takes its address before its message is sent, and a unique index lets one have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pymongo.errors import DuplicateKeyError

from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.model import Message, messages_in
from crm_core.campaigns.messages.rows import PENDING
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.sending.decide import OutgoingMessage
from crm_core.infra.mongo import Db, Doc, translated


@dataclass(frozen=True)
class Taken:
    """same_address: row id to the customer by whose row the campaign writes to its address already. unknown: rows that
    the vendor may have a message for, to an address that is not the customer's any more."""

    same_address: dict[str, str] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)


class AddressClaims:
    def __init__(self, db: Db, message_log: MessageLog) -> None:
        self._messages = messages_in(db)
        self._message_log = message_log

    def take(
        self, campaign: Campaign, rows: Mapping[str, Message], messages: Sequence[OutgoingMessage], claim: str
    ) -> Taken:
        """Write the present address keys of ``messages`` into their rows. rows: as they were claimed, by id.

        A row that has its address already, since it was sent or claimed before, keeps it.
        """
        taken = Taken()
        wanted: dict[str, OutgoingMessage] = {}
        for message in messages:
            row = rows[message.row]
            held = row.get("address_key")
            if message.address_key is None or row["rank"] != PENDING or held == message.address_key:
                continue
            if held and row.get("maybe_sent"):
                taken.unknown.add(message.row)
            else:
                wanted[message.row] = message
        self._free([row for row in wanted if rows[row].get("address_key")], claim)
        while wanted:
            self._leave_out(campaign, wanted, taken)
            if self._write({row: message.address_key or "" for row, message in wanted.items()}, claim):
                break
        return taken

    def _leave_out(self, campaign: Campaign, wanted: dict[str, OutgoingMessage], taken: Taken) -> None:
        """Those whose address another row has, also one before them in this batch."""
        keys = {message.address_key or "" for message in wanted.values()}
        holders = self._message_log.address_holders(campaign["_id"], campaign["channel"], keys)
        for row, message in sorted(wanted.items()):
            holder = holders.setdefault(message.address_key or "", message.customer_id)
            if holder != message.customer_id:
                taken.same_address[row] = holder
                del wanted[row]

    def _free(self, rows: Sequence[str], claim: str) -> None:
        """Of addresses that their customers have no more."""
        if rows:
            query: Doc = {"_id": {"$in": list(rows)}, "claim": claim, "rank": PENDING}
            with translated():
                self._messages.update_many(query, {"$unset": {"address_key": ""}})

    def _write(self, keys: Mapping[str, str], claim: str) -> bool:
        """keys: by row id. Whether no other worker has just written one of them."""
        place = {"$indexOfArray": [{"$literal": list(keys)}, "$_id"]}
        own = {"$arrayElemAt": [{"$literal": list(keys.values())}, place]}
        query: Doc = {"_id": {"$in": list(keys)}, "claim": claim, "rank": PENDING}
        try:
            with translated():
                self._messages.update_many(query, [{"$set": {"address_key": own}}])
        except DuplicateKeyError:
            return False
        return True
