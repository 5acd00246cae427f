"""Campaigns from draft to launch. Every change is conditional on the state that it leaves, and audited."""

from typing import Any

from bson import ObjectId

from crm_core.access.audit import AuditLog
from crm_core.audience.scopes import FrozenSegments, Scopes
from crm_core.audience.segments import Segments, check_name, named_like
from crm_core.campaigns.states import CampaignState
from crm_core.campaigns.template import check_template
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.binding import Bound, bind, has_conditions, segments_in
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule

CHANNELS = ("in_app",)


class Campaigns:
    def __init__(self, db: Db, segments: Segments, scopes: Scopes, audit: AuditLog, clock: Clock) -> None:
        self._campaigns = db.campaigns
        self._segments = segments
        self._scopes = scopes
        self._audit = audit
        self._clock = clock

    def create(
        self,
        *,
        name: str,
        channel: str,
        message: str,
        segment_id: str | None = None,
        rule: AnyRule | None = None,
        actor: str,
    ) -> Doc:
        """A draft, for a segment or a rule of its own. Raises InvalidInput, BadRule, NotFound."""
        if channel not in CHANNELS:
            raise InvalidInput(f"There is no channel {channel!r}; allowed is {CHANNELS[0]}.", field="channel")
        if (segment_id is None) == (rule is None):
            raise InvalidInput("A campaign needs exactly one of segment_id, rule and text.", field="segment_id")
        check_template(message)
        audience: dict[str, Any] = self._audience(segment_id, rule)
        campaign: Doc = {
            "_id": str(ObjectId()),
            "name": check_name(name, "campaign"),
            "channel": channel,
            "message": message,
            **audience,
            "state": CampaignState.DRAFT,
            "created_by": actor,
            "created_at": self._clock(),
        }
        with translated():
            self._campaigns.insert_one(campaign)
        self._audit.record(actor, "campaign.create", campaign["_id"])
        return campaign

    def launch(self, campaign_id: str, *, actor: str, confirm_everyone: bool = False) -> Doc:
        """Freeze the definition, with the segments that its rule names, and hand it to the campaign worker.

        Raises NotFound, BadRule, and Conflict when it is no draft, when its segment was deleted, or when it would reach
        everyone without saying so.
        """
        campaign = self.get(campaign_id)
        bound, version = self.at_launch(campaign)
        if not confirm_everyone and not has_conditions(bound):
            raise Conflict(
                "This audience has no condition and reaches everyone. Launch with confirm_everyone if that is meant."
            )
        launched = {
            "state": CampaignState.PREPARING,
            "rule": dump_rule(bound.rule),
            "rule_segments": FrozenSegments.freeze(segments_in(bound)),
            "segment_version": version,
            "launched_at": self._clock(),
            "launched_by": actor,
        }
        with translated():
            changed = self._campaigns.update_one({"_id": campaign_id, "state": CampaignState.DRAFT}, {"$set": launched})
        if not changed.modified_count:
            state = self.get(campaign_id)["state"]
            raise Conflict(f"Only a draft can be launched; this campaign is {state}.")
        self._audit.record(actor, "campaign.launch", campaign_id)
        return self.get(campaign_id)

    def at_launch(self, campaign: Doc) -> tuple[Bound, int | None]:
        """What a launch now would freeze, and the version of its segment, None for a rule of its own.

        Raises BadRule, and Conflict when that segment was deleted.
        """
        if not campaign["segment_id"]:
            return self._bind(load_rule(campaign["rule"])), None
        try:
            segment = self._segments.get(campaign["segment_id"])
        except NotFound as exc:
            raise Conflict(f"The segment “{campaign['segment_name']}” of this draft was deleted.") from exc
        return self._bind(load_rule(segment["rule"])), segment["version"]

    def get(self, campaign_id: str) -> Doc:
        """Raises NotFound."""
        with translated():
            campaign = self._campaigns.find_one({"_id": campaign_id})
        if campaign is None:
            raise NotFound(f"There is no campaign with the id {campaign_id!r}.")
        return campaign

    def page(self, *, limit: int = 25, after: str | None = None) -> tuple[list[Doc], str | None]:
        """The newest first, and the id to go on after, None on the last page."""
        query = {"_id": {"$lt": after}} if after else {}
        with translated():
            rows = list(self._campaigns.find(query).sort("_id", -1).limit(limit + 1))
        return rows[:limit], rows[limit - 1]["_id"] if len(rows) > limit else None

    def search(self, text: str, *, state: CampaignState | None, skip: int, limit: int) -> list[Doc]:
        """One page of the campaigns with ``text`` in their name, newest first."""
        with translated():
            return list(self._campaigns.find(_search(text, state)).sort("_id", -1).skip(skip).limit(limit))

    def count_found(self, text: str, *, state: CampaignState | None) -> int:
        """How many campaigns ``search`` finds on all pages."""
        with translated():
            return self._campaigns.count_documents(_search(text, state))

    def in_state(self, state: CampaignState) -> list[Doc]:
        """The longest waiting first."""
        with translated():
            return list(self._campaigns.find({"state": state}).sort("launched_at", 1))

    def advance(self, campaign_id: str, before: CampaignState, after: CampaignState, **values: Any) -> bool:
        """What workers do: change the state if it is still ``before``; gives whether it was."""
        with translated():
            changed = self._campaigns.update_one(
                {"_id": campaign_id, "state": before}, {"$set": {"state": after, **values}}
            )
        if changed.modified_count:
            self._audit.record("system", f"campaign.{after}", campaign_id)
        return bool(changed.modified_count)

    def note_progress(self, campaign_id: str, after: str) -> None:
        """Keep the last customer id whose row is written and published; a new walk goes on after it."""
        with translated():
            self._campaigns.update_one({"_id": campaign_id}, {"$max": {"plan_after": after}})

    def _audience(self, segment_id: str | None, rule: AnyRule | None) -> dict[str, Any]:
        if segment_id is not None:
            segment = self._segments.get(segment_id)
            return {"segment_id": segment_id, "segment_name": segment["name"], "rule": segment["rule"]}
        assert rule is not None
        return {"segment_id": None, "segment_name": None, "rule": dump_rule(self._bind(rule).rule)}

    def _bind(self, rule: AnyRule) -> Bound:
        return bind(rule, self._scopes.scope())


def _search(text: str, state: CampaignState | None) -> Doc:
    return named_like(text) | ({"state": state} if state else {})
