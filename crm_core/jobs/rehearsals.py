"""Rehearsals of campaigns: asked for over the API, done by the jobs worker, each kept for 30 days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bson import ObjectId

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.rehearsal.rehearsal import Rehearsal
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, page_newest, translated
from crm_core.infra.streams import Entry, Publisher, Stream
from crm_core.jobs.dispatch import NO_JOB
from crm_core.jobs.entries import REHEARSAL, JobOrder, read_order
from crm_core.jobs.rehearsal_run import RehearsalRun

OPEN = ("queued", "running")
LATEST_START = timedelta(days=366)
HANDED_OVER = timedelta(seconds=10)
"""After this long a rehearsal that nobody has is lost: it is written down before its entry is published."""
LOST = "The jobs worker gave it up, or never got it. Nothing was written or sent; ask for another one."


class Rehearsals:
    """A document of ``rehearsals``: campaign_id, start_at, state (queued, running, done, failed, cancelled), runs (how
    often a worker began with it: from the start, each time), done (customers walked), clock (its virtual time), result,
    failure, created_by, created_at, started_at, finished_at, cancelled_by.

    Each call raises Unavailable while a server is away.
    """

    def __init__(
        self,
        db: Db,
        campaigns: Campaigns,
        rehearsal: Rehearsal,
        publisher: Publisher,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._rehearsals = db.rehearsals
        self._campaigns = campaigns
        self._rehearsal = rehearsal
        self._publisher = publisher
        self._audit = audit
        self._clock = clock

    def start(self, campaign_id: str, *, actor: Actor, start_at: datetime | None = None) -> Doc:
        """Ask the jobs worker for one. start_at: aware; if None, when the campaign is scheduled, else now.

        Raises NotFound, InvalidInput for a moment that has passed, and what a launch would raise, but no confirmation
        is needed.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self._campaigns.get(campaign_id)
        start = self._to_start(campaign, start_at)
        self._rehearsal.freeze(campaign, start)
        job: Doc = {
            "_id": str(ObjectId()),
            "campaign_id": campaign_id,
            "start_at": start,
            "state": "queued",
            "runs": 0,
            "done": 0,
            "created_by": actor.label,
            "created_at": self._clock(),
        }
        with translated():
            self._rehearsals.insert_one(job)
        self._audit.record(actor, "rehearsal.start", job["_id"], campaign=campaign_id)
        self._publisher.publish(Stream.JOBS, [JobOrder(job["_id"], REHEARSAL).to_payload()])
        return job

    def get(self, campaign_id: str, rehearsal_id: str) -> Doc:
        """One that no worker has or will get shows as failed. Raises NotFound."""
        with translated():
            job = self._rehearsals.find_one({"_id": rehearsal_id, "campaign_id": campaign_id})
        if job is None:
            raise NotFound(f"There is no rehearsal of this campaign with the id {rehearsal_id!r}.")
        return self._as_seen([job])[0]

    def page(self, campaign_id: str, *, limit: int, after: str | None = None) -> tuple[list[Doc], str | None]:
        """Those of a campaign without their results, the newest first, and the id to go on after, None on the last
        page. Raises NotFound, and InvalidInput for another cursor."""
        self._campaigns.get(campaign_id)
        query = {"campaign_id": campaign_id}
        found, more = page_newest(
            self._rehearsals, query, "created_at", limit=limit, after=after, fields={"result": False}
        )
        return self._as_seen(found), more

    def cancel(self, campaign_id: str, rehearsal_id: str, *, actor: Actor) -> Doc:
        """End it; harmless to repeat. Raises NotFound, and Conflict when it has ended otherwise."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        values = {"state": "cancelled", "cancelled_by": actor.label, "finished_at": self._clock()}
        query = {"_id": rehearsal_id, "campaign_id": campaign_id, "state": {"$in": OPEN}}
        with translated():
            changed = self._rehearsals.update_one(query, {"$set": values})
        if changed.matched_count:
            self._audit.record(actor, "rehearsal.cancel", rehearsal_id, campaign=campaign_id)
        job = self.get(campaign_id, rehearsal_id)
        if job["state"] != "cancelled":
            raise Conflict(f"This rehearsal is {job['state']}; only a queued or a running one can be cancelled.")
        return job

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Do the rehearsals of these entries. One that was begun with, by a worker that ended, starts over."""
        refused: dict[str, str] = {}
        for entry in entries:
            order = read_order(entry)
            if order is None or not self._run(order.id):
                refused[entry.id] = NO_JOB
        return refused

    def _run(self, rehearsal_id: str) -> bool:
        """Whether there is such a rehearsal."""
        values = {"state": "running", "started_at": self._clock(), "done": 0}
        change = {"$set": values, "$inc": {"runs": 1}}
        with translated():
            query = {"_id": rehearsal_id, "state": {"$in": OPEN}}
            job = self._rehearsals.find_one_and_update(query, change, return_document=True)
            if job is None:
                return self._rehearsals.find_one({"_id": rehearsal_id}) is not None
        RehearsalRun(self._rehearsals, job, self._clock).go(self._campaigns, self._rehearsal)
        return True

    def _to_start(self, campaign: Campaign, start_at: datetime | None) -> datetime:
        now = self._clock()
        if start_at is None:
            return max(now, campaign["scheduled_at"]) if campaign["state"] == "scheduled" else now
        if start_at.tzinfo is None:
            raise InvalidInput("The time of a start needs a time zone.", field="start_at")
        if not now <= start_at <= now + LATEST_START:
            raise InvalidInput(
                f"A rehearsal starts between now and {LATEST_START.days} days later, not at {start_at.isoformat()}; "
                f"it is {now.isoformat()}.",
                field="start_at",
            )
        return start_at

    def _as_seen(self, jobs: Sequence[Doc]) -> list[Doc]:
        """One that nobody has or will get has failed: an entry leaves its stream when it is done or given up."""
        late = self._clock() - HANDED_OVER
        open_ids = {job["_id"] for job in jobs if job["state"] in OPEN and job["created_at"] <= late}
        lost = set() if not open_ids or self._publisher.backlog(Stream.JOBS) else open_ids
        return [job | {"state": "failed", "failure": LOST} if job["_id"] in lost else job for job in jobs]
