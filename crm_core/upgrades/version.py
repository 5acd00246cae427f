"""One number says in which form a database keeps its data; an older one is brought forward before anything uses it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm_core.errors import InvalidInput, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

VERSION_ID = "data_version"
"""Of the document in ``workspace``: version, lease (who brings the data forward until when)."""
LEASE = timedelta(seconds=30)
POLL_S = 0.5
DATA = ("customers", "orders", "events", "segments", "campaigns", "messages", "jobs", "imports", "api_keys", "audit")
"""A database without any document in these is new."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Upgrade:
    """title: of what it does, for the log. apply: changes some documents that are still in the old form, and returns
    how many; 0 when none is left. A step that was interrupted goes on with what is left."""

    title: str
    apply: Callable[[Db], int]


def bring_forward(db: Db, steps: tuple[Upgrade, ...], clock: Clock) -> None:
    """Return once the data are in the form of this program; a new database is so from the start.

    Of several processes one does the work and the others wait: nothing is sent meanwhile. Raises Unavailable, and
    InvalidInput when a newer program has written the data.
    """
    name, waited = str(ObjectId()), False
    while (version := _read(db, len(steps))) < len(steps):
        if _lease(db, name, version, clock):
            _take_step(db, steps[version], version, name, clock)
        else:
            if not waited:
                log.info("waiting until another process has brought the data forward", version=version)
            waited = True
            time.sleep(POLL_S)


def _read(db: Db, newest: int) -> int:
    with translated():
        found = db.workspace.find_one({"_id": VERSION_ID})
        if found is None:
            found = _create(db, newest)
    version = int(found["version"])
    if version > newest:
        raise InvalidInput(
            f"The data were written by a newer ClientNest (data version {version}; this one knows up to {newest}). "
            "Nothing was changed. Start the newer version, or restore a backup made before it ran."
        )
    return version


def _create(db: Db, newest: int) -> Doc:
    """Data without a version are from before there was one."""
    has_data = any(db[name].find_one({}, {"_id": 1}) for name in DATA)
    made: Doc = {"_id": VERSION_ID, "version": 0 if has_data else newest}
    try:
        db.workspace.insert_one(made)
    except DuplicateKeyError:  # another process was first
        return db.workspace.find_one({"_id": VERSION_ID}) or made
    return made


def _lease(db: Db, name: str, version: int, clock: Clock) -> bool:
    """Whether it is this process's turn, for LEASE."""
    now = clock()
    free: list[Doc] = [{"lease": None}, {"lease.by": name}, {"lease.until": {"$lte": now}}]
    with translated():
        changed = db.workspace.update_one(
            {"_id": VERSION_ID, "version": version, "$or": free},
            {"$set": {"lease": {"by": name, "until": now + LEASE}}},
        )
    return bool(changed.matched_count)


def _take_step(db: Db, step: Upgrade, version: int, name: str, clock: Clock) -> None:
    log.info("bringing data forward", version=version + 1, step=step.title)
    count = 0
    while True:
        with translated():
            changed = step.apply(db)
        count += changed
        if not changed:
            break
        if not _lease(db, name, version, clock):
            return  # this process was frozen, and another goes on
        log.info("bringing data forward", version=version + 1, step=step.title, documents=count)
    with translated():
        done = db.workspace.update_one(
            {"_id": VERSION_ID, "version": version, "lease.by": name},
            {"$set": {"version": version + 1}, "$unset": {"lease": ""}},
        )
    if not done.matched_count:
        raise Unavailable("Another process brings the data forward. Try again in a moment.")
