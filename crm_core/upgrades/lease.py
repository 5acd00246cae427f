"""The right to bring the data forward: one process has it, and says every 2 s that it lives."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Self

from bson import ObjectId
from pymongo import ReturnDocument

from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.upgrades.version import VERSION_ID, DataVersion, versions_in

LEASE = timedelta(seconds=10)
"""After so long without a sign of life another process goes on."""
BEAT_S = 2.0
RETRY = timedelta(seconds=30)
"""After a failure."""


class LeaseLost(Exception):
    """This process was frozen for long, and another one goes on."""


class UpgradeStopped(Exception):
    """This process is to end; what is done stays, and the next one goes on from there."""


def has_lease(stored: DataVersion, clock: Clock) -> bool:
    return "lease" in stored and stored["lease"]["until"] > clock()


class Lease:
    """Each call raises Unavailable while the database is away, and LeaseLost."""

    def __init__(self, db: Db, name: str, clock: Clock) -> None:
        self._versions = versions_in(db)
        self._name = name
        self._clock = clock

    @classmethod
    def take(cls, db: Db, version: int, clock: Clock) -> Self | None:
        """None while another process has it. version: at which the upgrade begins, unless it has begun before."""
        lease, now = cls(db, str(ObjectId()), clock), clock()
        free: list[Doc] = [{"lease": None}, {"lease.until": {"$lte": now}}]
        change = {"$set": lease._fields(), "$min": {"begun_at": version}}
        with translated():
            taken = versions_in(db).update_one({"_id": VERSION_ID, "$or": free}, change)
        return lease if taken.matched_count else None

    def write(self, values: Doc, *, cleared: tuple[str, ...] = ()) -> DataVersion:
        """Set fields of the data version, and renew the lease. Return the data version."""
        return self._update({**values, **self._fields()}, cleared)

    def end(self) -> None:
        """All is done."""
        self._update({}, ("lease", "begun_at", "mark", "failure"))

    def fail(self, reason: str) -> None:
        """Say why it stopped, and leave the next try to whoever comes first after RETRY."""
        self._update({"failure": reason, "lease": {"by": "", "until": self._clock() + RETRY}}, ())

    @contextlib.contextmanager
    def kept(self, on_beat: Callable[[], None]) -> Iterator[None]:
        """Renewed by a thread, also in the middle of something long; given back at the end."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat, args=(ended, on_beat), name="upgrade-lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with contextlib.suppress(Unavailable, LeaseLost):
                self._update({}, ("lease",))

    def _beat(self, ended: threading.Event, on_beat: Callable[[], None]) -> None:
        while not ended.wait(BEAT_S):
            with contextlib.suppress(Unavailable, LeaseLost, UpgradeStopped):
                self.write({})
                on_beat()

    def _fields(self) -> Doc:
        return {"lease": {"by": self._name, "until": self._clock() + LEASE}}

    def _update(self, values: Doc, cleared: tuple[str, ...]) -> DataVersion:
        change: dict[str, Any] = {"$set": values} if values else {}
        if cleared:
            change["$unset"] = dict.fromkeys(cleared, "")
        with translated():
            changed = self._versions.find_one_and_update(
                {"_id": VERSION_ID, "lease.by": self._name}, change, return_document=ReturnDocument.AFTER
            )
        if changed is None:
            raise LeaseLost
        return changed
