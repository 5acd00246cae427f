"""What happens too often for an audit entry each, such as the use of an API key: one entry an hour, with a count."""

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from bson import ObjectId
from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor
from crm_core.access.audit import to_entry
from crm_core.errors import Unavailable
from crm_core.infra.atomic import in_transaction
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

WRITTEN_EVERY_S = 5.0
LATE = timedelta(minutes=1)
"""The counts of an hour may still come for that long after it: other processes write theirs."""
MAX_HELD = 5_000
KEY_USE = "key.use"
REFUSED = "access.refused"
OTHERS = "others"
"""Stands for the targets beyond MAX_HELD."""
_Key = tuple[object, ...]
log = structlog.stdlib.get_logger(__name__)


@dataclass
class _Count:
    entry: Doc
    hour: datetime
    last_at: datetime
    count: int = 0


class AuditCounts:
    """Counts in memory, writes them down after 5 s, and moves those of an hour that has ended to the audit log."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._db = db
        self._counts = db.audit_counts
        self._clock = clock
        self._held: dict[_Key, _Count] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def note(self, actor: Actor, action: str, target: str, details: Doc | None = None) -> None:
        """It happened once more. Never waits for the database."""
        now = self._clock()
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            if len(self._held) >= MAX_HELD:
                target = OTHERS
            key = (actor.id, action, target, tuple((details or {}).items()), hour)
            held = self._held.get(key)
            if held is None:
                held = self._held[key] = _Count(to_entry(actor, action, target, details), hour, now)
            held.count, held.last_at = held.count + 1, now
            if self._timer is None:
                self._timer = threading.Timer(WRITTEN_EVERY_S, self._write_in_time)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write down what is held. Raises Unavailable, and keeps it then."""
        with self._lock:
            held, self._held = self._held, {}
        if not held:
            return
        try:
            with translated():
                self._counts.bulk_write([_upsert(key, each) for key, each in held.items()], ordered=False)
                if uses := _last_uses(held.values()):
                    self._db.api_keys.bulk_write(uses, ordered=False)
        except Unavailable:
            self._keep(held)
            raise

    def settle(self) -> int:
        """Move the counts of hours that have ended to the audit log. Return how many. Raises Unavailable."""
        over = self._clock() - timedelta(hours=1) - LATE
        with translated():
            due = [row["_id"] for row in self._counts.find({"hour": {"$lte": over}}, {"_id": 1})]
        for each in due:
            in_transaction(self._db, partial(self._move, each))
        return len(due)

    def close(self) -> None:
        """Write what is left, if the database is there."""
        with self._lock:
            timer = self._timer
        if timer:
            timer.cancel()
        try:
            self.write()
        except Unavailable:
            log.warning("counts of the last seconds are not in the audit log", counts=len(self._held))

    def _write_in_time(self) -> None:
        with self._lock:
            self._timer = None
        try:
            self.write()
            self.settle()
        except Unavailable:
            return  # what is held is written with what comes next

    def _keep(self, held: dict[_Key, _Count]) -> None:
        with self._lock:
            for key, each in held.items():
                later = self._held.setdefault(key, each)
                if later is not each:
                    later.count += each.count

    def _move(self, count_id: Any, session: ClientSession) -> None:
        row = self._counts.find_one_and_delete({"_id": count_id}, session=session)
        if row:  # else another process has moved it
            del row["key"], row["hour"]
            if self._db.audit.find_one({"_id": row["_id"]}, {"_id": 1}, session=session):
                row["_id"] = ObjectId()  # a run of changes that was moved before the last of them was written
            self._db.audit.insert_one(row, session=session)


def _upsert(key: _Key, held: _Count) -> UpdateOne:
    changing = {name: value for name, value in held.entry.items() if name in ("actor", "origin")}
    fixed = {name: value for name, value in held.entry.items() if name not in changing}
    return UpdateOne(
        {"key": hashlib.sha256(repr(key).encode("utf-8", "surrogateescape")).hexdigest()},
        {
            "$inc": {"count": held.count},
            "$max": {"at": held.last_at},
            "$set": changing,
            "$setOnInsert": {**fixed, "hour": held.hour},
        },
        upsert=True,
    )


def _last_uses(counts: Iterable[_Count]) -> list[UpdateOne]:
    """When API keys were last used."""
    return [
        UpdateOne({"_id": each.entry["actor_id"]}, {"$max": {"last_used_at": each.last_at}})
        for each in counts
        if each.entry["action"] == KEY_USE
    ]
