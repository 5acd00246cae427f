"""The custom attributes of customers: which there are, and of which type, declared by people or discovered."""

import threading
import time
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.customers.seen_types import AttributeType, SeenTypes, common_type, type_of
from crm_core.errors import InvalidInput, NotFound, Unavailable
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.paging import read_page

REMEMBERED_S = 5.0


def fits(value: Any, wanted: AttributeType) -> bool:
    """Whether ``value`` may stand in an attribute of that type."""
    found = type_of(value)
    return found is wanted or (wanted is AttributeType.TEXT and found is AttributeType.DATE)


@dataclass(frozen=True)
class Attribute:
    """declared: the type that somebody set, which new values must have. seen: the types of the values so far."""

    name: str
    declared: AttributeType | None
    seen: Set[AttributeType]

    @property
    def is_known(self) -> bool:
        """Whether somebody has it or it is declared: not so once the declaration of an unseen one is taken back."""
        return bool(self.declared or self.seen)

    @property
    def type(self) -> AttributeType | None:
        """The declared type, or the one that all values have; None when they differ."""
        return self.declared or common_type(self.seen)


class Attributes:
    def __init__(self, db: Db, audit: AuditLog) -> None:
        self._attributes = db.attributes
        self._audit = audit
        self._seen = SeenTypes(db.attributes)
        self._declared: tuple[float, Mapping[str, AttributeType]] | None = None
        self._lock = threading.Lock()

    def note(self, values: Iterable[tuple[str, Any]]) -> None:
        """Remember the types of these attributes' values."""
        self._seen.note(values)

    def all(self) -> list[Attribute]:
        """By name."""
        with translated():
            return [_to_attribute(row) for row in self._attributes.find().sort("_id", 1)]

    def page(self, *, limit: int, after: str | None) -> tuple[list[Attribute], str | None]:
        """By name, and the name to go on after, None on the last page."""
        query = {"_id": {"$gt": after}} if after else {}
        rows, has_more = read_page(self._attributes.find(query).sort("_id", 1), limit)
        return [_to_attribute(row) for row in rows], rows[-1]["_id"] if has_more else None

    def get(self, name: str) -> Attribute:
        """Raises NotFound."""
        with translated():
            row = self._attributes.find_one({"_id": name})
        if row is None:
            raise NotFound(f"No customer has an attribute {name!r}, and none is declared.")
        return _to_attribute(row)

    def declare(self, name: str, type_name: str | None, *, actor: Actor) -> Attribute:
        """Set the type that new values must have; None takes it back. Raises InvalidInput.

        Values of another type that are there already stay; rules treat them as missing.
        """
        actor.require(Permission.WRITE_ATTRIBUTES)
        if type_name is not None and type_name not in set(AttributeType):
            raise InvalidInput(f"{type_name!r} is no type; allowed are {', '.join(AttributeType)}.", field="type")
        change: Doc = {"$set": {"declared": type_name}} if type_name else {"$unset": {"declared": ""}}

        def update(session: ClientSession) -> None:
            before = self._attributes.find_one_and_update(
                {"_id": name}, change, upsert=type_name is not None, session=session
            )
            types = {"from": (before or {}).get("declared"), "to": type_name}
            self._audit.record(actor, "attribute.declare", name, {"type": types}, session=session)

        self._audit.together(update)
        self._declared = None
        return self.get(name)

    def remembered(self) -> Mapping[str, AttributeType] | None:
        """The declared types if they were read within the last 5 s."""
        known = self._declared
        return known[1] if known and time.monotonic() - known[0] <= REMEMBERED_S else None

    def declared(self) -> Mapping[str, AttributeType]:
        """The declared types, at most 5 s old; during an outage of the database those known last."""
        with self._lock:
            found = self.remembered()
            if found is None:
                found = self._read_declared(self._declared[1] if self._declared else None)
                self._declared = time.monotonic(), found
        return found

    def _read_declared(self, last: Mapping[str, AttributeType] | None) -> Mapping[str, AttributeType]:
        try:
            with translated():
                rows = list(self._attributes.find({"declared": {"$exists": True}}))
        except Unavailable:
            if last is None:
                raise
            return last
        return {row["_id"]: AttributeType(row["declared"]) for row in rows}


def _to_attribute(row: Doc) -> Attribute:
    declared = row.get("declared")
    return Attribute(
        row["_id"], AttributeType(declared) if declared else None, frozenset(map(AttributeType, row.get("seen", ())))
    )
