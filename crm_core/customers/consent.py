"""Consent that a customer gives or takes back by itself, at once and not by way of a stream."""

from collections.abc import Callable

from pymongo.client_session import ClientSession

from crm_core.customers.document import arrange
from crm_core.customers.merge import merge_patch
from crm_core.customers.model import ChannelConsent
from crm_core.errors import NotFound
from crm_core.infra.mongo import Db, Doc
from crm_core.infra.streams import version_at
from crm_core.schema.fields import RecordSchema


class ConsentRecords:
    """Parts of the transactions of services, which have asked who may. country: asked for the workspace's default."""

    def __init__(self, db: Db, records: RecordSchema, country: Callable[[], str | None]) -> None:
        self._customers = db.customers
        self._records = records
        self._country = country

    def state(self, customer_id: str, channel: str, session: ClientSession) -> str | None:
        """None when the customer has said nothing. Raises NotFound."""
        consent: dict[str, ChannelConsent] = self._read(customer_id, session).get("consent", {})
        return consent[channel]["state"] if channel in consent else None

    def put(self, customer_id: str, channel: str, told: ChannelConsent, session: ClientSession) -> None:
        """What records said before ``told["at"]`` cannot change it any more. Raises NotFound."""
        stored = self._read(customer_id, session)
        path, versions = f"consent/{channel}", stored.get("versions", {})
        later = max(versions.get(path, -1), versions.get("consent/", -1)) + 1
        merge_patch(stored, {path: dict(told)}, max(version_at(told["at"]), later))
        arranged = arrange(stored, self._records, self._country())
        self._customers.replace_one({"_id": customer_id}, arranged, session=session)

    def _read(self, customer_id: str, session: ClientSession) -> Doc:
        found = self._customers.find_one({"_id": customer_id}, session=session)
        if found is None:
            raise NotFound(f"There is no customer with the id {customer_id!r}.")
        return found
