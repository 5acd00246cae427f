"""Jobs from the moment somebody asks for one to their end: one lifecycle for every kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import redis
from bson import ObjectId
from pydantic_core import to_json
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.errors import Conflict, NotFound, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.paging import page_newest
from crm_core.infra.streams import Publisher, Stream, redis_translated
from crm_core.jobs.model import KEPT, UNFINISHED, Job, JobChange, JobState, ended, jobs_in

HANDED_OVER = timedelta(seconds=10)
"""A job is written down before its entry is published: a younger one without an entry may still get it."""


@dataclass(frozen=True)
class JobKind:
    """noun: for people. lane: the stream of those that take about as long; lanes are worked on side by side.

    lost: the failure of one that no worker has or will get: what is left of it, and what to do.
    """

    name: str
    noun: str
    lane: Stream
    lost: str
    is_sole: bool = False


class JobStore:
    """Each call raises Unavailable while a server is away."""

    def __init__(self, db: Db, client: redis.Redis, publisher: Publisher, audit: AuditLog, clock: Clock) -> None:
        self._jobs = jobs_in(db)
        self._redis = client
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    @staticmethod
    def new_id() -> str:
        return str(ObjectId())

    def ask(
        self, kind: JobKind, fields: JobChange, *, actor: Actor, action: str, details: Doc, job_id: str | None = None
    ) -> Job:
        """Write a job down, audited, and hand it to its lane. Raises Conflict for a second sole one."""
        now = self._clock()
        job = cast(
            "Job",
            {
                "_id": job_id or self.new_id(),
                "kind": kind.name,
                "state": JobState.QUEUED,
                "runs": 0,
                "done": 0,
                "total": 0,
                **fields,
                "created_by": actor.label,
                "created_at": now,
                "expires_at": now + KEPT,
                **({"sole": kind.name} if kind.is_sole else {}),
            },
        )

        def insert(session: ClientSession) -> None:
            self._jobs.insert_one(job, session=session)
            self._audit.record(actor, action, job["_id"], details, session=session)

        try:
            self._audit.together(insert)
        except DuplicateKeyError:
            raise Conflict(f"There is a {kind.noun} under way already. Wait for its end, or cancel it.") from None
        try:
            (entry,) = self._publisher.publish(kind.lane, [to_json({"job_id": job["_id"]})])
        except Unavailable:
            self._fail(kind, job)  # nobody will do it: it can be asked for again at once
            raise
        with translated():
            self._jobs.update_one({"_id": job["_id"]}, {"$set": {"entry": entry}})
        return job

    def cancel(self, kind: JobKind, job_id: str, *, actor: Actor, **query: Any) -> Job:
        """End it, audited; harmless to repeat. Return it as it was left; what is in hand may still add to it.

        query: what else must hold of it. Raises NotFound, and Conflict when it has ended otherwise.
        """
        now = self._clock()
        values: JobChange = {"cancelled_by": actor.label, **ended(JobState.CANCELLED, now)}
        wanted = {"_id": job_id, "kind": kind.name, **query}

        def cancel(session: ClientSession) -> None:
            change = {"$set": values, "$unset": {"sole": ""}}
            job = self._jobs.find_one_and_update({**wanted, **_UNFINISHED}, change, session=session)
            if job:
                details = {"done": job["done"], "total": job["total"], **_campaign(query)}
                self._audit.record(actor, f"{kind.name}.cancel", job_id, details, session=session)

        self._audit.together(cancel)
        job = self.get(kind, job_id, **query)
        if job["state"] != JobState.CANCELLED:
            raise Conflict(f"This {kind.noun} is {job['state']}; only a queued or a running one can be cancelled.")
        return job

    def get(self, kind: JobKind, job_id: str, **query: Any) -> Job:
        """One that no worker has or will get shows as failed. Raises NotFound."""
        with translated():
            job = self._jobs.find_one({"_id": job_id, "kind": kind.name, **query})
        if job is None:
            raise NotFound(f"There is no {kind.noun} with the id {job_id!r}.")
        return self._as_seen(kind, [job])[0]

    def page(
        self, kind: JobKind, *, limit: int, after: str | None = None, fields: Doc | None = None, **query: Any
    ) -> tuple[list[Job], str | None]:
        """The newest first, and the id to go on after, None on the last page. Raises InvalidInput."""
        wanted = {"kind": kind.name, **query}
        found, more = page_newest(self._jobs, wanted, "created_at", limit=limit, after=after, fields=fields)
        return self._as_seen(kind, found), more

    def fail_lost(self, kind: JobKind) -> list[Job]:
        """End those that no worker has or will get. Return them."""
        with translated():
            unfinished = list(self._jobs.find({"kind": kind.name, **_UNFINISHED}))
        lost = [job for job in unfinished if self._is_lost(kind, job)]
        for job in lost:
            self._fail(kind, job)
        return lost

    def _fail(self, kind: JobKind, job: Job) -> None:
        """Unless a worker has begun with it meanwhile."""
        values: JobChange = {"failure": kind.lost, **ended(JobState.FAILED, self._clock())}
        query = {"_id": job["_id"], "runs": job["runs"], **_UNFINISHED}
        with translated():
            self._jobs.update_one(query, {"$set": values, "$unset": {"sole": ""}})

    def _as_seen(self, kind: JobKind, jobs: Sequence[Job]) -> list[Job]:
        return [
            cast("Job", {**job, "state": JobState.FAILED, "failure": kind.lost}) if self._is_lost(kind, job) else job
            for job in jobs
        ]

    def _is_lost(self, kind: JobKind, job: Job) -> bool:
        """Whether its entry was given up and buried, or never published: an entry leaves its stream when it is done."""
        if job["state"] not in UNFINISHED:
            return False
        moved_at = job.get("heartbeat_at") or job["created_at"]
        if self._clock() - moved_at < HANDED_OVER:
            return False
        entry = job.get("entry")
        if entry is None:
            return True
        with redis_translated():
            return not self._redis.xrange(kind.lane, entry, entry)


def _campaign(query: Doc) -> Doc:
    return {"campaign": query["campaign_id"]} if "campaign_id" in query else {}


_UNFINISHED: Doc = {"state": {"$in": list(UNFINISHED)}}
