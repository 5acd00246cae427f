"""Long work asked for on a page: it goes on when the page is closed, and its progress is kept."""

import time
from collections.abc import Mapping, Sequence

import structlog
from bson import ObjectId

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.demo.generator import check_request
from crm_core.demo.loading import DemoLoader
from crm_core.errors import Conflict, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import INGESTED, Entry, Publisher, Stream, split_id
from crm_core.jobs.dispatch import NO_JOB
from crm_core.jobs.entries import DEMO, JobOrder, read_order
from crm_core.jobs.states import ENDED, JobCancelled, begin, cancel, end, raise_if_cancelled

log = structlog.stdlib.get_logger(__name__)

POLL_S = 0.1
PATIENCE_S = 60.0
"""After so long of waiting another job has its turn."""


class DemoJobs:
    """Loads the demo data in the jobs worker."""

    def __init__(
        self, db: Db, loader: DemoLoader, publisher: Publisher, monitor: Monitor, audit: AuditLog, clock: Clock
    ) -> None:
        self._jobs = db.jobs
        self._loader = loader
        self._publisher = publisher
        self._monitor = monitor
        self._audit = audit
        self._clock = clock

    def start(self, *, customers: int, seed: int, actor: Actor) -> str:
        """Ask the jobs worker for it; gives the job's id. Raises InvalidInput, and Conflict while another one runs."""
        actor.require(Permission.LOAD_DEMO)
        check_request(customers, seed, self._clock())
        if self.is_running():
            raise Conflict("The demo data is being loaded already.")
        job_id = str(ObjectId())
        job: Doc = {
            "_id": job_id,
            "kind": DEMO,
            "state": "queued",
            "params": {"customers": customers, "seed": seed},
            "done": 0,
            "total": 0,
            "created_by": actor.label,
            "created_at": self._clock(),
        }
        with translated():
            self._jobs.insert_one(job)
        self._audit.record(actor, "demo.load", job_id, customers=customers, seed=seed)
        self._publisher.publish(Stream.JOBS, [JobOrder(job_id, DEMO).to_payload()])
        return job_id

    def cancel(self, job_id: str, *, actor: Actor) -> Doc:
        """Load no more; what was made stays. Raises NotFound, and Conflict when it has ended."""
        actor.require(Permission.LOAD_DEMO)
        job = cancel(self._jobs, job_id, self._clock(), actor=actor)
        self._audit.record(actor, "demo.cancel", job_id, done=job["done"], total=job["total"])
        return job

    def latest(self) -> Doc | None:
        """The last one asked for: state (queued, running, done, cancelled), done and total in records."""
        with translated():
            return self._jobs.find_one({"kind": DEMO}, sort=[("created_at", -1)])

    def is_running(self) -> bool:
        """Whether a worker has or will get the last one: an entry leaves its stream when it is done or given up."""
        job = self.latest()
        return job is not None and job["state"] not in ENDED and self._publisher.backlog(Stream.JOBS) > 0

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Run the jobs of these entries. Doing one again after a crash changes nothing: same seed, same ids."""
        refused: dict[str, str] = {}
        for entry in entries:
            order = read_order(entry)
            with translated():
                job = self._jobs.find_one({"_id": order.id, "kind": DEMO}) if order else None
            if job is None:
                refused[entry.id] = NO_JOB
            else:
                self._run(job)
        return refused

    def _run(self, job: Doc) -> None:
        job_id = job["_id"]
        if not begin(self._jobs, job, self._clock()):
            return
        try:
            self._wait_until_stored(job_id, job.get("positions") or self._load(job))
        except JobCancelled:
            log.info("cancelled", job=job_id)
            return
        end(self._jobs, job_id, "done", self._clock())

    def _load(self, job: Doc) -> Mapping[str, str]:
        """The id of the last entry of each stream, kept: a later try only waits for these."""
        self._loader.load(**job["params"], progress=lambda done, total: self._note(job["_id"], done, total))
        positions = {stream.label: self._monitor.last_id(stream) for stream in INGESTED}
        with translated():
            self._jobs.update_one({"_id": job["_id"]}, {"$set": {"positions": positions}})
        return positions

    def _wait_until_stored(self, job_id: str, positions: Mapping[str, str]) -> None:
        """Not for what others publish later. Raises JobCancelled, and Unavailable when it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not self._are_stored(positions):
            raise_if_cancelled(self._jobs, job_id)
            if time.monotonic() > deadline:
                raise Unavailable(f"For {PATIENCE_S:.0f} s records wait to be stored. Is the ingest worker running?")
            time.sleep(POLL_S)

    def _are_stored(self, positions: Mapping[str, str]) -> bool:
        states = self._monitor.streams(INGESTED)
        return all(
            state.oldest is None or split_id(state.oldest) > split_id(positions[state.stream.label]) for state in states
        )

    def _note(self, job_id: str, done: int, total: int) -> None:
        """How many records were made, by this try or an earlier one. Raises JobCancelled."""
        with translated():
            self._jobs.update_one({"_id": job_id}, {"$max": {"done": done}, "$set": {"total": total}})
        raise_if_cancelled(self._jobs, job_id)
