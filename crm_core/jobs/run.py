"""One worker's turn at a job: what it writes is written only while the job is its own."""

import time
from collections.abc import Callable
from typing import Any, Self

from pymongo.collection import Collection

from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import translated
from crm_core.jobs.model import KEPT, UNFINISHED, Job, JobChange, JobState, ended

POLL_S = 0.1
PATIENCE_S = 60.0
"""After so long of waiting the worker's loop is asked again: it may have been told to stop."""


class JobCancelled(Exception):
    """Somebody has ended the job in hand: what it has done stays, the rest is left."""


class JobRun:
    """The job as this worker knows it. Another that begins with the same job makes it that one's.

    on_progress: called when it has got further, so that its tries are counted from there.
    """

    def __init__(self, jobs: Collection[Job], job: Job, clock: Clock, on_progress: Callable[[], None]) -> None:
        self.job = job
        self._jobs = jobs
        self._clock = clock
        self._on_progress = on_progress

    @classmethod
    def begin(cls, jobs: Collection[Job], job_id: str, clock: Clock, on_progress: Callable[[], None]) -> Self | None:
        """Take the job, whoever had it; None when it has ended."""
        now = clock()
        change = {
            "$set": {"state": JobState.RUNNING, "heartbeat_at": now, "expires_at": now + KEPT},
            "$min": {"started_at": now},
            "$inc": {"runs": 1},
        }
        with translated():
            job = jobs.find_one_and_update(
                {"_id": job_id, "state": {"$in": list(UNFINISHED)}}, change, return_document=True
            )
        return cls(jobs, job, clock, on_progress) if job else None

    def note(self, values: JobChange) -> None:
        """Write progress. Raises JobCancelled when somebody has ended it, Unavailable when another goes on with it."""
        has_moved = values.get("done", 0) > self.job["done"]
        now = self._clock()
        if not self._set({**values, "heartbeat_at": now, "expires_at": now + KEPT}):
            self._note_of_cancelled(values)
        self.job.update(values)  # type: ignore[typeddict-item]
        if has_moved:
            self._on_progress()

    def check(self) -> None:
        """Say that it is alive. Raises as ``note``."""
        self.note({})

    def wait(self, is_over: Callable[[], bool], otherwise: str) -> None:
        """Wait for something. otherwise: what is said of it when it takes too long.

        Raises JobCancelled, and Unavailable after PATIENCE_S: the job is then taken up again.
        """
        deadline = time.monotonic() + PATIENCE_S
        self.check()
        while not is_over():
            if time.monotonic() > deadline:
                raise Unavailable(f"For {PATIENCE_S:.0f} s {otherwise}; none is lost. Is the ingest worker running?")
            time.sleep(POLL_S)
            self.check()

    def end(self, state: JobState, values: JobChange) -> None:
        """Raises as ``note``."""
        change: JobChange = {**values, **ended(state, self._clock())}
        if not self._set(change, cleared=["sole"]):
            self._note_of_cancelled({})
        self.job.update(change)  # type: ignore[typeddict-item]

    def _set(self, values: JobChange, cleared: Any = ()) -> bool:
        change: dict[str, Any] = {"$set": values} | ({"$unset": dict.fromkeys(cleared, "")} if cleared else {})
        query = {"_id": self.job["_id"], "state": JobState.RUNNING, "runs": self.job["runs"]}
        with translated():
            return bool(self._jobs.update_one(query, change).matched_count)

    def _note_of_cancelled(self, values: JobChange) -> None:
        """Of a cancelled one too it is said how much was done, by the worker that had it."""
        query = {"_id": self.job["_id"], "state": JobState.CANCELLED, "runs": self.job["runs"]}
        with translated():
            if values:
                self._jobs.update_one(query, {"$set": values})
            is_cancelled = self._jobs.find_one(query, {"_id": 1}) is not None
        if is_cancelled:
            raise JobCancelled
        raise Unavailable("Another worker goes on with this job.")
