"""The services of ingestion: what the API asks before it accepts records, and what stores them."""

from collections.abc import Mapping
from functools import cached_property

from crm_core.customers.seen_types import AttributeType
from crm_core.customers.services import CustomerServices
from crm_core.ingest.backlog import BacklogGate
from crm_core.ingest.persist import Persister
from crm_core.ingest.scalars import ValidationContext
from crm_core.ingest.wire import MODELS, RecordModels
from crm_core.schema.schema import SCHEMA
from crm_core.workspace.model import WorkspaceSettings


class IngestServices(CustomerServices):
    @cached_property
    def backlog_gate(self) -> BacklogGate:
        return BacklogGate(self.async_publisher, self.settings.max_backlog)

    @cached_property
    def persister(self) -> Persister:
        return Persister(
            self.db,
            self.transactions,
            self.attributes,
            self.event_properties,
            self.schema,
            digits=self.amounts_currency.digits,
            country=self.default_country,
        )

    @cached_property
    def record_models(self) -> RecordModels:
        return MODELS if self.schema == SCHEMA else RecordModels(self.schema)

    def validation_context(
        self, declared: Mapping[str, AttributeType], settings: WorkspaceSettings | None = None
    ) -> ValidationContext:
        """What records are judged by at this moment. declared: the types that custom attributes must have. settings:
        the present ones, if the caller has them."""
        settings = settings or self.workspace.current()
        return ValidationContext(
            self.clock(), settings.currency_digits, settings.currency, declared, self.record_models
        )
