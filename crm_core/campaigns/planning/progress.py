"""How far a campaign is: marks in its document that move by compare-and-set, so that no two workers go the same way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from crm_core.campaigns.model import FIGURES, HEAVY, Campaign, CampaignFields, Release, campaigns_in
from crm_core.campaigns.sending.batches import FIRST_ROUND
from crm_core.campaigns.states import RUNNING, CampaignState
from crm_core.infra.mongo import Db, Doc, translated

AT_WORK: Final[Doc] = {
    "$or": [
        {"state": {"$in": RUNNING}},
        *({name: {"$exists": True}} for name in ("retry.at", "close_until", "audit_due.at")),
    ]
}
"""Campaigns with which the campaign worker has something to do; each part has its index."""
LEASE = timedelta(seconds=15)
CLOSING = timedelta(minutes=10)
"""So long after an early end is looked for pending rows: a worker that did not know of it may still write some."""


@dataclass(frozen=True)
class Released:
    """The batches up to ``after`` of this round were released. at: when the last one was."""

    round: int = FIRST_ROUND
    after: str | None = None
    at: datetime | None = None


def released_of(campaign: Campaign) -> Released:
    found = campaign.get("release")
    return Released(found["round"], found["after"], found["at"]) if found else Released()


class Progress:
    def __init__(self, db: Db) -> None:
        self._campaigns = campaigns_in(db)

    def is_any_at_work(self) -> bool:
        with translated():
            return self._campaigns.find_one(AT_WORK, ["_id"]) is not None

    def to_deliver(self, campaign_id: str) -> Campaign | None:
        """The campaign without what only its planning needs."""
        with translated():
            return self._campaigns.find_one({"_id": campaign_id}, dict.fromkeys((*HEAVY, *FIGURES), 0))

    def lease_plan(self, campaign_id: str, worker: str, now: datetime) -> Campaign | None:
        """The campaign, for ``worker`` alone to walk its audience for LEASE; None when another does."""
        free: list[Doc] = [{"plan_lease": None}, {"plan_lease.by": worker}, {"plan_lease.until": {"$lte": now}}]
        query = {"_id": campaign_id, "state": CampaignState.PREPARING, "$or": free}
        with translated():
            return self._campaigns.find_one_and_update(query, {"$set": _lease(worker, now)}, return_document=True)

    def note_plan(self, campaign_id: str, before: str | None, after: str, worker: str, now: datetime) -> bool:
        """Move the mark up to which every row is written, if it is where ``worker`` left it, whoever has the lease: of
        two for whom a chunk takes longer than a lease, one has to get on."""
        query = {"_id": campaign_id, "state": CampaignState.PREPARING, "plan_after": before}
        return self._set(query, {"plan_after": after, **_lease(worker, now)})

    def note_release(self, campaign_id: str, before: Released, after: Released) -> bool:
        """Move the mark up to which batches are released, before they are, if it is where it was read."""
        found: Any = (
            {"release": None}
            if before == Released()
            else {
                "release.round": before.round,
                "release.after": before.after,
            }
        )
        new: Release = {"round": after.round, "after": after.after, "at": after.at}
        return self._set({"_id": campaign_id, "state": {"$in": RUNNING}, **found}, {"release": new})

    def note_audience(self, campaign_id: str, audience: int) -> None:
        self._set({"_id": campaign_id}, {"audience": audience})

    def end_retry(self, campaign_id: str, asked_at: datetime) -> None:
        """Every failed row was put back."""
        with translated():
            self._campaigns.update_one({"_id": campaign_id, "retry.at": asked_at}, {"$unset": {"retry": ""}})

    def retrying(self) -> list[Campaign]:
        """Campaigns whose failed rows are to be put back."""
        with translated():
            return list(self._campaigns.find({"retry.at": {"$exists": True}}, {"retry": 1}))

    def closing(self) -> list[Campaign]:
        """Campaigns that ended early, whose pending rows are to be closed."""
        with translated():
            return list(
                self._campaigns.find({"close_until": {"$exists": True}}, {"state": 1, "close_until": 1, "closed_at": 1})
            )

    def close_again(self, campaign_id: str, until: datetime) -> None:
        """Rows were written after its early end: they are to be closed, and the audience counted anew."""
        with translated():
            self._campaigns.update_one(
                {"_id": campaign_id}, {"$set": {"close_until": until}, "$unset": {"closed_at": ""}}
            )

    def note_closed(
        self, campaign_id: str, audience: int, never_planned: int | None, now: datetime, *, is_over: bool
    ) -> None:
        """No row is pending. is_over: nobody may write one any more either. never_planned: None if nobody knows."""
        left = {} if never_planned is None else {"never_planned": never_planned}
        change: Doc = {"$set": {"audience": audience, "closed_at": now, **left}}
        with translated():
            self._campaigns.update_one(
                {"_id": campaign_id}, change | ({"$unset": {"close_until": ""}} if is_over else {})
            )

    def _set(self, query: Doc, values: CampaignFields) -> bool:
        with translated():
            return bool(self._campaigns.update_one(query, {"$set": values}).matched_count)


def _lease(worker: str, now: datetime) -> CampaignFields:
    return {"plan_lease": {"by": worker, "until": now + LEASE}}
