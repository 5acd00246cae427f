"""Writes the snapshot to disk now and then, and takes it from there at the start."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import bson
import structlog
from pymongo.errors import OperationFailure

from crm_core.audience.snapshot.changes import Changed
from crm_core.audience.snapshot.disk.files import Damaged, read_arrays, read_head, write_file
from crm_core.audience.snapshot.disk.folder import CopyFolder, NoRoom
from crm_core.audience.snapshot.disk.form import Form, from_form, to_form
from crm_core.audience.snapshot.disk.origin import Origin, origin_of
from crm_core.audience.snapshot.disk.trimming import trimmed
from crm_core.audience.snapshot.marks import Marks
from crm_core.audience.snapshot.needs import Extra, Needs
from crm_core.audience.snapshot.shard import Shard
from crm_core.audience.snapshot.sharing import AddressHashes
from crm_core.audience.snapshot.version import Version
from crm_core.infra.mongo import Db

log = structlog.stdlib.get_logger(__name__)

EVERY_S = 600.0
"""Between two copies, if something changed."""


@dataclass(frozen=True)
class Made:
    """What a version was made by. layout: of the loader."""

    needs: Needs
    layout: str


@dataclass(frozen=True)
class Kept:
    """A copy that is as it was written, of this program and database. place: where the change stream goes on."""

    made: Made
    place: Any
    shard: Shard


class DiskCopy:
    """path: of its folder. data_version: of the database. limit: bytes."""

    def __init__(self, db: Db, path: Path, *, data_version: int, limit: int) -> None:
        self._db = db
        self._folder = CopyFolder(path)
        self._hashes = AddressHashes(db)
        self._marks = Marks(db)
        self._data_version = data_version
        self._limit = limit
        self._is_off = False
        self._said = ""
        self._origin: Origin = {}
        self._mark: str | None = None
        self._done: Version | None = None
        self._begun_at: float | None = None
        self._writer: threading.Thread | None = None

    def take(self) -> Kept | None:
        """What the last process left, unless there is any doubt about it; then it is removed. Raises Unavailable."""
        self._origin = origin_of(self._db, self._hashes, self._data_version)
        try:
            self._folder.prepare()
        except OSError as exc:
            self._turn_off("the folder cannot be used", exc)
            return None
        started = time.perf_counter()
        try:
            with self._folder.open() as file:
                kept = _read(file, self._origin)
        except FileNotFoundError:
            return None
        except (Damaged, OSError, ArithmeticError, LookupError, TypeError, ValueError) as exc:
            log.warning("kept snapshot dropped", reason=str(exc) if isinstance(exc, Damaged) else type(exc).__name__)
            self.forget()
            return None
        log.info("kept snapshot read", customers=kept.shard.size, seconds=round(time.perf_counter() - started, 2))
        return kept

    def took(self, version: Version) -> str | None:
        """Say that this is what is on disk. Returns a mark: once that is read, it is known to be true."""
        self._done, self._begun_at = version, time.monotonic()
        return self._set_mark()

    def note(self, version: Version, found: Changed, made: Made) -> None:
        """After each look at what changed: version has all that was found. Raises Unavailable."""
        if found.has_gone:
            self.forget()
        if self._mark and (place := found.marks.get(self._mark)):
            self._mark = None
            self._begin(version, place, made)
        elif self._mark is None and found.is_all and self._is_due(version):
            self._mark = self._set_mark()

    def begin_last(self, version: Version) -> None:
        """Set the mark of the last copy of this process, if it has to write one."""
        self._join()
        is_old = self._begun_at is None or time.monotonic() - self._begun_at >= EVERY_S
        if self._mark is None and (is_old or self._done is not version):
            self._mark = self._set_mark()

    @property
    def is_waiting(self) -> bool:
        """Whether a mark is still to be read."""
        return self._mark is not None

    def drop(self) -> None:
        """Remove what is on disk, since nothing can go on from it; all is loaded anew, and then copied at once."""
        self._mark = self._begun_at = None
        self.forget()

    def forget(self) -> None:
        """Remove what is on disk, since somebody in it is gone."""
        self._done = None
        try:
            self._folder.forget()
        except OSError as exc:
            self._turn_off("the copy cannot be removed", exc)

    def close(self) -> None:
        """Wait for what is being written."""
        self._join()

    def _is_due(self, version: Version) -> bool:
        if self._is_off or self._done is version or (self._writer and self._writer.is_alive()):
            return False
        return self._begun_at is None or time.monotonic() - self._begun_at >= EVERY_S

    def _set_mark(self) -> str | None:
        if self._is_off:
            return None
        try:
            return self._marks.set()
        except OperationFailure as exc:
            self._turn_off("no mark can be set", exc)
            return None

    def _begin(self, version: Version, place: Any, made: Made) -> None:
        self._join()
        self._begun_at = time.monotonic()
        if not version.parts:
            self.forget()
            return
        arguments = (version, place, made, self._folder.times_forgotten)
        self._writer = threading.Thread(target=self._write, args=arguments, name="snapshot copy", daemon=True)
        self._writer.start()

    def _join(self) -> None:
        if self._writer:
            self._writer.join()

    def _write(self, version: Version, place: Any, made: Made, times_forgotten: int) -> None:
        started = time.perf_counter()
        try:
            form = to_form(trimmed(version))
            size = sum(array.nbytes for array in form.arrays)
            if size > self._limit:
                self._say("it would be larger than CRM_SNAPSHOT_MAX_MB")
                return
            head = _head(self._origin, made, place, form)
            if self._folder.write(
                lambda file: write_file(file, head, form.arrays), size=size, times_forgotten=times_forgotten
            ):
                self._done = version
                log.info("snapshot kept", megabytes=size // 1_000_000, seconds=round(time.perf_counter() - started, 1))
        except NoRoom:
            self._say("the disk is nearly full")
        except OSError as exc:
            self._say(exc.strerror or type(exc).__name__)
        except Exception:  # a bug here costs the next start some time, and must not cost this process anything
            log.exception("keeping the snapshot failed")

    def _say(self, reason: str) -> None:
        """Once, until there is another reason."""
        if reason != self._said:
            self._said = reason
            log.warning("snapshot not kept", reason=reason)

    def _turn_off(self, reason: str, exc: Exception) -> None:
        self._is_off, self._mark = True, None
        self._say(f"{reason} ({type(exc).__name__})")


def _head(origin: Origin, made: Made, place: Any, form: Form) -> dict[str, Any]:
    needs = made.needs
    return {
        "origin": origin,
        "layout": made.layout,
        "sends": needs.sends,
        "extras": sorted(needs.extras),
        "properties": sorted(needs.properties),
        "place": bson.encode(place).hex(),
        "shard": form.structure,
    }


def _read(file: BinaryIO, origin: Origin) -> Kept:
    head = read_head(file)
    if head["origin"] != origin:
        raise Damaged("it is of another program or database")
    shard = from_form(Form(head["shard"], read_arrays(file, head)))
    return Kept(Made(_needs(head), head["layout"]), bson.decode(bytes.fromhex(head["place"])), shard)


def _needs(head: Mapping[str, Any]) -> Needs:
    properties = frozenset((event_type, name) for event_type, name in head["properties"])
    return Needs(head["sends"], frozenset(map(Extra, head["extras"])), properties)
