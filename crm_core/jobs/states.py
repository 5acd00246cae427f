"""The states of a job, and how each change leaves alone what somebody else has ended meanwhile."""

from datetime import datetime

from pymongo.collection import Collection

from crm_core.access.actor import Actor
from crm_core.errors import Conflict, NotFound
from crm_core.infra.mongo import Doc, translated

CANCELLED = "cancelled"
UNFINISHED = ("queued", "running")
ENDED = frozenset({"done", "failed", CANCELLED})


class JobCancelled(Exception):
    """Somebody has ended the job in hand: what it has done stays, the rest is left."""


def begin(jobs: Collection[Doc], job: Doc, at: datetime) -> bool:
    """Gives whether it is to be done: it may have ended before."""
    return _change(jobs, job["_id"], {"state": "running", "started_at": job.get("started_at") or at})


def end(jobs: Collection[Doc], job_id: str, state: str, at: datetime, **values: object) -> bool:
    """Gives whether it had not ended before."""
    return _change(jobs, job_id, {"state": state, "finished_at": at, **values})


def cancel(jobs: Collection[Doc], job_id: str, at: datetime, *, actor: Actor) -> Doc:
    """As it was left; what is in hand may still add to it. Raises NotFound, and Conflict when it has ended."""
    changed = end(jobs, job_id, CANCELLED, at, cancelled_by=actor.label)
    with translated():
        job = jobs.find_one({"_id": job_id})
    if job is None:
        raise NotFound(f"There is no job with the id {job_id!r}.")
    if not changed:
        raise Conflict(f"This job is {job['state']}; only a queued or a running one can be cancelled.")
    return job


def raise_if_cancelled(jobs: Collection[Doc], job_id: str) -> None:
    """Raises JobCancelled."""
    with translated():
        if jobs.find_one({"_id": job_id, "state": CANCELLED}, {"_id": 1}):
            raise JobCancelled


def _change(jobs: Collection[Doc], job_id: str, values: Doc) -> bool:
    with translated():
        changed = jobs.update_one({"_id": job_id, "state": {"$in": list(UNFINISHED)}}, {"$set": values})
    return bool(changed.matched_count)
