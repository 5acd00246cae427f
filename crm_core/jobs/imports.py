"""Imports of uploaded files: asked for on a page, listed there, done by the jobs worker."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bson import ObjectId

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.errors import InvalidInput
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.streams import Entry, Publisher, Stream
from crm_core.jobs.dispatch import NO_JOB
from crm_core.jobs.entries import IMPORT, JobOrder, read_order
from crm_core.jobs.import_files import ImportFiles, check_size
from crm_core.jobs.import_run import ImportRunner
from crm_core.jobs.states import ENDED, cancel

LOST = (
    "The jobs worker gave it up, or never got it. What it had accepted is not lost. Import the file again: "
    "records that are there already are only written anew."
)
HANDED_OVER = timedelta(seconds=10)
"""After this long an import that nobody has is lost: it is written down before its entry is published."""


class Imports:
    """A document of ``imports``: name, size, format, kind, mapping, state (queued, running, done, failed, cancelled),
    total, done, accepted, rejected, errors (the first of them), created_by, created_at, started_at, finished_at,
    failure, cancelled_by.

    Each call raises Unavailable while a server is away.
    """

    def __init__(
        self,
        db: Db,
        runner: ImportRunner,
        files: ImportFiles,
        publisher: Publisher,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._imports = db.imports
        self._runner = runner
        self._files = files
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    def start(self, name: str, data: bytes, options: ImportOptions, *, actor: Actor) -> str:
        """Keep the file and ask the jobs worker to import it; gives the import's id.

        Raises InvalidInput for a file that is too large or cannot be read, or a mapping with faults.
        """
        actor.require(Permission.WRITE_RECORDS)
        import_id = str(ObjectId())
        job = self._describe(import_id, name, data, options) | {"created_by": actor.label, "created_at": self._clock()}
        self._clear_lost()
        self._files.keep(import_id, name, data)
        with translated():
            self._imports.insert_one(job)
        self._audit.record(actor, "import.start", import_id, kind=job["kind"], records=job["total"], bytes=len(data))
        self._publisher.publish(Stream.JOBS, [JobOrder(import_id, IMPORT).to_payload()])
        return import_id

    def cancel(self, import_id: str, *, actor: Actor) -> None:
        """Read no more of the file; what was accepted stays. Raises NotFound, and Conflict when it has ended."""
        actor.require(Permission.WRITE_RECORDS)
        job = cancel(self._imports, import_id, self._clock(), actor=actor)
        self._files.remove(import_id)
        self._audit.record(actor, "import.cancel", import_id, records=job["total"], accepted=job["accepted"])

    def recent(self, *, limit: int = 10) -> list[Doc]:
        """The newest first. One that no worker has or will get shows as failed."""
        with translated():
            found = list(self._imports.find().sort([("created_at", -1), ("_id", -1)]).limit(limit))
        lost = self._lost_since(found)
        return [job | {"state": "failed", "failure": LOST} if _is_lost(job, lost) else job for job in found]

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Run the imports of these entries, each from where it was left."""
        refused: dict[str, str] = {}
        for entry in entries:
            order = read_order(entry)
            with translated():
                job = self._imports.find_one({"_id": order.id}) if order else None
            if job is None:
                refused[entry.id] = NO_JOB
            else:
                self._runner.run(job)
        return refused

    def _describe(self, import_id: str, name: str, data: bytes, options: ImportOptions) -> Doc:
        check_size(name, len(data))
        plan = plan_import(_source(name, data), options)
        plan.check()
        if not plan.count:
            raise InvalidInput(f"{name} holds no records.", field="file")
        return {
            "_id": import_id,
            "name": name,
            "size": len(data),
            "format": plan.format_name,
            "kind": plan.kind.name,
            # as rows: the name of a column may be none for a field
            "mapping": [{"column": column, "target": target} for column, target in options.mapping.items()],
            "state": "queued",
            "total": plan.count,
            "done": 0,
            "accepted": 0,
            "rejected": 0,
            "errors": [],
        }

    def _lost_since(self, jobs: Sequence[Doc]) -> datetime | None:
        """Unfinished ones from before that moment are lost; None while the jobs worker has something to do.

        An entry leaves its stream when it is done or given up.
        """
        if all(job["state"] in ENDED for job in jobs) or self._publisher.backlog(Stream.JOBS):
            return None
        return self._clock() - HANDED_OVER

    def _clear_lost(self) -> None:
        """Their files are of no use any more."""
        with translated():
            unfinished = list(self._imports.find({"state": {"$nin": sorted(ENDED)}}))
        lost = self._lost_since(unfinished)
        for job in unfinished:
            if _is_lost(job, lost):
                self._runner.fail(job, LOST)


def _is_lost(job: Doc, since: datetime | None) -> bool:
    return since is not None and job["state"] not in ENDED and job["created_at"] <= since


def _source(name: str, data: bytes) -> FileSource:
    return FileSource.of_file(io.BytesIO(data), name)
