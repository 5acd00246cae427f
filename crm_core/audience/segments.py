"""Saved segments: a named rule, with its last exact count."""

import re
from typing import Any

from bson import ObjectId

from crm_core.access.audit import AuditLog
from crm_core.audience.evaluation import Audience
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.mongo import AnyRule, check_rule
from crm_core.rules.tree import dump_rule, load_rule

MAX_NAME = 100


class Segments:
    def __init__(self, db: Db, audience: Audience, audit: AuditLog, clock: Clock) -> None:
        self._segments = db.segments
        self._audience = audience
        self._audit = audit
        self._clock = clock

    def save(self, name: str, rule: AnyRule, *, actor: str) -> Doc:
        """Keep ``rule`` under a name that no other segment has, with its count now. Raises InvalidInput, BadRule."""
        name = check_name(name, "segment")
        check_rule(rule)
        now = self._clock()
        count = self._audience.count(rule, now=now)
        segment: Doc = {
            "_id": str(ObjectId()),
            "name": name,
            "rule": dump_rule(rule),
            "version": 1,
            "count": count,
            "counted_at": now,
            "created_by": actor,
            "created_at": now,
            "updated_at": now,
        }
        with translated():
            if self._segments.find_one({"name": name}):
                raise InvalidInput(f"There is already a segment named {name!r}; choose another name.", field="name")
            self._segments.insert_one(segment)
        self._audit.record(actor, "segment.create", segment["_id"], count=count)
        return segment

    def get(self, segment_id: str) -> Doc:
        """Raises NotFound."""
        with translated():
            segment = self._segments.find_one({"_id": segment_id})
        if segment is None:
            raise NotFound(f"There is no segment with the id {segment_id!r}.")
        return segment

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
        now = self._clock()
        count = self._audience.count(load_rule(segment["rule"]), now=now)
        with translated():
            self._segments.update_one({"_id": segment_id}, {"$set": {"count": count, "counted_at": now}})
        return segment | {"count": count, "counted_at": now}


def named_like(text: str) -> Doc:
    """The filter for ``text`` anywhere in a name, in any case; everything for an empty text."""
    return {"name": {"$regex": re.escape(text.strip()), "$options": "i"}} if text.strip() else {}


def check_name(name: Any, what: str) -> str:
    """A name without outer spaces. Raises InvalidInput."""
    cleaned = name.strip() if isinstance(name, str) else ""
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise InvalidInput(f"A {what} needs a name of 1 to {MAX_NAME} printable characters.", field="name")
    return cleaned
