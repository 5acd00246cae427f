"""Saved segments: a named rule, with its versions and its last exact count."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog, changes
from crm_core.access.permissions import Permission
from crm_core.audience.audited_rules import audited_rule
from crm_core.audience.contexts import RuleContexts
from crm_core.audience.evaluation import Audience
from crm_core.audience.model import (
    CountedRule,
    Segment,
    SegmentCount,
    SegmentVersion,
    segment_versions_in,
    segments_in,
)
from crm_core.audience.segment_guard import SegmentGuard
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.cursors import read_cursor, to_cursor
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import clean_name, pattern_of
from crm_core.infra.paging import read_page
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule, SegmentRule, walk

LAST_CHANGED = [("updated_at", -1), ("_id", -1)]
MAX_MS = 2**47
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class Segments:
    def __init__(self, db: Db, audience: Audience, contexts: RuleContexts, audit: AuditLog, clock: Clock) -> None:
        self._segments = segments_in(db)
        self._versions = segment_versions_in(db)
        self._audience = audience
        self._guard = SegmentGuard(db, contexts)
        self._audit = audit
        self._clock = clock

    def save(self, name: str, rule: AnyRule, *, actor: Actor) -> Segment:
        """Keep ``rule`` under a name that no other segment has, with its count now. Raises InvalidInput, BadRule."""
        actor.require(Permission.WRITE_SEGMENTS)
        now = self._clock()
        segment: Segment = {
            "_id": str(ObjectId()),
            "name": clean_name(name, "segment"),
            "version": 1,
            "created_by": actor.label,
            "created_at": now,
            "updated_at": now,
            **self._measured(rule),
        }

        def insert(session: ClientSession) -> Segment:
            self._guard.check_name(segment, session)
            self._guard.check_rule(segment, session)
            self._segments.insert_one(segment, session=session)
            self._guard.note_version(segment, actor.label, session)
            self._note(actor, "segment.create", None, segment, session)
            return segment

        return self._guard.exclusively(insert)

    def change(
        self,
        segment_id: str,
        *,
        name: str | None = None,
        rule: AnyRule | None = None,
        version: int | None = None,
        actor: Actor,
    ) -> Segment:
        """Rename, or give it another rule, which makes a new version; the old ones are kept.

        version: the one that the caller has seen. Raises NotFound, InvalidInput, BadRule, and Conflict when it is
        not the present one, or when a segment that uses this one could not be evaluated any more.
        """
        actor.require(Permission.WRITE_SEGMENTS)
        if name is None and rule is None:
            raise InvalidInput("Nothing to change: give a name, or a rule.")
        new_name = None if name is None else clean_name(name, "segment")
        new_rule = None if rule is None else self._measured(rule)

        def update(session: ClientSession) -> Segment:
            before = self.get(segment_id, session=session)
            if version is not None and version != before["version"]:
                raise Conflict(
                    f"This segment is at version {before['version']}, not {version}: somebody else changed it."
                )
            after: Segment = {**before, "updated_at": self._clock()}
            if new_name is not None:
                after["name"] = new_name
            if new_rule:
                after = {**after, **new_rule}
            is_new = after["rule"] != before["rule"]
            after["version"] += is_new
            self._guard.check_name(after, session)
            self._note(actor, "segment.change", before, after, session)
            if not is_new:
                self._segments.replace_one({"_id": segment_id}, after, session=session)
                return after
            with self._guard.users_kept(after, session):
                self._segments.replace_one({"_id": segment_id}, after, session=session)
                self._guard.check_rule(after, session)
            self._guard.note_version(after, actor.label, session)
            return after

        return self._guard.exclusively(update)

    def remove(self, segment_id: str, *, actor: Actor) -> None:
        """Raises NotFound, and Conflict with the names of the segments that use it. Its versions are kept."""
        actor.require(Permission.WRITE_SEGMENTS)

        def delete(session: ClientSession) -> None:
            segment = self.get(segment_id, session=session)
            name = segment["name"]
            users = self._segments.find({"uses": segment_id}, {"name": 1}, session=session).sort("name", 1)
            if names := [f"“{row['name']}”" for row in users]:
                raise Conflict(f"“{name}” is used by {', '.join(names)}. Change or delete {_them(names)} first.")
            self._segments.delete_one({"_id": segment_id}, session=session)
            self._note(actor, "segment.delete", segment, None, session)

        self._guard.exclusively(delete)

    def get(self, segment_id: str, *, session: ClientSession | None = None) -> Segment:
        """Raises NotFound."""
        with translated(session):
            segment = self._segments.find_one({"_id": segment_id}, session=session)
        if segment is None:
            raise NotFound(f"There is no segment with the id {segment_id!r}.")
        return segment

    def versions(
        self, segment_id: str, *, limit: int, after: str | None = None
    ) -> tuple[list[SegmentVersion], str | None]:
        """Rules that it had, the newest first: version, rule, when it was made and by whom; and the cursor to go on
        after, None on the last page. Raises InvalidInput."""
        query: Doc = {"segment_id": segment_id}
        if after is not None:
            query["version"] = {"$lt": _read_place(after, int)[0]}
        rows, has_more = read_page(self._versions.find(query, {"_id": 0}).sort("version", -1), limit)
        return rows, to_cursor(rows[-1]["version"]) if has_more else None

    def page(self, *, limit: int, after: str | None = None) -> tuple[list[Segment], str | None]:
        """The last changed first, and the cursor to go on after, None on the last page. Raises InvalidInput.

        One that is changed while somebody turns pages moves to the first page and may be missed.
        """
        query: Doc = {}
        if after is not None:
            at_ms, segment_id = _read_place(after, int, str)
            at = EPOCH + at_ms * MILLISECOND
            query = {"$or": [{"updated_at": {"$lt": at}}, {"updated_at": at, "_id": {"$lt": segment_id}}]}
        rows, has_more = read_page(self._segments.find(query).sort(LAST_CHANGED), limit)
        if not has_more:
            return rows, None
        last = rows[-1]
        return rows, to_cursor((last["updated_at"] - EPOCH) // MILLISECOND, last["_id"])

    def names(self) -> dict[str, str]:
        """Id to name of every segment, the last changed first."""
        with translated():
            rows = self._segments.find({}, {"name": 1}).sort(LAST_CHANGED)
            return {row["_id"]: row["name"] for row in rows}

    def search(self, text: str, *, sort: str, skip: int, limit: int) -> list[Segment]:
        """One page of the segments with ``text`` in their name. sort: updated_at or count, largest first, or name."""
        order = 1 if sort == "name" else -1
        with translated():
            cursor = self._segments.find(named_like(text)).sort([(sort, order), ("_id", order)])
            return list(cursor.skip(skip).limit(limit))

    def count_found(self, text: str) -> int:
        """How many segments ``search`` finds on all pages."""
        with translated():
            return self._segments.count_documents(named_like(text))

    def recount(self, segment_id: str) -> Segment:
        """Count again, and keep the figure with its time, unless the rule was changed meanwhile, and counted then."""
        segment = self.get(segment_id)
        counted = self._count(load_rule(segment["rule"]))
        with translated():
            self._segments.update_one({"_id": segment_id, "version": segment["version"]}, {"$set": counted})
        return self.get(segment_id)

    def _note(
        self, actor: Actor, action: str, before: Segment | None, after: Segment | None, session: ClientSession
    ) -> None:
        """In the audit log, with what its name, rule and version were and are."""
        segment = after or before
        assert segment
        changed = changes(*(self._audited(each) if each else {} for each in (before, after)))
        details = {"name": segment["name"], **changed}
        self._audit.record(actor, action, segment["_id"], details, session=session)

    def _audited(self, segment: Segment) -> Doc:
        rule = audited_rule(segment["rule"], self._audit.pseudonyms)
        return {"name": segment["name"], "version": segment["version"], "rule": rule}

    def _measured(self, rule: AnyRule) -> CountedRule:
        """The rule as it is kept, with its count."""
        uses = sorted({each.segment_id for each in walk(rule) if isinstance(each, SegmentRule)})
        return {"rule": dump_rule(rule), "uses": uses, **self._count(rule)}

    def _count(self, rule: AnyRule) -> SegmentCount:
        now = self._clock()
        return {"count": self._audience.count(rule, now=now), "counted_at": now}


def named_like(text: str) -> Doc:
    """The filter for ``text`` anywhere in a name, in any case; everything for an empty text."""
    return {"name": {"$regex": pattern_of(text.strip()), "$options": "i"}} if text.strip() else {}


def _read_place(cursor: str, *kinds: type) -> list[Any]:
    try:
        place = read_cursor(cursor)
    except ValueError:
        place = []
    if [type(part) for part in place] != list(kinds) or not all(map(_fits, place)):
        raise InvalidInput(f"{cursor!r} is no cursor of this list.", field="cursor")
    return place


def _fits(part: Any) -> bool:
    """Whether the database can compare it, and a time made from it exists."""
    return isinstance(part, str) or 0 <= part < MAX_MS


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
