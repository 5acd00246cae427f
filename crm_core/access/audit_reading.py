"""The audit log as admins read it: filtered, page by page, and as a file. Counts of this hour are in it already."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bson import ObjectId
from bson.errors import InvalidId

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.audit_counts import AuditCounts
from crm_core.access.permissions import Permission
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import pattern_of
from crm_core.infra.text import spreadsheet_text

NEWEST: Final = {"at": -1, "_id": -1}
EXPORT_PAGE: Final = 5_000
MAX_EXPORTED: Final = 100_000
COLUMNS: Final = (
    "at",
    "actor",
    "actor_kind",
    "actor_id",
    "origin",
    "action",
    "target",
    "count",
    "begun_at",
    "details",
    "id",
)


class Topic(StrEnum):
    """What an entry is about."""

    SIGN_INS = "sign-ins"
    PEOPLE = "users and keys"
    SETTINGS = "settings"
    AUDIENCES = "audiences"
    CAMPAIGNS = "campaigns"
    DATA = "data"
    READS = "reads and exports"
    REFUSALS = "refusals"


_ACTIONS: Final[Mapping[Topic, str]] = {
    Topic.SIGN_INS: r"^(session|sign_in)\.",
    Topic.PEOPLE: r"^(user\.|key\.(?!refused|unknown))",
    Topic.SETTINGS: r"^settings\.",
    Topic.AUDIENCES: r"^(segment|rule)\.",
    Topic.CAMPAIGNS: r"^(campaign|rehearsal)\.(?!read)",
    Topic.DATA: r"^(attribute|suppression|customer|import|demo)\.(?!read)",
    Topic.READS: r"(\.(read|read_errors|list|sample|explain|export)$|^export\.)",
    Topic.REFUSALS: r"\.(refused|unknown|failed)$",
}
"""The actions of each, as a pattern."""


@dataclass(frozen=True)
class AuditFilter:
    """actor: part of the name. target: an id. start, end: aware, the first included and the last not."""

    topic: Topic | None = None
    actor: str = ""
    target: str = ""
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class AuditEntry:
    """count: how often within the hour, of what is counted. begun_at: the first of these times, of changes that are
    gathered. origin: the address it came from."""

    id: str
    at: datetime
    actor: str
    actor_kind: str
    actor_id: str
    action: str
    target: str
    origin: str | None = None
    count: int | None = None
    details: Doc = field(default_factory=dict)
    begun_at: datetime | None = None


class AuditReader:
    def __init__(self, db: Db, audit: AuditLog, counts: AuditCounts) -> None:
        self._db = db
        self._audit = audit
        self._counts = counts

    def page(
        self, wanted: AuditFilter, *, limit: int, after: str | None = None, actor: Actor
    ) -> tuple[list[AuditEntry], str | None]:
        """The newest first, and the cursor to go on after, None on the last page. Raises InvalidInput."""
        actor.require(Permission.READ_AUDIT)
        if after is None:
            self._counts.settle()
        return self._page(wanted, limit, after)

    def get(self, entry_id: str, *, actor: Actor) -> AuditEntry:
        """Raises NotFound."""
        actor.require(Permission.READ_AUDIT)
        row = None
        if ObjectId.is_valid(entry_id):
            query = {"_id": ObjectId(entry_id)}
            with translated():
                row = self._db.audit.find_one(query) or self._db.audit_counts.find_one(query)
        if row is None:
            raise NotFound(f"There is no audit entry with the id {entry_id!r}.")
        return _to_entry(row)

    def export(self, wanted: AuditFilter, *, actor: Actor) -> bytes:
        """Those entries as CSV in UTF-8, the newest 100,000 at most; audited itself. Raises Unavailable."""
        actor.require(Permission.READ_AUDIT)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        lines = 0
        for entry in self._all(wanted):
            writer.writerow([_cell(entry, name) for name in COLUMNS])
            lines += 1
        self._audit.record(actor, "audit.export", "audit", {"entries": lines})
        return out.getvalue().encode()

    def _all(self, wanted: AuditFilter) -> Iterator[AuditEntry]:
        after, left = None, MAX_EXPORTED
        while left:
            entries, after = self._page(wanted, min(EXPORT_PAGE, left), after)
            yield from entries
            left -= len(entries)
            if after is None:
                return

    def _page(self, wanted: AuditFilter, limit: int, after: str | None) -> tuple[list[AuditEntry], str | None]:
        match = {"$and": [_query(wanted), *([] if after is None else [_behind(after)])]}
        part: list[Doc] = [{"$match": match}, {"$sort": NEWEST}, {"$limit": limit + 1}]
        both = [*part, {"$unionWith": {"coll": "audit_counts", "pipeline": part}}, *part[1:]]
        with translated():
            rows = list(self._db.audit.aggregate(both))
        entries = [_to_entry(row) for row in rows[:limit]]
        return entries, _cursor(entries[-1]) if len(rows) > limit else None


def _query(wanted: AuditFilter) -> Doc:
    query: Doc = {"action": {"$regex": _ACTIONS[wanted.topic]}} if wanted.topic else {}
    if wanted.actor.strip():
        query["actor"] = {"$regex": pattern_of(wanted.actor), "$options": "i"}
    if wanted.target.strip():
        query["target"] = wanted.target.strip()
    if moments := {name: at for name, at in (("$gte", wanted.start), ("$lt", wanted.end)) if at}:
        query["at"] = moments
    return query


def _cursor(entry: AuditEntry) -> str:
    return f"{entry.at.isoformat()}~{entry.id}"


def _behind(cursor: str) -> Doc:
    try:
        text, _, entry_id = cursor.partition("~")
        at, last = datetime.fromisoformat(text), ObjectId(entry_id)
    except (ValueError, InvalidId):
        raise InvalidInput(f"{cursor!r} is no cursor of this list.", field="cursor") from None
    return {"$or": [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": last}}]}


def _to_entry(row: Doc) -> AuditEntry:
    return AuditEntry(
        str(row["_id"]),
        row["at"],
        row["actor"],
        row.get("actor_kind", "user"),
        row.get("actor_id") or row["actor"],
        row["action"],
        row["target"],
        row.get("origin"),
        row.get("count"),
        row.get("details") or {},
        row.get("begun_at"),
    )


def _cell(entry: AuditEntry, name: str) -> str:
    value: Any = getattr(entry, name)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        value = json.dumps(value, default=str, ensure_ascii=False) if value else ""
    return spreadsheet_text("" if value is None else str(value))
