"""The services of customers: profiles, their attributes, search."""

from functools import cached_property

from crm_core.customers.attributes import Attributes
from crm_core.customers.consent import ConsentRecords
from crm_core.customers.event_properties import EventProperties
from crm_core.customers.reading import CustomerReader
from crm_core.customers.rekeying import Rekeying
from crm_core.customers.searching import CustomerSearch
from crm_core.workspace.services import WorkspaceServices


class CustomerServices(WorkspaceServices):
    @cached_property
    def attributes(self) -> Attributes:
        return Attributes(self.db, self.audit)

    @cached_property
    def event_properties(self) -> EventProperties:
        return EventProperties(self.db)

    @cached_property
    def customers(self) -> CustomerReader:
        return CustomerReader(self.db, self.personal_reads, self.schema, digits=self.workspace.digits)

    def default_country(self) -> str | None:
        """Where phone numbers without a calling code belong; not to be kept."""
        return self.workspace.current().default_country

    @cached_property
    def rekeying(self) -> Rekeying:
        return Rekeying(self.db, self.default_country, self.clock)

    @cached_property
    def consent_records(self) -> ConsentRecords:
        return ConsentRecords(self.db, self.schema.customers, self.default_country)

    @cached_property
    def customer_search(self) -> CustomerSearch:
        return CustomerSearch(self.db, self.personal_reads, self.customers, self.default_country)
