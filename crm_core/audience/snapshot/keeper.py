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
from crm_core.audience.snapshot.changes import Changed, Changes, ColumnsOutdated, TokenLost, watch
from crm_core.audience.snapshot.loading import Loader
from crm_core.audience.snapshot.merging import merge
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
MERGE_FROM = 4
"""A part is merged into the one before it when it has a quarter of its rows."""
PAUSE_S, MAX_PAUSE_S = 0.2, 2.0
"""Between two looks at what changed, unless somebody waits for it."""


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
        self._place: Any = None
        self._loader: Loader | None = None
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> State:
        return self._state

    @property
    def ranks(self) -> SnapshotRanks | None:
        """Of the newest version, if there is one."""
        version = self._state.version
        return SnapshotRanks(version) if version else None

    def start(self) -> None:
        self._show(State(Status.LOADING))
        self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._asked.set()
        if self._thread:
            self._thread.join()
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
                self._place = None
            except Exception:  # a bug here must not leave readers with numbers that age for ever
                log.exception("snapshot failed")
                self._place = None
                self._show(State(Status.AWAY))
                self._stop.wait(RETRY_S)

    def _follow(self) -> None:
        """Watch first, then load: what changes while it loads is read again."""
        needs = self._needs()
        if self._read != needs:
            self._place = None
        has_properties = bool(needs.properties)
        with watch(self._db, self._place, messages=needs.followed, with_properties=has_properties) as changes:
            if self._place is None or self._state.version is None:
                self._load(needs)
            checked = time.monotonic()
            while not self._stop.is_set():
                if self._needs() != needs:
                    raise ColumnsOutdated
                self._catch_up(changes)
                if time.monotonic() - checked > CHECK_SIZE_S:
                    checked = time.monotonic()
                    self._check_size()

    def _needs(self) -> Needs:
        """Only a frequency cap asks for the messages that were sent, only some rules for extras."""
        return Needs(self._policy().cap is not None, self._extras, self._wanted_properties)

    def _load(self, needs: Needs) -> None:
        total = self._check_size()
        catalogue = self._contexts.context().catalogue
        known = catalogue.event_properties()
        self._read = needs
        self._loader = Loader(
            self._db,
            catalogue.fields,
            reads_sends=needs.sends,
            holds_messages=Extra.MESSAGES in needs.extras,
            holds_items=Extra.ITEMS in needs.extras,
            properties={name: known[name] for name in sorted(needs.properties & known.keys())},
        )
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
        self._show(State(self._state.status, Version((Part.whole(shard),) if shard.size else ()), self._state.as_of))
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
        found = changes.read()
        started = time.perf_counter()
        version = self._state.version
        assert version is not None
        if found.ids or found.entries:
            version = self._refreshed(version, found)
        self._place = changes.place
        with self._changed:
            as_of = moment if found.is_all else self._state.as_of
            self._state = State(Status.READY, version, as_of)
            self._settled = begun if found.is_all else self._settled
            self._changed.notify_all()
        took_s = time.perf_counter() - started
        if found.is_all:
            self._asked.wait(max(PAUSE_S, min(took_s, MAX_PAUSE_S)))
        else:  # under a flood of changes half of the time is left to others
            self._stop.wait(min(took_s, MAX_PAUSE_S))

    def _refreshed(self, version: Version, found: Changed) -> Version:
        assert self._loader is not None
        shard = self._loader.load_some(found.ids, found.entries, version.known_keys)
        return _merged(version.changed(found.ids, shard))

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


def _merged(version: Version) -> Version:
    """Few parts, so that a condition is asked of few: each has several times the rows of the next."""
    parts = list(version.parts)
    while len(parts) > 1 and parts[-1].shard.weight * MERGE_FROM >= parts[-2].shard.weight:
        last, before = parts.pop(), parts.pop()
        parts.append(Part.whole(merge(before, last)))
    return Version(tuple(parts))


def age(state: State, now: datetime) -> timedelta | None:
    """How old what it shows may be."""
    return None if state.as_of is None else max(now - state.as_of, timedelta(0))
