"""Counts campaigns whose rows have moved, so that nobody who looks at a page has to wait for a count."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from crm_core.campaigns.counts import to_counts, to_details
from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.model import Campaign, Point, campaigns_in
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated

LEASE: Final = timedelta(seconds=60)
"""A worker that counts for longer, or has died, is not waited for."""
NEEDED: Final = ("launched_at", "variants.name")


@dataclass(frozen=True)
class Kind:
    """due: the mark of what moved. at: from when on it may be counted again. into: where the figures are kept. newest:
    the one of them that was added last.

    least: between two counts. rest: for how many times as long as it took a count stands.
    """

    due: str
    at: str
    into: str
    newest: str
    least: timedelta
    rest: int


COUNTS: Final = Kind("counts_due", "counts_at", "counts", "unsubscribed", timedelta(seconds=1.4), 9)
"""By state and reason, and who has unsubscribed: scans of indexes."""
DETAILS: Final = Kind("details_due", "details_at", "details", "by_variant", timedelta(seconds=5), 20)
"""By variant and over time: reads every row."""


def read_details(message_log: MessageLog, campaign: Campaign, as_of: datetime) -> tuple[Stats, list[Point]]:
    """By variant, and over time from the launch until its rows moved last. Of a launched campaign."""
    stats = message_log.stats(campaign["_id"], by_variant=bool(campaign.get("variants")))
    start = campaign["launched_at"]
    end = max(start, min(as_of, campaign.get("details_due") or as_of))
    return stats, message_log.timeline(campaign["_id"], start=start, end=end)


class CampaignCounter:
    """One loop for each kind, so that what takes long holds up nothing else. Any number of workers may run them."""

    def __init__(
        self,
        db: Db,
        message_log: MessageLog,
        kind: Kind,
        clock: Clock,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._campaigns = campaigns_in(db)
        self._message_log = message_log
        self._kind = kind
        self._clock = clock
        self._timer = timer
        self._has_looked_back = False

    def run_once(self) -> int:
        """Count each campaign that is due; returns how many. Raises Unavailable; the next call goes on."""
        if not self._has_looked_back:
            self._look_back()
        due = {"launched_at": {"$exists": True}, **self._is_due(self._clock())}
        with translated():
            found = list(self._campaigns.find(due, ["_id"]))
        return sum(self._count(campaign["_id"]) for campaign in found)

    def _is_due(self, now: datetime) -> dict[str, Any]:
        return {self._kind.due: {"$exists": True}, self._kind.at: {"$not": {"$gt": now}}}

    def _look_back(self) -> None:
        """Campaigns from before figures, or all of them, were kept."""
        newest = f"{self._kind.into}.{self._kind.newest}"
        query: dict[str, Any] = {"launched_at": {"$exists": True}, newest: None, self._kind.due: None}
        with translated():
            self._campaigns.update_many(query, {"$set": {self._kind.due: self._clock()}})
        self._has_looked_back = True

    def _count(self, campaign_id: str) -> bool:
        """Whether this worker did."""
        kind, as_of = self._kind, self._clock()
        free = {"_id": campaign_id, **self._is_due(as_of)}
        with translated():
            campaign = self._campaigns.find_one_and_update(
                free, {"$set": {kind.at: as_of + LEASE}}, [*NEEDED, kind.due], return_document=True
            )
        if campaign is None:
            return False
        began = self._timer()
        figures = self._figures(campaign, as_of, began)
        self._keep(campaign_id, figures, as_of)
        return True

    def _figures(self, campaign: Campaign, as_of: datetime, began: float) -> Mapping[str, Any]:
        if self._kind is COUNTS:
            return to_counts(self._message_log.stats(campaign["_id"]), as_of=as_of, took=self._since(began))
        stats, timeline = read_details(self._message_log, campaign, as_of)
        return to_details(stats, timeline, as_of=as_of, took=self._since(began))

    def _keep(self, campaign_id: str, figures: Mapping[str, Any], as_of: datetime) -> None:
        """Never over newer ones, of somebody who has overtaken this worker."""
        kind = self._kind
        own = {"_id": campaign_id, f"{kind.into}.as_of": {"$not": {"$gt": as_of}}}
        rest = max(kind.least, kind.rest * timedelta(seconds=figures["took_s"]))
        with translated():
            kept = self._campaigns.update_one(own, {"$set": {kind.into: figures, kind.at: as_of + rest}})
            if kept.matched_count:
                self._campaigns.update_one({"_id": campaign_id, kind.due: {"$lt": as_of}}, {"$unset": {kind.due: ""}})

    def _since(self, began: float) -> timedelta:
        return timedelta(seconds=self._timer() - began)
