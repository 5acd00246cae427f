"""Imports of uploaded files: asked for on a page, listed there, done by the jobs worker."""

import io
from typing import cast

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.errors import InvalidInput
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.infra.streams import Stream
from crm_core.jobs.import_files import ImportFiles, check_size
from crm_core.jobs.model import Job, JobChange
from crm_core.jobs.store import JobKind, JobStore

IMPORT = JobKind(
    "import",
    "import",
    Stream.JOBS,
    "The jobs worker gave it up, or never got it. What it had accepted is not lost. Import the file again: "
    "records that are there already are only written anew.",
)


class Imports:
    """Each call raises Unavailable while a server is away."""

    def __init__(self, store: JobStore, files: ImportFiles, reads: PersonalReads) -> None:
        self._reads = reads
        self._store = store
        self._files = files

    def start(self, name: str, data: bytes, options: ImportOptions, *, actor: Actor) -> str:
        """Keep the file and ask the jobs worker to import it. Return the import's id.

        Raises InvalidInput for a file that is too large or cannot be read, or a mapping with faults.
        """
        actor.require(Permission.WRITE_RECORDS)
        fields = _describe(name, data, options)
        for lost in self._store.fail_lost(IMPORT):
            self._files.remove(lost["_id"])
        import_id = self._store.new_id()
        self._files.keep(import_id, name, data)
        counts = {"kind": fields["records"], "records": fields["total"], "bytes": len(data)}
        self._store.ask(IMPORT, fields, job_id=import_id, actor=actor, action="import.start", details=counts)
        return import_id

    def cancel(self, import_id: str, *, actor: Actor) -> None:
        """Read no more of the file; what was accepted stays. Raises NotFound, and Conflict when it has ended."""
        actor.require(Permission.WRITE_RECORDS)
        self._store.cancel(IMPORT, import_id, actor=actor)
        self._files.remove(import_id)

    def recent(self, *, actor: Actor, limit: int = 10) -> list[Job]:
        """The newest first; their errors, which quote records, only for those who may see customers.

        One that no worker has or will get shows as failed.
        """
        actor.require(Permission.READ_FIGURES)
        found, _ = self._store.page(IMPORT, limit=limit)
        if not actor.may(Permission.READ_CUSTOMERS):
            return [cast("Job", {**job, "errors": []}) for job in found]
        for job in found:
            if job["errors"]:
                self._reads.note(actor, "import.read_errors", job["_id"])
        return found


def _describe(name: str, data: bytes, options: ImportOptions) -> JobChange:
    check_size(name, len(data))
    plan = plan_import(FileSource.of_file(io.BytesIO(data), name), options)
    plan.check()
    if not plan.count:
        raise InvalidInput(f"{name} holds no records.", field="file")
    return {
        "name": name,
        "size": len(data),
        "format": plan.format_name,
        "records": plan.kind.name,
        # as rows: the name of a column may be none for a field
        "mapping": [{"column": column, "target": target} for column, target in options.mapping.items()],
        "lifts_denials": options.lifts_denials,
        "total": plan.count,
        "accepted": 0,
        "rejected": 0,
        "errors": [],
    }
