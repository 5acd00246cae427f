"""The campaign worker's step: everything that is done to campaigns by themselves, a little of each."""

from datetime import datetime

from crm_core.access.actor import SYSTEM
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.campaigns.planning.planner import Planner
from crm_core.campaigns.planning.progress import Progress, released_of
from crm_core.campaigns.sending.release import Releaser
from crm_core.campaigns.states import CampaignState, RowReason
from crm_core.infra.clock import Clock

LIMIT = 5_000
"""Rows that are changed in one step for one campaign, so that no other waits for long."""
_CLOSED_AS = {
    CampaignState.CANCELLED: RowReason.CANCELLED,
    CampaignState.FAILED: RowReason.CAMPAIGN_FAILED,
}


class Engine:
    """Any number of workers may run it at once."""

    def __init__(
        self,
        campaigns: Campaigns,
        progress: Progress,
        rows: PendingRows,
        message_log: MessageLog,
        planner: Planner,
        releaser: Releaser,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._progress = progress
        self._rows = rows
        self._message_log = message_log
        self._planner = planner
        self._releaser = releaser
        self._clock = clock
        self._is_at_rest = False

    def run_once(self) -> int:
        """One step; returns 0 when there was nothing to do. Raises Unavailable; the next step goes on.

        After the last campaign at work there is one more step, in which everybody forgets it.
        """
        is_at_rest = not self._progress.is_any_at_work()
        if is_at_rest and self._is_at_rest:
            return 0
        ended = self._campaigns.audit_left() + self.close_ended() + self.put_back_failed()
        done = ended + self._planner.run_slice() + self.release() + self.complete()
        self._is_at_rest = is_at_rest
        return done

    def release(self) -> int:
        return self._releaser.run_once()

    def close_ended(self) -> int:
        """Close what is pending of campaigns that ended early: what nobody has begun with is skipped, what somebody has
        begun with fails once its entry is gone."""
        return sum(self._close(campaign) for campaign in self._progress.closing())

    def put_back_failed(self) -> int:
        return sum(self._put_back(campaign) for campaign in self._progress.retrying())

    def complete(self) -> int:
        """A campaign is completed when no row is pending and none is to be put back; nor may a retry, or rows of a
        planner that was asleep, have come since it was looked at."""
        sending = self._campaigns.in_state(CampaignState.SENDING, fields=["release", "retries", "audience"])
        out = self._releaser.outstanding({}) if sending else None
        count = 0
        for campaign in sending:
            campaign_id = campaign["_id"]
            is_busy = out and out.batches[campaign_id]
            if is_busy or self._rows.has_any(campaign_id, after=released_of(campaign).after):
                continue
            audience = self._message_log.stats(campaign_id).audience
            values: CampaignFields = {"finished_at": self._clock(), "audience": audience}
            before, after = CampaignState.SENDING, CampaignState.COMPLETED
            only = {"retry": None, "retries": campaign.get("retries"), "audience": campaign.get("audience")}
            count += self._campaigns.move(campaign_id, [before], after, values, actor=SYSTEM, action=after, only=only)
        return count

    def _put_back(self, campaign: Campaign) -> int:
        campaign_id, asked_at = campaign["_id"], campaign["retry"]["at"]
        living = self._releaser.outstanding({}).entries
        count = self._rows.reset_failed(campaign_id, asked_at, living, limit=LIMIT)
        if not count and not self._rows.has_failed(campaign_id, besides=asked_at):
            self._progress.end_retry(campaign_id, asked_at)
        return count

    def _close(self, campaign: Campaign) -> int:
        campaign_id, now = campaign["_id"], self._clock()
        reason = _CLOSED_AS[CampaignState(campaign["state"])]
        if count := self._rows.close_unclaimed(campaign_id, reason, now, limit=LIMIT):
            return count
        living = self._releaser.outstanding({}).entries
        if count := self._rows.close_orphans(campaign_id, living, now, limit=LIMIT):
            return count
        if not self._rows.has_any(campaign_id):
            self._end_closing(campaign, now)
        return 0

    def _end_closing(self, campaign: Campaign, now: datetime) -> None:
        """Count the audience when the last row is closed, and once more when nobody may write one any more."""
        is_over = now >= campaign["close_until"]
        if is_over or not campaign.get("closed_at"):
            audience = self._message_log.stats(campaign["_id"]).audience
            never_planned = None if campaign.get("closed_at") else self._planner.count_left(campaign["_id"])
            self._progress.note_closed(campaign["_id"], audience, never_planned, now, is_over=is_over)
