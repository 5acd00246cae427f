"""Changes of the workspace's settings: checked, stored one by one, and audited with what they were before."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.mongo import Db, Doc
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import SETTINGS_ID, Workspace
from crm_core.workspace.rows import faults_of, read_rows

ACTION = "settings.change"


class WorkspaceEditor:
    """count_waiting: records that were accepted and not yet stored, with amounts in the currency of now."""

    def __init__(
        self, db: Db, workspace: Workspace[WorkspaceSettings], audit: AuditLog, count_waiting: Callable[[], int]
    ) -> None:
        self._documents = db.workspace
        self._workspace = workspace
        self._audit = audit
        self._count_waiting = count_waiting

    def faults(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What is wrong with each of these values, by name."""
        try:
            self._workspace.model.model_validate(dict(values))
        except ValidationError as exc:
            return {name: f"{read_rows(self._workspace.model)[name].label}: {fault}." for name, fault in faults_of(exc)}
        return {}

    def change(self, values: Mapping[str, Any], *, actor: Actor) -> dict[str, tuple[Any, Any]]:
        """Store these values; every process follows within two seconds. Return what changed, from and to, by name.

        Raises InvalidInput for a value that is wrong, and Conflict for one that the environment locks or, of the
        currency, that the stored amounts forbid.
        """
        actor.require(Permission.CHANGE_SETTINGS)
        new = self._checked(values)
        before = self._workspace.known().settings
        changed = {name: (old, value) for name, value in new.items() if (old := getattr(before, name)) != value}
        self._check_locked(changed)
        if not changed:
            return {}
        details = {name: {"from": old, "to": value} for name, (old, value) in changed.items()}

        def store(session: ClientSession) -> None:
            self._store({name: value for name, (_, value) in changed.items()}, session)
            self._audit.record(actor, ACTION, SETTINGS_ID, details, session=session)

        try:
            self._audit.together(store)
        except DuplicateKeyError as exc:
            raise Conflict(
                "Amounts are stored in the present currency; in another one each would have another value. Use another "
                "database for amounts in another currency."
            ) from exc
        self._workspace.forget()
        return changed

    def history(self, *, limit: int = 50) -> list[Doc]:
        """The latest changes, newest first: ``at``, ``actor``, and ``details`` with from and to by name."""
        return self._audit.latest(ACTION, limit=limit)

    def _checked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        model = self._workspace.model
        if unknown := values.keys() - model.model_fields.keys():
            raise InvalidInput(f"There is no setting {min(unknown)!r}.", field=min(unknown))
        for name, fault in self.faults(values).items():
            raise InvalidInput(fault, field=name)
        checked = model.model_validate(dict(values))
        return {name: getattr(checked, name) for name in values}

    def _check_locked(self, names: Mapping[str, Any]) -> None:
        rows = read_rows(self._workspace.model)
        for name in names:
            if name in self._workspace.locked:
                row = rows[name]
                raise Conflict(f"{row.label} is set by the environment variable {row.variable}; change it there.")
        if "currency" in names and self._count_waiting():
            raise Conflict("Records that were accepted are still being stored. Change the currency once they are.")

    def _store(self, values: Mapping[str, Any], session: ClientSession) -> None:
        """A default is not stored: it is what no value means. Raises DuplicateKeyError for a currency that is fixed."""
        rows = read_rows(self._workspace.model)
        unset = [name for name, value in values.items() if value == rows[name].default]
        kept = {f"values.{name}": value for name, value in values.items() if name not in unset}
        change: Doc = {"$set": kept} if kept else {}
        if unset:
            change["$unset"] = {f"values.{name}": "" for name in unset}
        query: Doc = {"_id": SETTINGS_ID} | ({"amounts_in": {"$exists": False}} if "currency" in values else {})
        self._documents.update_one(query, change, upsert=True, session=session)
