"""Keeps the snapshot of a process: loads it, follows the changes, and gives readers the newest version."""

import threading
import time
from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog

from crm_core.audience.contexts import RuleContexts
from crm_core.audience.eligibility import Policy
from crm_core.audience.snapshot.changes import AWAIT_MS, Changed, Changes, ColumnsOutdated, TokenLost, watch
from crm_core.audience.snapshot.disk.disk_copy import DiskCopy, Made
from crm_core.audience.snapshot.disk.resuming import Resuming
from crm_core.audience.snapshot.loading import Loader
from crm_core.audience.snapshot.merging import merged
from crm_core.audience.snapshot.needs import Extra, Needs, expected_size, extra_bytes
from crm_core.audience.snapshot.ranks import SnapshotRanks
from crm_core.audience.snapshot.version import Part, Version
from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db
from crm_core.rules.engines.columns import PropertyName

log = structlog.stdlib.get_logger(__name__)

RETRY_S = 1.0
CHECK_SIZE_S = 30.0
PAUSE_S, MAX_PAUSE_S = 0.2, 2.0
"""Between two looks at what changed, unless somebody waits for it."""
LAST_S = 3.0
"""How long a process that stops waits for the changes that its last copy on disk is to have."""


class Status(StrEnum):
    OFF = "off"
    LOADING = "loading"
    READY = "ready"
    AWAY = "away"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class State:
    """as_of: what the version shows was true then, aware UTC. loaded, total: records, while they are loaded."""

    status: Status
    version: Version | None = None
    as_of: datetime | None = None
    loaded: int = 0
    total: int = 0


class Keeper:
    """limit_mb: above what it is expected to take, in millions of bytes, nothing is kept."""

    def __init__(
        self, db: Db, contexts: RuleContexts, policy: Callable[[], Policy], clock: Clock, *, limit_mb: int
    ) -> None:
        self._db = db
        self._contexts = contexts
        self._policy = policy
        self._clock = clock
        self._limit = limit_mb * 1_000_000
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._asked = threading.Event()
        self._extras: frozenset[Extra] = frozenset()
        self._wanted_properties: frozenset[PropertyName] = frozenset()
        self._read: Needs | None = None
        self._state = State(Status.OFF)
        self._begun = self._settled = 0
        self._version: Version | None = None
        self._place: Any = None
        self._loader: Loader | None = None
        self._copy: DiskCopy | None = None
        self._is_copy_taken = False
        self._resuming: Resuming | None = None
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def ranks(self) -> SnapshotRanks | None:
        """Of the newest version, if there is one."""
        version = self._state.version
        return SnapshotRanks(version) if version else None

    def start(self, copy: DiskCopy | None = None) -> None:
        """copy: where the snapshot is kept between starts."""
        self._copy = copy
        self._show(State(Status.LOADING))
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._asked.set()
        if self._thread:
            self._thread.join()
        if self._copy:
            self._copy.close()
        self._show(State(Status.OFF))

    def caught_up(self, timeout_s: float) -> State:
        """The state once all that was stored before this call is in it; or as it is when that takes too long."""
        with self._changed:
            wanted = self._begun + 1
            self._asked.set()
            self._changed.wait_for(lambda: self._settled >= wanted or self._state.status is not Status.READY, timeout_s)
            return self._state if self._settled >= wanted else State(self._state.status)

    def want_properties(self, names: Set[PropertyName]) -> None:
        """From now on hold these properties of events as well."""
        self._wanted_properties |= names

    def want(self, extras: Set[Extra]) -> bool:
        """From now on hold these too, if they fit, as the answer says. What is held already goes on being shown until
        they are read."""
        if extras <= self._extras:
            return True
        expected, _ = expected_size(self._db)
        for extra in sorted(extras - self._extras):
            if expected + extra_bytes(self._db, self._extras | {extra}) <= self._limit:
                self._extras |= {extra}
        return extras <= self._extras

    def wait_until(self, is_wanted: Callable[[State], bool], timeout_s: float) -> State:
        """For tests and benchmarks: the first state that is wanted. Raises Unavailable after the time."""
        with self._changed:
            if not self._changed.wait_for(lambda: is_wanted(self._state), timeout_s):
                raise Unavailable(f"The snapshot is {self._state.status} still.")
            return self._state

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except Unavailable:
                self._show(State(Status.AWAY, self._state.version, self._state.as_of))
                self._stop.wait(RETRY_S)
            except (TokenLost, ColumnsOutdated):
                self._start_anew()
            except Exception:  # a bug here must not leave readers with numbers that age for ever
                log.exception("snapshot failed")
                self._start_anew()
                self._show(State(Status.AWAY))
                self._stop.wait(RETRY_S)

    def _start_anew(self) -> None:
        self._place = self._resuming = None
        if self._copy:
            self._copy.drop()

    def _follow(self) -> None:
        """Watch first, then load: what changes while it loads is read again."""
        if self._copy and not self._is_copy_taken:
            self._take(self._copy)
            self._is_copy_taken = True
        needs = self._needs()
        if self._read != needs:
            self._place = None
        has_properties = bool(needs.properties)
        with watch(self._db, self._place, messages=needs.followed, with_properties=has_properties) as changes:
            if self._place is None or self._version is None:
                self._load(needs)
            checked = time.monotonic()
            while not self._stop.is_set():
                if self._needs() != needs:
                    raise ColumnsOutdated
                self._catch_up(changes)
                if time.monotonic() - checked > CHECK_SIZE_S:
                    checked = time.monotonic()
                    self._check_size()
            if self._copy and not self._resuming:
                self._copy_last(self._copy, changes)

    def _take(self, copy: DiskCopy) -> None:
        """Go on from the copy, if it has what is needed. It is shown once all is in it that was stored before."""
        if not (kept := copy.take()):
            return
        self._extras |= kept.made.needs.extras
        self._wanted_properties |= kept.made.needs.properties
        self._check_size()
        needs = self._needs()
        loader = Loader.of(self._db, self._contexts.context().catalogue, needs)
        if Made(needs, loader.layout) != kept.made:
            copy.drop()
            return
        self._read, self._loader, self._place = needs, loader, kept.place
        self._version = Version((Part.whole(kept.shard),))
        self._resuming = Resuming(copy.took(self._version), kept.shard.size)

    def _copy_last(self, copy: DiskCopy, changes: Changes) -> None:
        self._advance(changes)
        assert self._version is not None
        copy.begin_last(self._version)
        until = time.monotonic() + LAST_S
        while copy.is_waiting and time.monotonic() < until:
            self._advance(changes)

    def _needs(self) -> Needs:
        """Only a frequency cap asks for the messages that were sent, only some rules for extras."""
        return Needs(self._policy().cap is not None, self._extras, self._wanted_properties)

    def _load(self, needs: Needs) -> None:
        total = self._check_size()
        self._read = needs
        self._loader = Loader.of(self._db, self._contexts.context().catalogue, needs)
        self._resuming = None
        started, loaded = time.perf_counter(), 0

        def note(records: int) -> None:
            nonlocal loaded
            loaded += records
            if self._stop.is_set():
                raise Unavailable("Stopping.")
            if self._state.status is Status.LOADING:
                self._show(State(Status.LOADING, loaded=loaded, total=total))

        if self._state.version is None:
            self._show(State(Status.LOADING, total=total))
        shard = self._loader.load_all(note)
        self._version = Version((Part.whole(shard),) if shard.size else ())
        self._show(State(self._state.status, self._version, self._state.as_of))
        log.info(
            "snapshot loaded", customers=shard.size, records=loaded, seconds=round(time.perf_counter() - started, 1)
        )

    def _catch_up(self, changes: Changes) -> None:
        """One step: read what changed, and show it. What is shown then was true when it was last asked for changes."""
        self._asked.clear()
        with self._changed:
            self._begun += 1
            begun = self._begun
        moment = self._clock()
        started = time.perf_counter()
        found = self._advance(changes)
        took_s = time.perf_counter() - started
        if self._resuming or (self._state.version is None and not found.is_all):
            self._stop.wait(0 if found.ids else AWAIT_MS / 1000)
            return
        with self._changed:
            as_of = moment if found.is_all else self._state.as_of
            self._state = State(Status.READY, self._version, as_of)
            self._settled = begun if found.is_all else self._settled
            self._changed.notify_all()
        if found.is_all:
            self._asked.wait(max(PAUSE_S, min(took_s, MAX_PAUSE_S)))
        else:  # under a flood of changes half of the time is left to others
            self._stop.wait(min(took_s, MAX_PAUSE_S))

    def _advance(self, changes: Changes) -> Changed:
        """Read what changed into the version; nobody is shown it yet."""
        found = changes.read()
        if self._resuming:
            self._resuming.check(found)
        assert self._version is not None
        if found.ids or found.entries:
            self._version = self._refreshed(self._version, found)
        self._place = changes.place
        if self._resuming and self._resuming.is_done(found):
            self._resuming = None
        if self._copy:
            assert self._loader
            assert self._read
            self._copy.note(self._version, found, Made(self._read, self._loader.layout))
        return found

    def _refreshed(self, version: Version, found: Changed) -> Version:
        assert self._loader is not None
        shard = self._loader.load_some(found.ids, found.entries, version.known_keys)
        return merged(version.changed(found.ids, shard))

    def _check_size(self) -> int:
        """Expected number of records. Raises ColumnsOutdated, after a while, when they are too many for memory."""
        expected, total = expected_size(self._db)
        if expected > self._limit:
            self._show(State(Status.TOO_LARGE, total=total))
            self._stop.wait(CHECK_SIZE_S)
            raise ColumnsOutdated
        if expected + extra_bytes(self._db, self._extras) > self._limit:
            self._extras = frozenset()
        return total

    def _show(self, state: State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()


def age(state: State, now: datetime) -> timedelta | None:
    """How old what it shows may be."""
    return None if state.as_of is None else max(now - state.as_of, timedelta(0))
