"""Drafts: made, edited, copied, and put away when nobody needs them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any, Unpack, cast

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog, changes
from crm_core.access.permissions import Permission
from crm_core.audience.audited_rules import audited_rule
from crm_core.campaigns.drafting.content import TEXTS
from crm_core.campaigns.drafting.definition import AUDIENCE, Definitions, DraftFields
from crm_core.campaigns.model import Campaign, CampaignFields, Definition, definition_of, with_changes
from crm_core.campaigns.states import CampaignState
from crm_core.campaigns.store import CampaignStore, refuse
from crm_core.errors import Conflict, InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import MAX_NAME
from crm_core.rules.bound import Bound
from crm_core.rules.loading import load_rule

State = CampaignState
ARCHIVABLE = (State.DRAFT, State.COMPLETED, State.CANCELLED, State.FAILED)


class DraftChanged(Conflict):
    """Somebody else has changed a draft since it was read. campaign: as it is by now."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__("Somebody else changed this campaign meanwhile. Look at it again before you change it.")
        self.campaign = campaign


_COPY = re.compile(r" \(copy(?: \d+)?\)$")


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
    ) -> Campaign:
        """A draft, or a scheduled campaign. Raises InvalidInput, BadRule, NotFound, and Conflict as ``schedule``.

        new_id: asked once the fields are found to be good. If it gives the id of a campaign, that one is the answer.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self._new(self._definitions.check(fields), actor)
        if schedule_at is not None:
            scheduled = self._scheduled(campaign, schedule_at, actor, confirm_everyone)
            campaign = with_changes(campaign, {**scheduled, "state": State.SCHEDULED})
        campaign["_id"] = new_id()
        return self._insert(campaign, actor, "create")

    def blank(self, *, actor: Actor, **fields: Unpack[DraftFields]) -> Campaign:
        """What ``begin`` would store."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._new(self._definitions.keep(fields), actor)

    def begin(self, *, actor: Actor, **fields: Unpack[DraftFields]) -> Campaign:
        """A draft of whatever somebody has so far. Raises as ``Definitions.keep``."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._insert(self.blank(actor=actor, **fields), actor, "create")

    def save(self, campaign_id: str, revision: int, *, actor: Actor, **fields: Unpack[DraftFields]) -> Campaign:
        """Change a draft that somebody is writing, if it is still as they saw it. Raises as ``begin``, DraftChanged.

        What they change in a row is one audit entry. revision: the one that they saw.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] != State.DRAFT:
            raise refuse(campaign, [State.DRAFT], "edited")
        if campaign.get("revision", 0) != revision:
            raise DraftChanged(campaign)
        return self._write(campaign, self._definitions.keep(_merged(campaign, fields)), actor, gathers=True)

    def faults(self, campaign: Campaign) -> list[InvalidInput]:
        """As ``Definitions.faults``, now."""
        return self._definitions.faults(campaign, self._clock())

    def update(self, campaign_id: str, *, actor: Actor, **fields: Unpack[DraftFields]) -> Campaign:
        """Change a draft. Raises as ``create`` does, and Conflict when it is no draft any more."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        campaign = self.get(campaign_id)
        if campaign["state"] != State.DRAFT:
            raise refuse(campaign, [State.DRAFT], "edited")
        return self._write(campaign, self._definitions.check(_merged(campaign, fields)), actor)

    def _write(self, campaign: Campaign, definition: Definition, actor: Actor, *, gathers: bool = False) -> Campaign:
        """Only as it was when it was read. Raises DraftChanged."""
        campaign_id = campaign["_id"]
        values = {
            **definition,
            "revision": campaign.get("revision", 0) + 1,
            "changed_by": actor.label,
            "changed_at": self._clock(),
        }
        entry = self._audit.entry(actor, "campaign.update", campaign_id, self._changes(campaign, values))
        if gathers:
            entry = self._runs.grown(entry, campaign.get("edits"), campaign.get("audit_due", ()))
        if not self._audited(as_seen(campaign), {"$set": values}, entry):
            raise DraftChanged(self.get(campaign_id))
        return self.get(campaign_id)

    def duplicate(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """A new draft that says the same to the same audience, for any state of the other. Raises NotFound."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        origin = self.get(campaign_id)
        campaign = self._new(definition_of(origin), actor)
        campaign["name"] = self._copy_name(origin["name"])
        campaign["copy_of"] = campaign_id
        campaign["start_at"] = None
        return self._insert(campaign, actor, "duplicate")

    def _copy_name(self, name: str) -> str:
        """The first that is free of "Spring (copy)", "Spring (copy 2)" …, also for a copy of a copy."""
        original = _COPY.sub("", name)
        with translated():
            taken = {
                row["name"]
                for row in self._campaigns.find({"name": {"$regex": f"^{re.escape(original[:80])}"}}, ["name"])
            }
        suffixes = (" (copy)" if number == 1 else f" (copy {number})" for number in count(1))
        names = (f"{original[: MAX_NAME - len(suffix)]}{suffix}" for suffix in suffixes)
        return next(each for each in names if each not in taken)

    def _new(self, definition: Definition, actor: Actor) -> Campaign:
        course = {
            "_id": str(ObjectId()),
            "seed": str(ObjectId()),
            "state": State.DRAFT,
            "created_by": actor.label,
            "created_at": self._clock(),
        }
        return cast("Campaign", {**definition, **course})

    def at_launch(self, campaign: Campaign) -> tuple[Bound, int | None]:
        """As ``Definitions.at_launch``."""
        return self._definitions.at_launch(campaign)

    def archive(self, campaign_id: str, *, actor: Actor) -> Campaign:
        """Take it out of the list. Harmless to repeat."""
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._mark_archived(campaign_id, {"$set": {"archived_at": self._clock()}}, None, actor, "archive")

    def unarchive(self, campaign_id: str, *, actor: Actor) -> Campaign:
        actor.require(Permission.WRITE_CAMPAIGNS)
        return self._mark_archived(campaign_id, {"$unset": {"archived_at": ""}}, {"$ne": None}, actor, "unarchive")

    def _insert(self, campaign: Campaign, actor: Actor, action: str) -> Campaign:
        entry = self._audit.entry(actor, f"campaign.{action}", campaign["_id"], self._changes({}, campaign))
        try:
            with translated():
                self._campaigns.insert_one({**campaign, "audit_due": [entry]})
        except DuplicateKeyError:  # the same request has made it
            return self.get(campaign["_id"])
        self._write_at_once(campaign["_id"], entry)
        return campaign

    def _changes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Doc:
        """Of the definition, as the audit log keeps them."""
        changed = changes(self._audited_definition(before), self._audited_definition({**before, **after}))
        return {"name": after.get("name") or before.get("name"), **changed}

    def _audited_definition(self, campaign: Mapping[str, Any]) -> Doc:
        kept = {name: campaign[name] for name in Definition.__annotations__ if campaign.get(name)}
        rule = {"rule": audited_rule(kept["rule"], self._audit.pseudonyms)} if "rule" in kept else {}
        return kept | rule

    def _scheduled(self, campaign: Campaign, at: datetime, actor: Actor, confirm_everyone: bool) -> CampaignFields:
        if at.tzinfo is None:
            raise InvalidInput("The time of a start needs a time zone.", field="schedule_at")
        if at <= self._clock():
            raise InvalidInput(
                f"The start {at.isoformat()} has passed; it is {self._clock().isoformat()}.", field="schedule_at"
            )
        self._definitions.freeze(campaign, confirm_everyone=confirm_everyone)
        return {"scheduled_at": at, "scheduled_by": actor.label, "confirmed_everyone": confirm_everyone}

    def _mark_archived(self, campaign_id: str, change: Doc, archived_at: Any, actor: Actor, action: str) -> Campaign:
        query = {"_id": campaign_id, "state": {"$in": ARCHIVABLE}, "archived_at": archived_at}
        campaign = self.get(campaign_id)
        entry = self._audit.entry(actor, f"campaign.{action}", campaign_id, {"name": campaign["name"]})
        if self._audited(query, change, entry):
            return self.get(campaign_id)
        campaign = self.get(campaign_id)
        if campaign["state"] not in ARCHIVABLE:
            raise refuse(campaign, ARCHIVABLE, f"{action}d")
        return campaign


def as_seen(campaign: Campaign) -> Doc:
    """The filter for a campaign that nobody has edited, scheduled or started since it was read."""
    return {name: campaign.get(name) for name in ("_id", "state", "revision", "scheduled_at")}


def _merged(campaign: Campaign, fields: DraftFields) -> DraftFields:
    """The definition as people set it, with what they change now."""
    kept: Doc = {name: campaign.get(name) for name in DraftFields.__annotations__ if name not in AUDIENCE}
    stored: Doc = {**campaign}
    kept["exclude_segment_ids"] = [each["segment_id"] for each in campaign.get("exclude_segments") or ()]
    if campaign.get("variants"):  # what is the first variant's own was not set for all
        kept |= {name: None for name in TEXTS if stored.get(name) == stored["variants"][0].get(name)}
    if not any(name in fields for name in AUDIENCE):
        kept |= _audience(campaign)
    return {**kept, **fields}  # type: ignore[typeddict-item]


def _audience(campaign: Campaign) -> Doc:
    if campaign["segment_id"]:
        return {"segment_id": campaign["segment_id"]}
    return {"rule": load_rule(campaign["rule"]) if campaign["rule"] else None}
