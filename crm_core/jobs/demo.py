"""Loads of demo data: asked for on a page, done by the jobs worker."""

from collections.abc import Mapping

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.demo.generator import DemoData, check_request, generate_demo
from crm_core.demo.loading import DemoLoader
from crm_core.demo.past import PastLoader
from crm_core.infra.clock import Clock
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import INGESTED, Stream, split_id
from crm_core.jobs.model import UNFINISHED, Job, JobChange
from crm_core.jobs.run import JobRun
from crm_core.jobs.store import JobKind, JobStore

DEMO = JobKind(
    "demo",
    "load of demo data",
    Stream.JOBS,
    "The jobs worker gave it up, or never got it. What it had loaded stays; ask for it again.",
    is_sole=True,
)


class DemoJobs:
    def __init__(self, store: JobStore, loader: DemoLoader, past: PastLoader, monitor: Monitor, clock: Clock) -> None:
        self._store = store
        self._loader = loader
        self._past = past
        self._monitor = monitor
        self._clock = clock

    def start(self, *, customers: int, seed: int, actor: Actor) -> str:
        """Ask the jobs worker for it. Return the job's id. Raises InvalidInput, and Conflict while another one runs."""
        actor.require(Permission.LOAD_DEMO)
        check_request(customers, seed, self._clock())
        self._store.fail_lost(DEMO)
        fields: JobChange = {"params": {"customers": customers, "seed": seed}}
        job = self._store.ask(DEMO, fields, actor=actor, action="demo.load", details=dict(fields["params"]))
        return job["_id"]

    def cancel(self, job_id: str, *, actor: Actor) -> Job:
        """Load no more; what was made stays. Raises NotFound, and Conflict when it has ended otherwise."""
        actor.require(Permission.LOAD_DEMO)
        return self._store.cancel(DEMO, job_id, actor=actor)

    def latest(self) -> Job | None:
        """The last one asked for: done and total in records."""
        found, _ = self._store.page(DEMO, limit=1)
        return found[0] if found else None

    def is_running(self) -> bool:
        """Whether a worker has or will get the last one."""
        job = self.latest()
        return job is not None and job["state"] in UNFINISHED

    def work(self, run: JobRun) -> JobChange:
        """Go on after what is noted as done. What was published and not noted is published again, which is harmless:
        the same seed and the same end make the same records."""
        params = run.job["params"]
        data = generate_demo(customers=params["customers"], seed=params["seed"], now=run.job["created_at"])
        positions = run.job.get("positions") or self._load(run, data)
        run.wait(lambda: self._are_stored(positions), "records wait to be stored")
        published = data.customer_count + data.order_count
        done = max(published, run.job["done"])

        def note(more: int) -> None:
            nonlocal done
            done += more
            run.note({"done": done, "total": data.record_count})

        self._past.store(data, note, done=done - published)
        return {}

    def _load(self, run: JobRun, data: DemoData) -> Mapping[str, str]:
        """The id of the last entry of each stream, kept: a later try only waits for these."""
        self._loader.publish(data, lambda done, total: run.note({"done": done, "total": total}), done=run.job["done"])
        positions = {stream.label: self._monitor.last_id(stream) for stream in INGESTED}
        run.note({"positions": positions})
        return positions

    def _are_stored(self, positions: Mapping[str, str]) -> bool:
        """Not what others publish later."""
        states = self._monitor.streams(INGESTED)
        return all(
            state.oldest is None or split_id(state.oldest) > split_id(positions[state.stream.label]) for state in states
        )
