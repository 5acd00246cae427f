"""Long work asked for on a page: it goes on when the page is closed, and its progress is kept."""

from collections.abc import Mapping, Sequence

from bson import ObjectId

from crm_core.access.audit import AuditLog
from crm_core.demo.generator import check_request
from crm_core.demo.loading import DemoLoader
from crm_core.errors import Conflict
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.streams import INGESTED, Entry, Publisher, Stream
from crm_core.jobs.dispatch import NO_JOB
from crm_core.jobs.entries import DEMO, JobOrder, read_order

STORE_TIMEOUT_S = 300.0


class DemoJobs:
    """Loads the demo data in the jobs worker."""

    def __init__(self, db: Db, loader: DemoLoader, publisher: Publisher, audit: AuditLog, clock: Clock) -> None:
        self._jobs = db.jobs
        self._loader = loader
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    def start(self, *, customers: int, seed: int, actor: str) -> str:
        """Ask the jobs worker for it; gives the job's id. Raises InvalidInput, and Conflict while another one runs."""
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
            "created_by": actor,
            "created_at": self._clock(),
        }
        with translated():
            self._jobs.insert_one(job)
        self._publisher.publish(Stream.JOBS, [JobOrder(job_id, DEMO).to_payload()])
        self._audit.record(actor, "demo.load", job_id, customers=customers, seed=seed)
        return job_id

    def latest(self) -> Doc | None:
        """The last one asked for: state (queued, running, done), done and total in records."""
        with translated():
            return self._jobs.find_one({"kind": DEMO}, sort=[("created_at", -1)])

    def is_running(self) -> bool:
        """Whether a worker has or will get the last one: an entry leaves its stream when it is done or given up."""
        job = self.latest()
        return job is not None and job["state"] != "done" and self._publisher.backlog(Stream.JOBS) > 0

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
        self._set(job["_id"], state="running", started_at=self._clock())
        self._loader.load(**job["params"], progress=lambda done, total: self._set(job["_id"], done=done, total=total))
        self._publisher.wait_until_empty(*INGESTED, timeout_s=STORE_TIMEOUT_S)
        self._set(job["_id"], state="done", finished_at=self._clock())

    def _set(self, job_id: str, **values: object) -> None:
        with translated():
            self._jobs.update_one({"_id": job_id}, {"$set": values})
