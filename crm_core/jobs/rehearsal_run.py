"""One rehearsal in the jobs worker: its progress is noted now and then, its result at the end."""

import time

from pymongo.collection import Collection

from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.rehearsal.dry_run import Stage
from crm_core.campaigns.rehearsal.rehearsal import Rehearsal, RehearsalResult
from crm_core.campaigns.states import MessageState
from crm_core.errors import CrmError, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Doc, translated

NOTED_S = 0.5


class RehearsalRun:
    """What it writes is written only while nobody has cancelled it, and no other worker has begun with it: its entry is
    then that one's, who may end as well before it is done."""

    def __init__(self, rehearsals: Collection[Doc], job: Doc, clock: Clock) -> None:
        self._rehearsals = rehearsals
        self._job = job
        self._clock = clock
        self._mine = {"_id": job["_id"], "state": "running", "runs": job["runs"]}
        self._noted_at = time.monotonic()
        self._is_cancelled = False

    def go(self, campaigns: Campaigns, rehearsal: Rehearsal) -> None:
        """One that cannot be done ends as failed, with the reason. Raises Unavailable while a server is away, and when
        another worker goes on with it."""
        try:
            campaign = campaigns.get(self._job["campaign_id"])
            result = rehearsal.run(campaign, self._job["start_at"], self._note, lambda: self._is_cancelled)
        except Unavailable:
            raise
        except CrmError as exc:
            self._end(state="failed", failure=str(exc))
            return
        if self._is_cancelled:
            self._check_taken()
        else:
            self._end(state="done", done=result.tally.audience, result=to_document(result))

    def _note(self, stage: Stage) -> None:
        if time.monotonic() - self._noted_at >= NOTED_S:
            self._is_cancelled = not self._set(done=stage.customers, waiting=stage.waiting, clock=stage.now)
            self._noted_at = time.monotonic()

    def _end(self, **values: object) -> None:
        if not self._set(**values, finished_at=self._clock()):
            self._check_taken()

    def _check_taken(self) -> None:
        with translated():
            job = self._rehearsals.find_one({"_id": self._job["_id"]}, ["state"])
        if job is not None and job["state"] == "running":
            raise Unavailable("Another worker goes on with this rehearsal.")

    def _set(self, **values: object) -> bool:
        with translated():
            return bool(self._rehearsals.update_one(self._mine, {"$set": values}).matched_count)


def to_document(result: RehearsalResult) -> Doc:
    """As it is kept and shown. Lists where names come from people: a variant may have one that is none for a field."""
    tally = result.tally
    states = (MessageState.SENT, MessageState.SKIPPED, MessageState.FAILED, MessageState.HELD_OUT)
    return {
        "is_complete": result.is_complete,
        "needs_confirmation": result.needs_confirmation,
        "as_of": result.as_of,
        "took_s": round(result.took_s, 3),
        "audience": tally.audience,
        "by_state": {**{state: tally.by_state[state] for state in states}, MessageState.PENDING: tally.pending},
        "skipped_by_reason": dict(tally.reasons[MessageState.SKIPPED]),
        "failed_by_reason": dict(tally.reasons[MessageState.FAILED]),
        "by_variant": [
            {"variant": name, "by_state": {str(state): count for state, count in found.items()}}
            for name, found in sorted(tally.by_variant.items())
        ],
        "deferred": {
            "customers": tally.deferred.customers,
            "until": [{"at": at, "customers": count} for at, count in tally.deferred.until.items()],
            "latest": tally.deferred.latest,
        },
        "rate": result.rate,
        "start": result.start,
        "first_at": tally.first_at,
        "last_at": tally.last_at,
        "finish": result.finish,
        "bucket_s": int(tally.buckets.width.total_seconds()),
        "buckets": [{"at": at, "messages": count} for at, count in tally.buckets.items()],
        "examples": [{"variant": variant, **example} for variant, found in tally.examples.items() for example in found],
    }
