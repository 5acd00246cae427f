"""What an erasure leaves of an address: that nothing may be sent there, under a keyed hash that nobody can read."""

from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.model import Suppression, suppressions_in
from crm_core.audience.suppression_rows import (
    Told,
    erased_row,
    to_upsert,
)
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import StoredCustomer, customers_in
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc
from crm_core.schema.suppressions import REASONS, SuppressionReason, address_row_id, customer_row_id

DENIED: SuppressionReason = "unsubscribed"
"""What a denial of consent is kept as."""


class AddressErasure:
    """A part of a customer's erasure, in its transaction, before the profile is removed."""

    def __init__(self, db: Db, pseudonyms: Pseudonyms, clock: Clock) -> None:
        self._suppressions = suppressions_in(db)
        self._customers = customers_in(db)
        self._messages = db.messages
        self._pseudonyms = pseudonyms
        self._clock = clock

    def drop_addresses(self, customer_id: str, session: ClientSession, *, actor: Actor) -> None:
        """Remove the customer's addresses from suppressions and the message log. A denial or a suppression stays."""
        actor.require(Permission.ERASE_CUSTOMERS)
        customer = self._customers.find_one({"_id": customer_id}, session=session)
        if customer is None:
            return
        for name, channel in CHANNELS.items():
            if key := channel.stored_key(customer):
                self._keep(customer, name, key, actor, session)
        self._suppressions.delete_many({"customer_id": customer_id}, session=session)
        self._messages.update_many({"customer_id": customer_id}, {"$unset": {"address_key": ""}}, session=session)

    def _keep(self, customer: StoredCustomer, channel: str, key: str, actor: Actor, session: ClientSession) -> None:
        plain = address_row_id(channel, key)
        ids = [plain, customer_row_id(channel, customer["_id"])]
        rows = list(self._suppressions.find({"_id": {"$in": ids}}, session=session))
        reasons = [row["reason"] for row in rows] + ([DENIED] if channel in customer.get("refused", ()) else [])
        if not reasons:
            return
        told = Told(max(reasons, key=REASONS.index), "", self._clock(), actor.label)
        self._upsert(erased_row(channel, key, told, self._pseudonyms), session)
        others: Doc = {"address_keys": CHANNELS[channel].entry(key), "_id": {"$ne": customer["_id"]}}
        if self._customers.find_one(others, {"_id": 1}, session=session) is None:
            self._suppressions.delete_one({"_id": plain}, session=session)

    def _upsert(self, row: Suppression, session: ClientSession) -> None:
        """One that is as grave stays: within a transaction nothing may break the uniqueness of ids."""
        query, change = to_upsert(row)
        found = self._suppressions.find_one({"_id": row["_id"]}, {"reason": 1}, session=session)
        if found is None or found["reason"] in query["reason"]["$in"]:
            self._suppressions.update_one({"_id": row["_id"]}, change, upsert=True, session=session)
