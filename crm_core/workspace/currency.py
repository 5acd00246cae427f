"""The currency of the stored amounts: noted with the first one, and the same from then on."""

import threading

from pymongo import ReturnDocument

from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.money import currency_digits
from crm_core.schema.fields import RecordSchema, Source
from crm_core.schema.kinds import Money
from crm_core.schema.schema import Schema
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import SETTINGS_ID, Workspace
from crm_core.workspace.rows import variable_of

NOTHING: Doc = {"_id": {"$in": []}}


class AmountsCurrency:
    """Amounts are kept in minor units, so that another currency would give each stored one another value."""

    def __init__(self, db: Db, workspace: Workspace[WorkspaceSettings], schema: Schema) -> None:
        self._db = db
        self._schema = schema
        self._workspace = workspace
        self._digits: int | None = None
        self._lock = threading.Lock()

    def digits(self) -> int:
        """Minor digits in which amounts are to be stored; to be asked before the first one is. Raises Unavailable."""
        if self._digits is None:
            with self._lock:
                self._digits = currency_digits(self._note())
        return self._digits

    def check(self) -> None:
        """At the start of a process. Raises InvalidInput when the environment has another currency than the amounts."""
        noted = self._workspace.known().amounts_in
        if noted is None and self._has_amounts():
            noted = self._note()
        locked = self._workspace.locked.get("currency")
        if noted and locked and locked != noted:
            raise InvalidInput(
                f"{variable_of('currency')} is {locked}, but the amounts in this database are in {noted}. Set it to "
                f"{noted} or leave it unset; for amounts in {locked}, use another database (CRM_MONGODB_DATABASE)."
            )

    def _note(self) -> str:
        """One update: a change of the setting comes before it, or is refused after it."""
        default = self._workspace.locked.get("currency", self._workspace.model.model_fields["currency"].default)
        chosen = default if "currency" in self._workspace.locked else {"$ifNull": ["$values.currency", default]}
        with translated():
            document = self._db.workspace.find_one_and_update(
                {"_id": SETTINGS_ID},
                [{"$set": {"amounts_in": {"$ifNull": ["$amounts_in", chosen]}}}],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        assert document  # it was made if it was not there
        self._workspace.forget()
        return str(document["amounts_in"])

    def _has_amounts(self) -> bool:
        """Of a database that an earlier version filled."""
        with translated():
            return any(self._db[records.name].find_one(_amounts_in(records), {"_id": 1}) for records in self._schema)


def _amounts_in(records: RecordSchema) -> Doc:
    """The records that hold an amount which somebody gave."""
    amounts = [row for row in records.on_wire if isinstance(row.kind, Money)]
    paths = [f"baseline.{row.stored_name}" if row.source is Source.BASELINE else row.stored_name for row in amounts]
    return {"$or": [{path: {"$exists": True}} for path in paths]} if paths else NOTHING
