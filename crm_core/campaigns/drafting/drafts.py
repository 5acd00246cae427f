"""Drafts: made, edited, copied, and put away when nobody needs them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Unpack

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.campaigns.drafting.content import COMMON
from crm_core.campaigns.drafting.definition import AUDIENCE, Definitions, DraftFields
from crm_core.campaigns.states import CampaignState
from crm_core.campaigns.store import CampaignStore, refuse
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.binding import Bound
from crm_core.rules.loading import load_rule

State = CampaignState
ARCHIVABLE = (State.DRAFT, State.COMPLETED, State.CANCELLED, State.FAILED)
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


class Drafts(CampaignStore):
    def __init__(self, db: Db, definitions: Definitions, audit: AuditLog, clock: Clock) -> None:
        super().__init__(db, audit, clock)
        self._definitions = definitions

    def create(
        self,
        *,
        actor: Actor,
        schedule_at: datetime | None = None,
        confirm_everyone: bool = False,
        new_id: Callable[[], str] = lambda: str(ObjectId()),
        **fields: Unpack[DraftFields],
    ) -> Doc:
        """A draft, or a scheduled campaign. Raises InvalidInput, BadRule, NotFound, and Conflict as ``schedule``.

        new_id: asked once the fields are found to be good. If it gives the id of a campaign, that one is the answer.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign: Doc = {
            "_id": "",
            **self._definitions.check(fields),
            "seed": str(ObjectId()),
            "state": State.DRAFT,
            "created_by": actor.label,
            "created_at": self._clock(),
        }
        if schedule_at is not None:
            campaign |= self._scheduled(campaign, schedule_at, actor, confirm_everyone) | {"state": State.SCHEDULED}
        return self._insert(campaign | {"_id": new_id()}, actor, "create")

    def update(self, campaign_id: str, *, actor: Actor, **fields: Unpack[DraftFields]) -> Doc:
        """Change a draft. Raises as ``create`` does, and Conflict when it is no draft any more."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] != State.DRAFT:
            raise refuse(campaign, [State.DRAFT], "edited")
        values = {**self._definitions.check(_merged(campaign, fields)), "revision": campaign.get("revision", 0) + 1}
        entry = self._audit.entry(actor, "campaign.update", campaign_id, fields=sorted(fields))
        if not self._audited(as_seen(campaign), {"$set": values}, entry):
            raise Conflict("Somebody else changed this campaign meanwhile. Look at it again before you change it.")
        return self.get(campaign_id)

    def duplicate(self, campaign_id: str, *, actor: Actor) -> Doc:
        """A new draft that says the same to the same audience, for any state of the other. Raises NotFound."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        origin = self.get(campaign_id)
        campaign: Doc = {
            "_id": str(ObjectId()),
            "name": f"{origin['name'][:93]} (copy)",
            **{name: origin[name] for name in DEFINITION if name in origin},
            "seed": str(ObjectId()),
            "state": State.DRAFT,
            "copy_of": campaign_id,
            "created_by": actor.label,
            "created_at": self._clock(),
        }
        return self._insert(campaign, actor, "duplicate")

    def at_launch(self, campaign: Doc) -> tuple[Bound, int | None]:
        """As ``Definitions.at_launch``."""
        return self._definitions.at_launch(campaign)

    def archive(self, campaign_id: str, *, actor: Actor) -> Doc:
        """Take it out of the list. Harmless to repeat."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._mark_archived(campaign_id, {"$set": {"archived_at": self._clock()}}, None, actor, "archive")

    def unarchive(self, campaign_id: str, *, actor: Actor) -> Doc:
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._mark_archived(campaign_id, {"$unset": {"archived_at": ""}}, {"$ne": None}, actor, "unarchive")

    def _insert(self, campaign: Doc, actor: Actor, action: str) -> Doc:
        entry = self._audit.entry(actor, f"campaign.{action}", campaign["_id"])
        try:
            with translated():
                self._campaigns.insert_one({**campaign, "audit_due": [entry]})
        except DuplicateKeyError:  # the same request has made it
            return self.get(campaign["_id"])
        self._write_at_once(campaign["_id"], entry)
        return campaign

    def _scheduled(self, campaign: Doc, at: datetime, actor: Actor, confirm_everyone: bool) -> Doc:
        if at.tzinfo is None:
            raise InvalidInput("The time of a start needs a time zone.", field="schedule_at")
        if at <= self._clock():
            raise InvalidInput(
                f"The start {at.isoformat()} has passed; it is {self._clock().isoformat()}.", field="schedule_at"
            )
        self._definitions.freeze(campaign, confirm_everyone=confirm_everyone)
        return {"scheduled_at": at, "scheduled_by": actor.label, "confirmed_everyone": confirm_everyone}

    def _mark_archived(self, campaign_id: str, change: Doc, archived_at: Any, actor: Actor, action: str) -> Doc:
        query = {"_id": campaign_id, "state": {"$in": ARCHIVABLE}, "archived_at": archived_at}
        if self._audited(query, change, self._audit.entry(actor, f"campaign.{action}", campaign_id)):
            return self.get(campaign_id)
        campaign = self.get(campaign_id)
        if campaign["state"] not in ARCHIVABLE:
            raise refuse(campaign, ARCHIVABLE, f"{action}d")
        return campaign


def as_seen(campaign: Doc) -> Doc:
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
