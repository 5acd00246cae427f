"""What keeps segments whole: one change at a time, names that are unique, and no rule that leads back to itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.client_session import ClientSession

from crm_core.audience.contexts import RuleContexts, StoredSegments
from crm_core.audience.model import Segment, SegmentVersion, definition_of, segment_versions_in, segments_in
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.atomic import Change, Result, exclusively
from crm_core.infra.mongo import Db
from crm_core.infra.names import name_key
from crm_core.rules.binding import bind

LOCK = "segments"


class SegmentGuard:
    """Its checks are made within the transaction of the change, and so hold when that is done."""

    def __init__(self, db: Db, contexts: RuleContexts) -> None:
        self._db = db
        self._segments = segments_in(db)
        self._versions = segment_versions_in(db)
        self._contexts = contexts

    def exclusively(self, change: Change[Result]) -> Result:
        """Run ``change`` in a transaction that no other change of segments overlaps: what it checks stays true."""
        return exclusively(self._db, LOCK, change)

    def check_name(self, segment: Segment, session: ClientSession) -> None:
        """No other may have a name that looks the same."""
        own = name_key(segment["name"])
        for other in self._segments.find({"_id": {"$ne": segment["_id"]}}, {"name": 1}, session=session):
            if name_key(other["name"]) == own:
                raise InvalidInput(
                    f"There is already a segment named {other['name']!r}; choose another name.", field="name"
                )

    def check_rule(self, segment: Segment, session: ClientSession) -> None:
        """It may not lead back to itself."""
        own = definition_of(segment)
        bind(own.rule, self._contexts.context(segments=StoredSegments(self._db, session)), own=own)

    @contextmanager
    def users_kept(self, segment: Segment, session: ClientSession) -> Iterator[None]:
        """Raises Conflict if a segment that uses this one can be evaluated before what is done within, and not after.

        Rules add up: what is changed at the bottom may be too large or too deep at the top.
        """
        before = self._broken_users(segment, session)
        yield
        for user, reason in self._broken_users(segment, session).items():
            if user not in before:
                raise Conflict(f"“{user}” uses this segment and could not be evaluated any more: {reason}")

    def _broken_users(self, segment: Segment, session: ClientSession) -> dict[str, str]:
        """Of the segments that use it, and those that use these: name to why it cannot be evaluated."""
        found: dict[str, Segment] = {}
        level = [segment["_id"]]
        while level:
            users = list(self._segments.find({"uses": {"$in": level}}, session=session))
            level = [user["_id"] for user in users if user["_id"] not in found]
            found |= {user["_id"]: user for user in users}
        broken: dict[str, str] = {}
        for user in found.values():
            try:
                self.check_rule(user, session)
            except InvalidInput as exc:
                broken[user["name"]] = str(exc)
        return broken

    def note_version(self, segment: Segment, created_by: str, session: ClientSession) -> None:
        """Keep the rule of the present version."""
        row: SegmentVersion = {
            "segment_id": segment["_id"],
            "version": segment["version"],
            "rule": segment["rule"],
            "created_at": segment["updated_at"],
            "created_by": created_by,
        }
        place = {"_id": f"{segment['_id']}:{segment['version']}"}
        self._versions.update_one(place, {"$setOnInsert": row}, upsert=True, session=session)
