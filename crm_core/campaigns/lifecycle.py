"""Campaigns from draft to their end. Every change is conditional on the state that it leaves, and audited."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Unpack

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm_core.access.audit import AuditLog
from crm_core.campaigns.budget import ErrorBudget
from crm_core.campaigns.content import COMMON
from crm_core.campaigns.definition import AUDIENCE, Definitions, DraftFields
from crm_core.campaigns.pending import PendingRows
from crm_core.campaigns.progress import CLOSING
from crm_core.campaigns.states import RUNNING, CampaignState
from crm_core.campaigns.store import CampaignStore, refuse
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.binding import Bound
from crm_core.rules.loading import load_rule

State = CampaignState
LAUNCHABLE = (State.DRAFT, State.SCHEDULED)
CANCELLABLE = (State.SCHEDULED, *RUNNING, State.PAUSED)
RETRYABLE = (State.SENDING, State.PAUSED, State.COMPLETED)
ARCHIVABLE = (State.DRAFT, State.COMPLETED, State.CANCELLED, State.FAILED)
SYSTEM = "system"
DEFINITION = (
    "channel",
    "message",
    "subject",
    "variants",
    "segment_id",
    "segment_name",
    "rule",
    "exclude_segments",
    "exclude_recent_days",
    "holdout_percent",
    "quiet_hours",
    "intent",
    "tags",
)
"""What a copy takes over."""


class Campaigns(CampaignStore):
    def __init__(
        self, db: Db, definitions: Definitions, rows: PendingRows, budget: ErrorBudget, audit: AuditLog, clock: Clock
    ) -> None:
        super().__init__(db, audit)
        self._definitions = definitions
        self._rows = rows
        self._budget = budget
        self._clock = clock

    def create(
        self,
        *,
        actor: str,
        schedule_at: datetime | None = None,
        confirm_everyone: bool = False,
        new_id: Callable[[], str] = lambda: str(ObjectId()),
        **fields: Unpack[DraftFields],
    ) -> Doc:
        """A draft, or a scheduled campaign. Raises InvalidInput, BadRule, NotFound, and Conflict as ``schedule``.

        new_id: asked once the fields are found to be good. If it gives the id of a campaign, that one is the answer.
        """
        campaign: Doc = {
            "_id": "",
            **self._definitions.check(fields),
            "seed": str(ObjectId()),
            "state": State.DRAFT,
            "created_by": actor,
            "created_at": self._clock(),
        }
        if schedule_at is not None:
            campaign |= self._scheduled(campaign, schedule_at, actor, confirm_everyone) | {"state": State.SCHEDULED}
        return self._insert(campaign | {"_id": new_id()}, actor, "create")

    def update(self, campaign_id: str, *, actor: str, **fields: Unpack[DraftFields]) -> Doc:
        """Change a draft. Raises as ``create`` does, and Conflict when it is no draft any more."""
        campaign = self.get(campaign_id)
        if campaign["state"] != State.DRAFT:
            raise refuse(campaign, [State.DRAFT], "edited")
        values = {**self._definitions.check(_merged(campaign, fields)), "revision": campaign.get("revision", 0) + 1}
        with translated():
            changed = self._campaigns.update_one(_as_seen(campaign), {"$set": values})
        if not changed.matched_count:
            raise Conflict("Somebody else changed this campaign meanwhile. Look at it again before you change it.")
        self._audit.record(actor, "campaign.update", campaign_id, fields=sorted(fields))
        return self.get(campaign_id)

    def duplicate(self, campaign_id: str, *, actor: str) -> Doc:
        """A new draft that says the same to the same audience, for any state of the other. Raises NotFound."""
        origin = self.get(campaign_id)
        campaign: Doc = {
            "_id": str(ObjectId()),
            "name": f"{origin['name'][:93]} (copy)",
            **{name: origin[name] for name in DEFINITION if name in origin},
            "seed": str(ObjectId()),
            "state": State.DRAFT,
            "copy_of": campaign_id,
            "created_by": actor,
            "created_at": self._clock(),
        }
        return self._insert(campaign, actor, "duplicate")

    def at_launch(self, campaign: Doc) -> tuple[Bound, int | None]:
        """As ``Definitions.at_launch``."""
        return self._definitions.at_launch(campaign)

    def launch(self, campaign_id: str, *, actor: str, confirm_everyone: bool = False) -> Doc:
        """Freeze the definition, with the segments that its rule names, and hand it to the campaign worker.

        Raises NotFound, BadRule, and Conflict when it was launched or changed before, when its segment was deleted, or
        when it would reach everyone without saying so.
        """
        campaign = self.get(campaign_id)
        if campaign["state"] not in LAUNCHABLE:
            raise refuse(campaign, LAUNCHABLE, "launched")
        frozen = self._definitions.freeze(campaign, confirm_everyone=confirm_everyone)
        if not self._start(campaign, frozen, actor):
            raise self._lost(campaign_id, LAUNCHABLE, "launched")
        return self.get(campaign_id)

    def schedule(self, campaign_id: str, at: datetime, *, actor: str, confirm_everyone: bool = False) -> Doc:
        """Let the scheduler launch it at ``at``, aware; also instead of another time.

        Raises NotFound, InvalidInput for a moment that has passed, and what a launch now would raise.
        """
        campaign = self.get(campaign_id)
        if campaign["state"] not in LAUNCHABLE:
            raise refuse(campaign, LAUNCHABLE, "scheduled")
        values = self._scheduled(campaign, at, actor, confirm_everyone)
        return self._changed(campaign_id, LAUNCHABLE, State.SCHEDULED, values, actor, "schedule", "scheduled")

    def unschedule(self, campaign_id: str, *, actor: str) -> Doc:
        """Back to a draft."""
        values = dict.fromkeys(("scheduled_at", "scheduled_by", "confirmed_everyone"))
        return self._changed(campaign_id, [State.SCHEDULED], State.DRAFT, values, actor, "unschedule", "unscheduled")

    def start_due(self, now: datetime) -> list[str]:
        """What the scheduler does: launch every campaign whose time has come; gives their ids.

        Harmless to call from several workers at once. One that cannot be launched any more has failed, and says why.
        """
        with translated():
            due = list(self._campaigns.find({"state": State.SCHEDULED, "scheduled_at": {"$lte": now}}))
        return [campaign["_id"] for campaign in due if self._start_scheduled(campaign)]

    def pause(self, campaign_id: str, *, actor: str) -> Doc:
        """Send nothing more until somebody resumes."""
        values = {"paused_at": self._clock(), "paused_by": actor, "pause_reason": None}
        return self._changed(campaign_id, RUNNING, State.PAUSED, values, actor, "pause", "paused")

    def pause_for(self, campaign_id: str, reason: str) -> bool:
        """What workers do when something is wrong with it; gives whether it was running."""
        values = {"paused_at": self._clock(), "paused_by": SYSTEM, "pause_reason": reason}
        return self.move(campaign_id, RUNNING, State.PAUSED, values, actor=SYSTEM, action="pause")

    def resume(self, campaign_id: str, *, actor: str) -> Doc:
        """Go on where it was paused, with a new error budget."""
        campaign = self.get(campaign_id)
        after = State.SENDING if campaign.get("planned_at") else State.PREPARING
        values: Doc = dict.fromkeys(("paused_at", "paused_by", "pause_reason"))
        values["resumed_at"] = self._clock()
        if campaign["state"] == State.PAUSED:
            self._budget.clear(campaign_id)
        return self._changed(campaign_id, [State.PAUSED], after, values, actor, "resume", "resumed")

    def cancel(self, campaign_id: str, *, actor: str) -> Doc:
        """End it now; the campaign worker closes what is pending."""
        now = self._clock()
        values = {"cancelled_at": now, "cancelled_by": actor, "finished_at": now, "close_until": now + CLOSING}
        values["retry"] = None
        return self._changed(campaign_id, CANCELLABLE, State.CANCELLED, values, actor, "cancel", "cancelled")

    def retry_failed(self, campaign_id: str, *, actor: str) -> Doc:
        """Send its failed messages once more, under new keys. Not those of which nobody knows whether they were sent.

        Raises NotFound, and Conflict in another state, while it is being done already, or when none has failed.
        """
        campaign = self.get(campaign_id)
        if campaign["state"] not in RETRYABLE:
            raise refuse(campaign, RETRYABLE, "retried")
        if campaign.get("retry"):
            raise Conflict("The failed messages of this campaign are being tried again already.")
        if not self._rows.has_failed(campaign_id):
            raise Conflict("No message of this campaign has failed that could be tried again.")
        after = State.PAUSED if campaign["state"] == State.PAUSED else State.SENDING
        values = {"retry": {"at": self._clock(), "by": actor}, "finished_at": None, "archived_at": None}
        values["retries"] = campaign.get("retries", 0) + 1
        only = {"retry": None}
        if not self.move(campaign_id, [campaign["state"]], after, values, actor=actor, action="retry", only=only):
            raise Conflict("Somebody else changed this campaign meanwhile. Look at it again before you retry.")
        return self.get(campaign_id)

    def archive(self, campaign_id: str, *, actor: str) -> Doc:
        """Take it out of the list. Harmless to repeat."""
        return self._mark_archived(campaign_id, {"$set": {"archived_at": self._clock()}}, None, actor, "archive")

    def unarchive(self, campaign_id: str, *, actor: str) -> Doc:
        return self._mark_archived(campaign_id, {"$unset": {"archived_at": ""}}, {"$ne": None}, actor, "unarchive")

    def _insert(self, campaign: Doc, actor: str, action: str) -> Doc:
        try:
            with translated():
                self._campaigns.insert_one(campaign)
        except DuplicateKeyError:  # the same request has made it
            return self.get(campaign["_id"])
        self._audit.record(actor, f"campaign.{action}", campaign["_id"])
        return campaign

    def _start(self, campaign: Doc, frozen: Doc, actor: str, **more: Any) -> bool:
        """Only as it was when its definition was frozen."""
        values = {**frozen, "launched_at": self._clock(), "launched_by": actor, "archived_at": None, **more}
        values["seed"] = campaign.get("seed") or campaign["_id"]
        before = [State(campaign["state"])]
        only = _as_seen(campaign)
        return self.move(campaign["_id"], before, State.PREPARING, values, actor=actor, action="launch", only=only)

    def _start_scheduled(self, campaign: Doc) -> bool:
        scheduled_at = campaign["scheduled_at"]
        try:
            frozen = self._definitions.freeze(campaign, confirm_everyone=bool(campaign.get("confirmed_everyone")))
        except (InvalidInput, Conflict) as exc:
            values = {"failure": str(exc), "finished_at": self._clock()}
            only = _as_seen(campaign)
            before = [State.SCHEDULED]
            self.move(campaign["_id"], before, State.FAILED, values, actor=SYSTEM, action="failed", only=only)
            return False
        late_s = max(0.0, (self._clock() - scheduled_at).total_seconds())
        return self._start(campaign, frozen, str(campaign["scheduled_by"]), late_s=round(late_s, 3))

    def _scheduled(self, campaign: Doc, at: datetime, actor: str, confirm_everyone: bool) -> Doc:
        if at.tzinfo is None:
            raise InvalidInput("The time of a start needs a time zone.", field="schedule_at")
        if at <= self._clock():
            raise InvalidInput(
                f"The start {at.isoformat()} has passed; it is {self._clock().isoformat()}.", field="schedule_at"
            )
        self._definitions.freeze(campaign, confirm_everyone=confirm_everyone)
        return {"scheduled_at": at, "scheduled_by": actor, "confirmed_everyone": confirm_everyone}

    def _changed(
        self,
        campaign_id: str,
        before: Collection[State],
        after: State,
        values: Doc,
        actor: str,
        action: str,
        done: str,
    ) -> Doc:
        if not self.move(campaign_id, before, after, values, actor=actor, action=action):
            raise self._lost(campaign_id, before, done)
        return self.get(campaign_id)

    def _lost(self, campaign_id: str, allowed: Collection[State], done: str) -> Conflict:
        """Why a conditional change did not take place. Raises NotFound."""
        campaign = self.get(campaign_id)
        if campaign["state"] in allowed:
            return Conflict(f"Somebody else changed this campaign meanwhile. Look at it again before it is {done}.")
        return refuse(campaign, allowed, done)

    def _mark_archived(self, campaign_id: str, change: Doc, archived_at: Any, actor: str, action: str) -> Doc:
        query = {"_id": campaign_id, "state": {"$in": ARCHIVABLE}, "archived_at": archived_at}
        with translated():
            changed = self._campaigns.update_one(query, change)
        if changed.matched_count:
            self._audit.record(actor, f"campaign.{action}", campaign_id)
            return self.get(campaign_id)
        campaign = self.get(campaign_id)
        if campaign["state"] not in ARCHIVABLE:
            raise refuse(campaign, ARCHIVABLE, f"{action}d")
        return campaign


def _as_seen(campaign: Doc) -> Doc:
    """The filter for a campaign that nobody has edited, scheduled or started since it was read."""
    return {name: campaign.get(name) for name in ("_id", "state", "revision", "scheduled_at")}


def _merged(campaign: Doc, fields: DraftFields) -> DraftFields:
    """The definition as people set it, with what they change now."""
    kept: Doc = {name: campaign.get(name) for name in DraftFields.__annotations__ if name not in AUDIENCE}
    kept["exclude_segment_ids"] = [each["segment_id"] for each in campaign.get("exclude_segments") or ()]
    if campaign.get("variants"):  # what is the first variant's own was not set for all
        kept |= {name: None for name in COMMON if campaign[name] == campaign["variants"][0][name]}
    if not any(name in fields for name in AUDIENCE):
        kept |= _audience(campaign)
    return {**kept, **fields}  # type: ignore[typeddict-item]


def _audience(campaign: Doc) -> Doc:
    if campaign["segment_id"]:
        return {"segment_id": campaign["segment_id"]}
    return {"rule": load_rule(campaign["rule"])}
