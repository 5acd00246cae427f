"""Saved segments: a named rule, with its versions and its last exact count."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import pymongo
from bson import ObjectId
from pymongo.client_session import ClientSession

from crm_core.access.audit import AuditLog
from crm_core.audience.evaluation import Audience
from crm_core.audience.scopes import Scopes, StoredSegments
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.binding import bind
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.scope import SegmentDefinition
from crm_core.rules.tree import AnyRule, SegmentRule, walk

MAX_NAME = 100
TIME_LIMIT_S = 15.0
LOCK = "segments"

Result = TypeVar("Result")


class Segments:
    def __init__(self, db: Db, audience: Audience, scopes: Scopes, audit: AuditLog, clock: Clock) -> None:
        self._db = db
        self._segments = db.segments
        self._audience = audience
        self._scopes = scopes
        self._audit = audit
        self._clock = clock

    def save(self, name: str, rule: AnyRule, *, actor: str) -> Doc:
        """Keep ``rule`` under a name that no other segment has, with its count now. Raises InvalidInput, BadRule."""
        now = self._clock()
        segment: Doc = {
            "_id": str(ObjectId()),
            "name": check_name(name, "segment"),
            "version": 1,
            "created_by": actor,
            "created_at": now,
            "updated_at": now,
            **self._measured(rule),
        }

        def insert(session: ClientSession) -> Doc:
            self._check_whole(segment, session)
            self._segments.insert_one(segment, session=session)
            self._note_version(segment, actor, session)
            return segment

        made = self._exclusively(insert)
        self._audit.record(actor, "segment.create", segment["_id"], count=segment["count"])
        return made

    def change(
        self,
        segment_id: str,
        *,
        name: str | None = None,
        rule: AnyRule | None = None,
        version: int | None = None,
        actor: str,
    ) -> Doc:
        """Rename, or give it another rule, which makes a new version; the old ones are kept.

        version: the one that the caller has seen. Raises NotFound, InvalidInput, BadRule, and Conflict when it is
        not the present one.
        """
        changes: Doc = {} if name is None else {"name": check_name(name, "segment")}
        if rule is not None:
            changes |= self._measured(rule)

        def update(session: ClientSession) -> Doc:
            before = self.get(segment_id, session=session)
            if version is not None and version != before["version"]:
                raise Conflict(
                    f"This segment is at version {before['version']}, not {version}: somebody else changed it."
                )
            is_new = rule is not None and changes["rule"] != before["rule"]
            after = before | changes | {"version": before["version"] + is_new, "updated_at": self._clock()}
            self._check_whole(after, session)
            self._segments.replace_one({"_id": segment_id}, after, session=session)
            if is_new:
                self._note_version(after, actor, session)
            return after

        changed = self._exclusively(update)
        self._audit.record(actor, "segment.change", segment_id, version=changed["version"], fields=sorted(changes))
        return changed

    def remove(self, segment_id: str, *, actor: str) -> None:
        """Raises NotFound, and Conflict with the names of the segments that use it. Its versions are kept."""

        def delete(session: ClientSession) -> None:
            name = self.get(segment_id, session=session)["name"]
            users = self._segments.find({"uses": segment_id}, {"name": 1}, session=session).sort("name", 1)
            if names := [f"“{row['name']}”" for row in users]:
                raise Conflict(f"“{name}” is used by {', '.join(names)}. Change or delete {_them(names)} first.")
            self._segments.delete_one({"_id": segment_id}, session=session)

        self._exclusively(delete)
        self._audit.record(actor, "segment.delete", segment_id)

    def get(self, segment_id: str, *, session: ClientSession | None = None) -> Doc:
        """Raises NotFound."""
        with translated():
            segment = self._segments.find_one({"_id": segment_id}, session=session)
        if segment is None:
            raise NotFound(f"There is no segment with the id {segment_id!r}.")
        return segment

    def versions(self, segment_id: str) -> list[Doc]:
        """Every rule that it had, the newest first: version, rule, when it was made and by whom."""
        with translated():
            rows = self._db.segment_versions.find({"segment_id": segment_id}).sort("version", -1)
            return [{name: value for name, value in row.items() if name != "_id"} for row in rows]

    def list_all(self, *, limit: int = 200) -> list[Doc]:
        """The last changed first."""
        with translated():
            return list(self._segments.find().sort("updated_at", -1).limit(limit))

    def search(self, text: str, *, sort: str, skip: int, limit: int) -> list[Doc]:
        """One page of the segments with ``text`` in their name. sort: updated_at or count, largest first, or name."""
        order = 1 if sort == "name" else -1
        with translated():
            cursor = self._segments.find(named_like(text)).sort([(sort, order), ("_id", 1)])
            return list(cursor.skip(skip).limit(limit))

    def count_found(self, text: str) -> int:
        """How many segments ``search`` finds on all pages."""
        with translated():
            return self._segments.count_documents(named_like(text))

    def recount(self, segment_id: str) -> Doc:
        """Count again, and keep the figure with its time."""
        segment = self.get(segment_id)
        counted = self._count(load_rule(segment["rule"]))
        with translated():
            self._segments.update_one({"_id": segment_id}, {"$set": counted})
        return segment | counted

    def _measured(self, rule: AnyRule) -> Doc:
        """The rule as it is kept, with its count."""
        uses = sorted({each.segment_id for each in walk(rule) if isinstance(each, SegmentRule)})
        return {"rule": dump_rule(rule), "uses": uses, **self._count(rule)}

    def _count(self, rule: AnyRule) -> Doc:
        now = self._clock()
        return {"count": self._audience.count(rule, now=now), "counted_at": now}

    def _check_whole(self, segment: Doc, session: ClientSession) -> None:
        """No two of one name, and no segment that leads back to itself."""
        if self._segments.find_one({"name": segment["name"], "_id": {"$ne": segment["_id"]}}, session=session):
            raise InvalidInput(
                f"There is already a segment named {segment['name']!r}; choose another name.", field="name"
            )
        rule = load_rule(segment["rule"])
        own = SegmentDefinition(segment["_id"], segment["name"], segment["version"], rule)
        bind(rule, self._scopes.scope(segments=StoredSegments(self._db, session)), own=own)

    def _note_version(self, segment: Doc, actor: str, session: ClientSession) -> None:
        kept = {"segment_id": segment["_id"], "version": segment["version"], "rule": segment["rule"]}
        made = {"created_at": segment["updated_at"], "created_by": actor}
        row = {"_id": f"{segment['_id']}:{segment['version']}", **kept, **made}
        self._db.segment_versions.insert_one(row, session=session)

    def _exclusively(self, change: Callable[[ClientSession], Result]) -> Result:
        """Run ``change`` in a transaction that no other change of segments overlaps: what it checks stays true."""

        def run(session: ClientSession) -> Result:
            self._db.workspace.update_one({"_id": LOCK}, {"$inc": {"changes": 1}}, session=session)
            return change(session)

        with translated(), pymongo.timeout(TIME_LIMIT_S), self._db.client.start_session() as session:
            self._db.workspace.update_one({"_id": LOCK}, {"$setOnInsert": {"changes": 0}}, upsert=True)
            return session.with_transaction(run)


def named_like(text: str) -> Doc:
    """The filter for ``text`` anywhere in a name, in any case; everything for an empty text."""
    return {"name": {"$regex": re.escape(text.strip()), "$options": "i"}} if text.strip() else {}


def check_name(name: Any, what: str) -> str:
    """A name without outer spaces. Raises InvalidInput."""
    cleaned = name.strip() if isinstance(name, str) else ""
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise InvalidInput(f"A {what} needs a name of 1 to {MAX_NAME} printable characters.", field="name")
    return cleaned


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
