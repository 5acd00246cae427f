"""All kinds of records together, as one value."""

from collections.abc import Iterator
from dataclasses import dataclass

from crm_core.schema.customer import CUSTOMER
from crm_core.schema.event import EVENT
from crm_core.schema.fields import RecordSchema
from crm_core.schema.order import ORDER


@dataclass(frozen=True)
class Schema:
    customers: RecordSchema = CUSTOMER
    orders: RecordSchema = ORDER
    events: RecordSchema = EVENT

    def __iter__(self) -> Iterator[RecordSchema]:
        return iter((self.customers, self.orders, self.events))

    def named(self, name: str) -> RecordSchema:
        """The records of that kind: ``customers``, ``orders`` or ``events``."""
        return next(records for records in self if records.name == name)


SCHEMA = Schema()
