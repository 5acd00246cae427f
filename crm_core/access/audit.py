"""The audit log: who changed what, when. Every function that changes something writes here."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.pseudonyms import Pseudonyms
from crm_core.infra.atomic import Change, Result, in_transaction
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated


class AuditLog:
    """pseudonyms: what customers are called in it."""

    def __init__(self, db: Db, clock: Clock, pseudonyms: Pseudonyms) -> None:
        self.pseudonyms = pseudonyms
        self._db = db
        self._audit = db.audit
        self._clock = clock

    def together(self, change: Change[Result]) -> Result:
        """Run ``change``, which records what it does, in one transaction. Raises Unavailable."""
        return in_transaction(self._db, change)

    def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        details: Doc | None = None,
        *,
        session: ClientSession | None = None,
    ) -> None:
        """action: such as ``campaign.launch``. session: of the change's transaction. details: ids and counts only."""
        with translated(session):
            self._audit.insert_one(self.entry(actor, action, target, details), session=session)

    def entry(self, actor: Actor, action: str, target: str, details: Doc | None = None) -> Doc:
        """What ``record`` writes, for who keeps it with the change itself and writes it later."""
        return {"_id": ObjectId(), "at": self._clock(), **to_entry(actor, action, target, details)}

    def write(self, entry: Doc) -> None:
        """Once, however often."""
        with translated(), suppress(DuplicateKeyError):
            self._audit.insert_one(entry)

    def latest(self, action: str, *, limit: int) -> list[Doc]:
        """The entries of that action, newest first."""
        with translated():
            return list(self._audit.find({"action": action}).sort([("at", -1), ("_id", -1)]).limit(limit))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Doc:
    """From and to of every value that differs; what is absent is None."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: {"from": before.get(name), "to": after.get(name)} for name in names if before.get(name) != after.get(name)
    }


def is_change(value: Any) -> bool:
    """Whether ``changes`` has made it."""
    return isinstance(value, Mapping) and value.keys() == {"from", "to"}


def to_entry(actor: Actor, action: str, target: str, details: Doc | None = None) -> Doc:
    """Who did what to what, from where."""
    entry: Doc = {"actor": actor.label, "actor_kind": actor.kind, "actor_id": actor.id}
    if actor.origin:
        entry["origin"] = actor.origin
    return {**entry, "action": action, "target": target, **({"details": details} if details else {})}
