"""The services of ingestion: what the API asks before it accepts records, and what stores them."""

from functools import cached_property

from crm_core.customers.services import CustomerServices
from crm_core.ingest.backlog import BacklogGate
from crm_core.ingest.persist import Persister


class IngestServices(CustomerServices):
    @cached_property
    def backlog_gate(self) -> BacklogGate:
        return BacklogGate(self.async_publisher, self.settings.max_backlog)

    @cached_property
    def persister(self) -> Persister:
        return Persister(self.db, self.sessions, self.attributes, digits=self.settings.currency_digits)
