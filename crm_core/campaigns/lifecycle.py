"""Campaigns from launch to their end. Every change is conditional on the state that it leaves, and audited."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Unpack

from crm_core.access.actor import SYSTEM, Actor, system_actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.campaigns.drafting.definition import Definitions
from crm_core.campaigns.drafting.drafts import Drafts, as_seen
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.campaigns.planning.progress import CLOSING
from crm_core.campaigns.sending.budget import ErrorBudget
from crm_core.campaigns.states import RUNNING, CampaignState
from crm_core.campaigns.store import refuse
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated

State = CampaignState
LAUNCHABLE = (State.DRAFT, State.SCHEDULED)
CANCELLABLE = (State.SCHEDULED, *RUNNING, State.PAUSED)
RETRYABLE = (State.SENDING, State.PAUSED, State.COMPLETED)


class Campaigns(Drafts):
    def __init__(
        self, db: Db, definitions: Definitions, rows: PendingRows, budget: ErrorBudget, audit: AuditLog, clock: Clock
    ) -> None:
        super().__init__(db, definitions, audit, clock)
        self._rows = rows
        self._budget = budget

    def launch(self, campaign_id: str, *, actor: Actor, confirm_everyone: bool = False) -> Campaign:
        """Freeze the definition, with the segments that its rule names, and hand it to the campaign worker.

        Raises NotFound, BadRule, and Conflict when it was launched or changed before, when its segment was deleted, or
        when it would reach everyone without saying so.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] not in LAUNCHABLE:
            raise refuse(campaign, LAUNCHABLE, "launched")
        frozen = self._definitions.freeze(campaign, confirm_everyone=confirm_everyone)
        if not self._start(campaign, frozen, actor):
            raise self._lost(campaign_id, LAUNCHABLE, "launched")
        return self.get(campaign_id)

    def schedule(self, campaign_id: str, at: datetime, *, actor: Actor, confirm_everyone: bool = False) -> Campaign:
        """Let the scheduler launch it at ``at``, aware; also instead of another time.

        Raises NotFound, InvalidInput for a moment that has passed, and what a launch now would raise.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] not in LAUNCHABLE:
            raise refuse(campaign, LAUNCHABLE, "scheduled")
        values = self._scheduled(campaign, at, actor, confirm_everyone)
        return self._changed(campaign_id, LAUNCHABLE, State.SCHEDULED, values, actor, "schedule", "scheduled")

    def unschedule(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """Back to a draft that is meant to start when it would have."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        values: CampaignFields = {"start_at": self.get(campaign_id).get("scheduled_at")}
        cleared = ("scheduled_at", "scheduled_by", "confirmed_everyone")
        before, after = [State.SCHEDULED], State.DRAFT
        return self._changed(campaign_id, before, after, values, actor, "unschedule", "unscheduled", cleared=cleared)

    def start_due(self, now: datetime) -> list[str]:
        """What the scheduler does: launch every campaign whose time has come; returns their ids.

        Harmless to call from several workers at once. One that cannot be launched any more has failed, and says why.
        """
        with translated():
            due = list(self._campaigns.find({"state": State.SCHEDULED, "scheduled_at": {"$lte": now}}))
        return [campaign["_id"] for campaign in due if self._start_scheduled(campaign)]

    def pause(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """Send nothing more until somebody resumes."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        values: CampaignFields = {"paused_at": self._clock(), "paused_by": actor.label}
        return self._changed(campaign_id, RUNNING, State.PAUSED, values, actor, "pause", "paused")

    def pause_for(self, campaign_id: str, reason: str) -> bool:
        """What workers do when something is wrong with it; returns whether it was running."""
        values: CampaignFields = {"paused_at": self._clock(), "paused_by": SYSTEM.label, "pause_reason": reason}
        return self.move(campaign_id, RUNNING, State.PAUSED, values, actor=SYSTEM, action="pause")

    def resume(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """Go on where it was paused, with a new error budget."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        after = State.SENDING if campaign.get("planned_at") else State.PREPARING
        values: CampaignFields = {"resumed_at": self._clock()}
        cleared = ("paused_at", "paused_by", "pause_reason")
        if campaign["state"] == State.PAUSED:
            self._budget.clear(campaign_id)
        return self._changed(campaign_id, [State.PAUSED], after, values, actor, "resume", "resumed", cleared=cleared)

    def cancel(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """End it now; the campaign worker closes what is pending."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        now = self._clock()
        values: CampaignFields = {
            "cancelled_at": now,
            "cancelled_by": actor.label,
            "finished_at": now,
            "close_until": now + CLOSING,
        }
        after, cleared = State.CANCELLED, ["retry"]
        return self._changed(campaign_id, CANCELLABLE, after, values, actor, "cancel", "cancelled", cleared=cleared)

    def retry_failed(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """Send its failed messages once more, under new keys. Not those of which nobody knows whether they were sent.

        Raises NotFound, and Conflict in another state, while it is being done already, or when none has failed.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] not in RETRYABLE:
            raise refuse(campaign, RETRYABLE, "retried")
        if campaign.get("retry"):
            raise Conflict("The failed messages of this campaign are being tried again already.")
        if not self._rows.has_failed(campaign_id):
            raise Conflict("No message of this campaign has failed that could be tried again.")
        after = State.PAUSED if campaign["state"] == State.PAUSED else State.SENDING
        values: CampaignFields = {
            "retry": {"at": self._clock(), "by": actor.label},
            "retries": campaign.get("retries", 0) + 1,
        }
        before, cleared, only = [campaign["state"]], ("finished_at", "archived_at"), {"retry": None}
        if not self.move(campaign_id, before, after, values, cleared=cleared, actor=actor, action="retry", only=only):
            raise Conflict("Somebody else changed this campaign meanwhile. Look at it again before you retry.")
        return self.get(campaign_id)

    def _start(self, campaign: Campaign, frozen: CampaignFields, actor: Actor, **more: Unpack[CampaignFields]) -> bool:
        """Only as it was when its definition was frozen."""
        values: CampaignFields = {
            **frozen,
            **more,
            "launched_at": self._clock(),
            "launched_by": actor.label,
            "seed": campaign.get("seed") or campaign["_id"],
        }
        before = [State(campaign["state"])]
        only = as_seen(campaign)
        return self.move(
            campaign["_id"],
            before,
            State.PREPARING,
            values,
            cleared=["archived_at"],
            actor=actor,
            action="launch",
            only=only,
        )

    def _start_scheduled(self, campaign: Campaign) -> bool:
        """Whether it was started. One that cannot be holds up no other: it has failed."""
        try:
            frozen = self._definitions.freeze(campaign, confirm_everyone=bool(campaign.get("confirmed_everyone")))
        except (InvalidInput, Conflict) as exc:
            return self._fail_scheduled(campaign, str(exc))
        late_s = max(0.0, (self._clock() - campaign["scheduled_at"]).total_seconds())
        scheduled_by = campaign.get("scheduled_by")
        actor = system_actor(scheduled_by) if scheduled_by else SYSTEM
        return self._start(campaign, frozen, actor, late_s=round(late_s, 3))

    def _fail_scheduled(self, campaign: Campaign, failure: str) -> Literal[False]:
        values: CampaignFields = {"failure": failure, "finished_at": self._clock()}
        before, only = [State.SCHEDULED], as_seen(campaign)
        self.move(campaign["_id"], before, State.FAILED, values, actor=SYSTEM, action="failed", only=only)
        return False

    def _changed(
        self,
        campaign_id: str,
        before: Collection[State],
        after: State,
        values: CampaignFields,
        actor: Actor,
        action: str,
        done: str,
        *,
        cleared: Collection[str] = (),
    ) -> Campaign:
        if not self.move(campaign_id, before, after, values, cleared=cleared, actor=actor, action=action):
            raise self._lost(campaign_id, before, done)
        return self.get(campaign_id)

    def _lost(self, campaign_id: str, allowed: Collection[State], done: str) -> Conflict:
        """Why a conditional change did not take place. Raises NotFound."""
        campaign = self.get(campaign_id)
        if campaign["state"] in allowed:
            return Conflict(f"Somebody else changed this campaign meanwhile. Look at it again before it is {done}.")
        return refuse(campaign, allowed, done)
