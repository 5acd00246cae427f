"""Rehearsals of campaigns: asked for over the API, done by the jobs worker, each kept for 30 days."""

import time
from datetime import datetime, timedelta

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.rehearsal.dry_run import Stage
from crm_core.campaigns.rehearsal.rehearsal import Rehearsal
from crm_core.errors import InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Stream
from crm_core.jobs.model import Job, JobChange
from crm_core.jobs.rehearsal_result import to_document
from crm_core.jobs.run import JobCancelled, JobRun
from crm_core.jobs.store import JobKind, JobStore

LATEST_START = timedelta(days=366)
NOTED_S = 0.5
REHEARSAL = JobKind(
    "rehearsal",
    "rehearsal",
    Stream.SHORT_JOBS,
    "The jobs worker gave it up, or never got it. Nothing was written or sent; ask for another one.",
)
SHOWN = (
    *("_id", "campaign_id", "revision", "start_at", "state", "runs", "done", "waiting", "clock", "result", "failure"),
    *("created_by", "created_at", "started_at", "heartbeat_at", "finished_at", "cancelled_by"),
)


class Rehearsals:
    """Each call raises Unavailable while a server is away."""

    def __init__(
        self, store: JobStore, campaigns: Campaigns, rehearsal: Rehearsal, clock: Clock, reads: PersonalReads
    ) -> None:
        self._reads = reads
        self._store = store
        self._campaigns = campaigns
        self._rehearsal = rehearsal
        self._clock = clock

    def start(self, campaign_id: str, *, actor: Actor, start_at: datetime | None = None) -> Job:
        """Ask the jobs worker for one. start_at: aware; if None, when the campaign is scheduled, else now.

        Raises NotFound, InvalidInput for a moment that has passed, and what a launch would raise, but no confirmation
        is needed.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self._campaigns.get(campaign_id)
        start = self._to_start(campaign, start_at)
        self._rehearsal.freeze(campaign, start)
        fields: JobChange = {"campaign_id": campaign_id, "revision": campaign.get("revision", 0), "start_at": start}
        details = {"campaign": campaign_id}
        return self._store.ask(REHEARSAL, fields, actor=actor, action="rehearsal.start", details=details)

    def get(self, campaign_id: str, rehearsal_id: str, *, actor: Actor) -> Doc:
        """One that no worker has or will get shows as failed. Its examples are messages to customers: None for those
        who may not see any. Raises NotFound."""
        actor.require(Permission.READ_FIGURES)
        shown = _shown(self._store.get(REHEARSAL, rehearsal_id, campaign_id=campaign_id))
        if "result" in shown and not actor.may(Permission.READ_CUSTOMERS):
            shown["result"] |= {"examples": None, "faults": None}
        elif "result" in shown:
            self._reads.note(actor, "rehearsal.read", campaign_id)
        return shown

    def page(self, campaign_id: str, *, limit: int, after: str | None = None) -> tuple[list[Doc], str | None]:
        """Those of a campaign without their results, the newest first, and the id to go on after, None on the last
        page. Raises NotFound, and InvalidInput for another cursor."""
        self._campaigns.get(campaign_id)
        found, more = self._store.page(
            REHEARSAL, limit=limit, after=after, fields={"result": False}, campaign_id=campaign_id
        )
        return [_shown(job) for job in found], more

    def cancel(self, campaign_id: str, rehearsal_id: str, *, actor: Actor) -> Doc:
        """End it; harmless to repeat. Raises NotFound, and Conflict when it has ended otherwise."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        return _shown(self._store.cancel(REHEARSAL, rehearsal_id, actor=actor, campaign_id=campaign_id))

    def work(self, run: JobRun) -> JobChange:
        """From the start, also of one that another worker began with."""
        job = run.job
        run.note({"done": 0})
        noted_at, is_cancelled = time.monotonic(), False

        def note(stage: Stage) -> None:
            nonlocal noted_at, is_cancelled
            if time.monotonic() - noted_at < NOTED_S:
                return
            try:
                run.note({"done": stage.customers, "waiting": stage.waiting, "clock": stage.now})
            except JobCancelled:
                is_cancelled = True
            noted_at = time.monotonic()

        campaign = self._campaigns.get(job["campaign_id"])
        result = self._rehearsal.run(campaign, job["start_at"], note, lambda: is_cancelled)
        if is_cancelled:
            raise JobCancelled
        return {"done": result.tally.audience, "result": to_document(result)}

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


def _shown(job: Job) -> Doc:
    return {name: value for name, value in job.items() if name in SHOWN}
