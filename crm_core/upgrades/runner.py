"""Brings data of an older form forward before anything uses them, step by step, batch by batch."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from pymongo.errors import OperationFailure

from crm_core.errors import CrmError, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, MissingIndexes, build_indexes, missing_indexes, translated
from crm_core.upgrades.lease import RETRY, Lease, LeaseLost, UpgradeStopped, has_lease
from crm_core.upgrades.progress import UpgradeProgress, to_progress
from crm_core.upgrades.rights import NOT_ALLOWED, may_bring_forward
from crm_core.upgrades.upgrade import Upgrade, Walk
from crm_core.upgrades.version import DataVersion, Mark, read_version

BATCH = 2_000
POLL_S = 0.5
LONELY_S = 15.0
"""After so long without anybody at work, a process that may not do it says so."""
LOG_EVERY = 50
"""Batches."""

Watch = Callable[[UpgradeProgress], None]
"""Told how far it is: after each batch and each sign of life, in a process that waits twice a second. It may raise
UpgradeStopped, which ends the work or the wait."""

log = structlog.stdlib.get_logger(__name__)


def is_forward(db: Db, steps: Sequence[Upgrade]) -> bool:
    """Whether nothing is to be done that takes long. Raises InvalidInput when a newer program has written the data."""
    return _quick_indexes(db, steps) is not None


def _quick_indexes(db: Db, steps: Sequence[Upgrade]) -> MissingIndexes | None:
    """Return those that empty collections lack; None where something is to be done that takes long."""
    stored = read_version(db, len(steps))
    if stored["version"] < len(steps) or "begun_at" in stored:
        return None
    missing = missing_indexes(db)
    with translated():
        takes_long = any(db[name].find_one({}, {"_id": 1}) for name in missing)
    return None if takes_long else missing


def bring_forward(db: Db, steps: Sequence[Upgrade], clock: Clock, watch: Watch = lambda progress: None) -> None:
    """Return once the data are in the form of this program, with its indexes; a new database is so from the start.

    Of the processes whose user may, one does the work and the others wait: nothing is sent meanwhile. Raises
    Unavailable, also with the reason why a step failed, and InvalidInput when a newer program has written the data.
    """
    while (missing := _quick_indexes(db, steps)) is None:
        _bring_forward(db, steps, clock, watch, may_change=may_bring_forward(db))
    build_indexes(db, missing)


def _bring_forward(db: Db, steps: Sequence[Upgrade], clock: Clock, watch: Watch, *, may_change: bool) -> None:
    beaten_at = time.monotonic()
    while not is_forward(db, steps):
        stored = read_version(db, len(steps))
        if has_lease(stored, clock):
            beaten_at = time.monotonic()
        is_left_alone = not may_change and time.monotonic() - beaten_at > LONELY_S
        progress = to_progress(stored, steps)
        watch(replace(progress, failure=NOT_ALLOWED) if is_left_alone else progress)
        lease = Lease.take(db, stored["version"], clock) if may_change else None
        if lease is None:
            time.sleep(POLL_S)
            continue
        with lease.kept(lambda: watch(to_progress(read_version(db, len(steps)), steps))):
            _Run(db, steps, lease, watch).finish()


class _Run:
    """One process's turn."""

    def __init__(self, db: Db, steps: Sequence[Upgrade], lease: Lease, watch: Watch) -> None:
        self._db = db
        self._steps = steps
        self._lease = lease
        self._watch = watch
        self._stored: DataVersion = {}

    def finish(self) -> None:
        try:
            self._take_steps()
        except LeaseLost:
            log.warning("another process brings the data forward")
        except (CrmError, UpgradeStopped):
            raise
        except Exception as exc:  # whatever a step may meet: it is kept for those who wait
            log.exception("bringing data forward failed", at=self._progress.position, mark=self._stored.get("mark"))
            raise self._fail(exc) from exc

    def _take_steps(self) -> None:
        self._stored = self._lease.write({})
        while (version := self._stored["version"]) < len(self._steps):
            self._take_step(self._steps[version])
            self._stored = self._lease.write({"version": version + 1}, cleared=("mark", "failure"))
        self._build_indexes()
        self._lease.end()
        log.info("data brought forward", version=len(self._steps))

    def _take_step(self, step: Upgrade) -> None:
        mark = self._stored.get("mark") or Mark(walk=0, after=None, done=0, total=self._count(step))
        self._note(mark)
        for place in range(mark["walk"], len(step.walks)):
            if place > mark["walk"]:
                mark = Mark(walk=place, after=None, done=mark["done"], total=mark["total"])
            mark = self._walk(step.walks[place], mark)
        if step.finish:
            with translated():
                step.finish(self._db)

    def _count(self, step: Upgrade) -> int:
        with translated():
            return sum(self._db[walk.collection].estimated_document_count() for walk in step.walks)

    def _walk(self, walk: Walk, mark: Mark) -> Mark:
        """By id: nothing else writes meanwhile, so what is behind the mark is done."""
        while True:
            later: Doc = {"_id": {"$gt": mark["after"]}} if mark["after"] is not None else {}
            with translated():
                rows = list(self._db[walk.collection].find(later, {"_id": 1}).sort("_id").limit(BATCH))
                if not rows:
                    return mark
                last = rows[-1]["_id"]
                walk.change(self._db, {"_id": {**later.get("_id", {}), "$lte": last}})
            mark = Mark(walk=mark["walk"], after=last, done=mark["done"] + len(rows), total=mark["total"])
            self._note(mark)

    def _build_indexes(self) -> None:
        missing = missing_indexes(self._db)
        for done, (collection, indexes) in enumerate(missing.items()):
            self._note(Mark(walk=0, after=None, done=done, total=len(missing)))
            with translated():
                self._db[collection].create_indexes(indexes)

    def _note(self, mark: Mark) -> None:
        self._stored = self._lease.write({"mark": mark}, cleared=("failure",))
        self._watch(self._progress)
        if mark["done"] // BATCH % LOG_EVERY == 0:
            log.info("bringing data forward", at=self._progress.position)

    @property
    def _progress(self) -> UpgradeProgress:
        return to_progress(self._stored, self._steps)

    def _fail(self, exc: Exception) -> Unavailable:
        """Without the text of the error, which may quote a customer: everybody may read this."""
        position = self._progress.position
        words = (
            f"{position[0].upper()}{position[1:]} failed with {_name(exc)}. Nothing is lost: what is done stays, and "
            f"it is tried again every {RETRY.seconds} s from there. Check the database's disk space and its user's "
            "rights. If it keeps failing, keep a copy of the data and report this message together with the log."
        )
        try:
            self._lease.fail(words)
        except (LeaseLost, Unavailable):
            log.warning("the failure could not be kept")
        return Unavailable(f"Bringing the data forward has stopped: {words}")


def _name(exc: Exception) -> str:
    details = exc.details if isinstance(exc, OperationFailure) else None
    return str((details or {}).get("codeName") or type(exc).__name__)
