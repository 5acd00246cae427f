"""What the jobs worker does with an entry: the job that it names is done by the handler of its kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import redis
import structlog
from pydantic_core import from_json

from crm_core.errors import CrmError, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated
from crm_core.infra.streams import Entry
from crm_core.infra.tries import Tries
from crm_core.jobs.model import Job, JobChange, JobState, jobs_in
from crm_core.jobs.run import JobCancelled, JobRun
from crm_core.jobs.store import JobKind, JobStore

NO_JOB = "no such job"
GROUP = "jobs"
"""The consumer group of the jobs workers."""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class JobHandler:
    """work: does the job from where it was left, and returns what its end adds to it.

    Raises CrmError for what cannot be done, in words; Unavailable to be asked again. clear: whatever its end was.
    """

    kind: JobKind
    work: Callable[[JobRun], JobChange]
    clear: Callable[[Job], None] = lambda job: None


class JobRunner:
    def __init__(
        self, db: Db, client: redis.Redis, store: JobStore, handlers: Sequence[JobHandler], clock: Clock
    ) -> None:
        self._jobs = jobs_in(db)
        self._store = store
        self._tries = Tries(client, GROUP)
        self._handlers = {handler.kind.name: handler for handler in handlers}
        self._clock = clock

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Do the jobs of these entries, one after the other. Return {entry id: reason} for those that name no job."""
        return {entry.id: NO_JOB for entry in entries if not self._has_job(entry)}

    def end_lost(self) -> int:
        """End the jobs that no worker has or will get. Return how many."""
        lost = [(handler, job) for handler in self._handlers.values() for job in self._store.fail_lost(handler.kind)]
        for handler, job in lost:
            handler.clear(job)
        return len(lost)

    def _has_job(self, entry: Entry) -> bool:
        job_id = read_job_id(entry)
        with translated():
            job = self._jobs.find_one({"_id": job_id}, {"kind": 1}) if job_id else None
        handler = self._handlers.get(job["kind"]) if job else None
        if job is None or handler is None:
            return False
        run = JobRun.begin(self._jobs, job["_id"], self._clock, lambda: self._tries.reset(entry))
        if run is not None:
            self._do(run, handler)
        return True

    def _do(self, run: JobRun, handler: JobHandler) -> None:
        try:
            run.end(JobState.DONE, handler.work(run))
        except Unavailable:
            raise
        except JobCancelled:
            log.info("cancelled", job=run.job["_id"], done=run.job["done"], total=run.job["total"])
        except CrmError as exc:
            self._fail(run, str(exc))
        handler.clear(run.job)

    def _fail(self, run: JobRun, reason: str) -> None:
        try:
            run.end(JobState.FAILED, {"failure": reason})
        except JobCancelled:
            log.info("cancelled", job=run.job["_id"])


def read_job_id(entry: Entry) -> str | None:
    """The job that an entry names, None when it names none."""
    try:
        record = from_json(entry.data)
    except ValueError:
        return None
    found = record.get("job_id") if isinstance(record, dict) else None
    return found if isinstance(found, str) else None
