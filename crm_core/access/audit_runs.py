"""What one person changes again and again, such as a draft: one entry that grows, for an hour at most.

Nothing in the audit log can be changed, so it grows beside the counts of this hour and is moved to the log with them.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from operator import itemgetter
from typing import Final

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm_core.access.audit import is_change
from crm_core.infra.mongo import Db, Doc, translated

LENGTH: Final = timedelta(hours=1)
"""AuditCounts moves no row that is younger."""
SAME: Final = ("actor_kind", "actor_id", "origin", "action", "target")


class AuditRuns:
    def __init__(self, db: Db) -> None:
        self._growing = db.audit_counts

    def grown(self, entry: Doc, run: ObjectId | None, unwritten: Iterable[Doc]) -> Doc:
        """The entry of ``run`` with this one added to it, or this one as the first of another run: when there is none,
        it is somebody else's, or as long as a run may be. unwritten: those that are kept with a change still. Raises
        Unavailable."""
        before = self._find(run, unwritten) if run else None
        if before is None or not _goes_on(before, entry):
            return {**entry, "begun_at": entry["at"], "count": 1, "key": str(entry["_id"]), "hour": entry["at"]}
        details = merged(before.get("details", {}), entry.get("details", {}))
        return {**before, "at": entry["at"], "count": before["count"] + 1, "details": details}

    def _find(self, run: ObjectId, unwritten: Iterable[Doc]) -> Doc | None:
        own = [each for each in unwritten if each["_id"] == run]
        if own:
            return max(own, key=itemgetter("count"))
        with translated():
            return self._growing.find_one({"_id": run})

    def write(self, entry: Doc) -> None:
        """Once, however often, and never over what it has grown to since."""
        smaller = {"_id": entry["_id"], "count": {"$lt": entry["count"]}}
        with translated(), suppress(DuplicateKeyError):
            self._growing.replace_one(smaller, entry, upsert=True)


def is_of_run(entry: Doc) -> bool:
    return "begun_at" in entry


def _goes_on(before: Doc, entry: Doc) -> bool:
    is_young = entry["at"] - before["begun_at"] < LENGTH
    return is_young and all(before.get(name) == entry.get(name) for name in SAME)


def merged(before: Doc, after: Doc) -> Doc:
    """What changed, and changed once more, from what it was to what it has become."""
    both = {**before, **after}
    for name in before.keys() & after.keys():
        if is_change(before[name]):
            later = after[name] if is_change(after[name]) else before[name]
            both[name] = {"from": before[name]["from"], "to": later["to"]}
    return both
