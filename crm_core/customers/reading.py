"""Reads customers, their orders and events, in the form that the API answers and pages show."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pymongo.collection import Collection as Stored

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.customers.forms import Forms
from crm_core.customers.model import Customer, Event, Order, StoredCustomer, customers_in
from crm_core.errors import NotFound
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.paging import page_newest, read_page
from crm_core.money import Digits, to_major
from crm_core.schema.customer import AVERAGE
from crm_core.schema.schema import SCHEMA, Schema

PAGE = 50


class CustomerReader:
    """digits: asked for the minor digits of the workspace's currency."""

    def __init__(self, db: Db, reads: PersonalReads, schema: Schema = SCHEMA, *, digits: Digits) -> None:
        self._reads = reads
        self.schema = schema
        self._db = db
        self._customers = customers_in(db)
        self._forms = Forms(schema, digits=digits)
        self._digits = digits

    def page(self, *, limit: int, after: str | None, actor: Actor) -> tuple[list[Customer], str | None]:
        """Customers by id, and the id to go on after, None on the last page."""
        self._reads.require(actor, "customers.list")
        query = {"_id": {"$gt": after}} if after else {}
        rows, has_more = read_page(self._customers.find(query).sort("_id", 1), limit)
        return [self.to_record(row) for row in rows], rows[-1]["_id"] if has_more else None

    def customer(self, customer_id: str, *, actor: Actor) -> Customer:
        """One customer. Raises NotFound."""
        self._reads.require_one(actor, customer_id)
        with translated():
            row = self._customers.find_one({"_id": customer_id})
        if row is None:
            raise NotFound(f"There is no customer with the id {customer_id!r}.")
        return self.to_record(row)

    def orders(
        self, customer_id: str, *, actor: Actor, limit: int = PAGE, after: str | None = None
    ) -> tuple[list[Order], str | None]:
        """A customer's orders, newest first, and the id to go on after, None on the last page. Raises InvalidInput."""
        self._reads.require_one(actor, customer_id)
        rows, more = self._page(self._db.orders, customer_id, self.schema.orders.time, limit, after)
        return [self.to_order(row) for row in rows], more

    def events(
        self, customer_id: str, *, actor: Actor, limit: int = PAGE, after: str | None = None
    ) -> tuple[list[Event], str | None]:
        """The same for a customer's events."""
        self._reads.require_one(actor, customer_id)
        rows, more = self._page(self._db.events, customer_id, self.schema.events.time, limit, after)
        return [self.to_event(row) for row in rows], more

    @staticmethod
    def _page(
        records: Stored[Doc], customer_id: str, moment: str, limit: int, after: str | None
    ) -> tuple[list[Doc], str | None]:
        return page_newest(records, {"customer_id": customer_id}, moment, limit=limit, after=after)

    def by_ids(self, ids: Sequence[str], *, stored: Sequence[str] | None = None) -> list[Customer]:
        """Those who exist, in this order: for workers, and for services that have asked who may see them.

        stored: only these fields, by the names under which they are kept.
        """
        found = self.rows(ids, stored=stored)
        return [self.to_record(row) for row in found.values()]

    def rows(self, ids: Collection[str], *, stored: Sequence[str] | None = None) -> dict[str, StoredCustomer]:
        """The same as they are kept, by id."""
        if not ids:
            return {}
        with translated():
            rows = self._customers.find({"_id": {"$in": list(ids)}}, stored, batch_size=1000)
            found = {row["_id"]: row for row in rows}
        return {customer_id: found[customer_id] for customer_id in ids if customer_id in found}

    def count_denials(self, grants: Mapping[str, Collection[str]]) -> int:
        """How many denials on record stand against these grants: customer id to channels."""
        query = {"_id": {"$in": list(grants)}, "refused": {"$exists": True}}
        with translated():
            rows = self._customers.find(query, {"refused": 1}) if grants else ()
            return sum(len(set(row["refused"]).intersection(grants[row["_id"]])) for row in rows)

    def holders(self, entries: Collection[str]) -> set[str]:
        """Ids of those who have one of these among their ``address_keys``."""
        if not entries:
            return set()
        with translated():
            rows = self._customers.find({"address_keys": {"$in": list(entries)}}, {"_id": 1}, batch_size=5000)
            return {row["_id"] for row in rows}

    def to_record(self, row: StoredCustomer) -> Customer:
        """A stored customer as people see it."""
        record: Customer = self._forms.customers.to_record(row)
        if "order_count" in row and "total_spend_minor" in row:
            record[AVERAGE] = self._average(row)
        return record

    def to_order(self, row: Mapping[str, Any]) -> Order:
        order: Order = self._forms.orders.to_record(row)
        return order

    def to_event(self, row: Mapping[str, Any]) -> Event:
        event: Event = self._forms.events.to_record(row)
        return event

    def _average(self, row: StoredCustomer) -> Decimal | None:
        if not row["order_count"]:
            return None
        digits = self._digits()
        exact: Decimal = to_major(row["total_spend_minor"], digits) / row["order_count"]
        return exact.quantize(to_major(1, digits))
