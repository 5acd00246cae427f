"""One run of ``import``: goes on where an earlier one stopped, sends, and waits until all is stored."""

from collections.abc import Callable
from pathlib import Path

from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.notes import ImportIdentity, ImportNote
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan
from crm_core.imports.running.connection import ApiConnection
from crm_core.imports.running.ingestion_status import fetch_status
from crm_core.imports.running.result import ImportResult
from crm_core.imports.running.sending import Importer
from crm_core.imports.running.storing import cannot_wait, wait_until_stored


class ImportRun:
    """begun: what earlier runs did. result: what became of the file so far, theirs included."""

    def __init__(
        self,
        plan: ImportPlan,
        connection: ApiConnection,
        note: ImportNote,
        begun: ImportResult,
        *,
        lifts_denials: bool = False,
    ) -> None:
        self.plan, self.begun, self.result = plan, begun, begun
        self._lifts_denials = lifts_denials
        self._connection, self._note = connection, note

    def send(self, tell: Callable[[ImportResult], None]) -> None:
        """Send what is left of the file, and note how far it came. tell: called after each batch."""

        def note(result: ImportResult) -> None:
            self.result = result
            self._note.save(result)
            tell(result)

        Importer(self._connection, self.plan, lifts_denials=self._lifts_denials).send(self.begun, note)

    def wait(self, tell: Callable[[int], None]) -> None:
        """Return when all that was accepted is stored. tell: called with how many records wait."""
        if self.result.accepted:
            wait_until_stored(self._connection, self.plan.kind.name, self.result.position, tell)

    def finish(self) -> None:
        """The whole file is done: the next import of it begins anew."""
        self._note.remove()

    @property
    def stopped(self) -> str:
        """In words: how far it came, and what to do."""
        if not self.result.done:
            return "Stopped before anything was accepted. The same command begins anew."
        again = "goes on there" if self._note.is_kept else "begins anew, which changes nothing; it could keep no note"
        if self.result.done >= self.plan.count:
            return f"Stopped while records waited to be stored: none is lost. The same command {again}."
        counts = f"{self.result.accepted:,} accepted, {self.result.rejected:,} rejected"
        return f"Stopped after {self.result.done:,} of {self.plan.count:,} records: {counts}. The same command {again}."


def prepare_run(
    file: Path,
    options: ImportOptions,
    connection: ApiConnection,
    folder: Path,
    *,
    wait: bool = False,
    restart: bool = False,
) -> ImportRun:
    """Read the file once, ask the API who it is, and look for the note of an earlier run in ``folder``.

    wait: whether it must be possible to wait until all is stored. restart: forget what earlier runs did.
    Raises InvalidInput for the file, Unavailable when the API is away, or cannot say what is stored.
    """
    plan = plan_import(FileSource.of_path(file), options)
    plan.check()
    status = fetch_status(connection)
    if wait and status is None:
        raise cannot_wait(connection)
    stat = file.stat()
    identity = ImportIdentity(
        path=str(file.resolve()),
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        url=connection.url,
        kind=plan.kind.name,
        format_name=plan.format_name,
        mapping=options.mapping,
        lifts_denials=options.lifts_denials,
        workspace=status.workspace if status else None,
    )
    note = ImportNote(folder, identity)
    if restart:
        note.remove()
    return ImportRun(plan, connection, note, note.load(), lifts_denials=options.lifts_denials)
