"""Campaigns as questions about one of them need them."""

from collections.abc import Mapping, Sequence

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.counts import variants_of
from crm_core.campaigns.figures import Figures
from crm_core.campaigns.model import HEAVY, Campaign, campaigns_in
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.insights.question import LaunchedCampaign, OfCampaigns
from crm_core.rules.context import KnownCampaigns
from crm_core.rules.engines.columns import to_ms
from crm_core.rules.quoting import shown
from crm_core.schema.message_states import MessageState


class LaunchedCampaigns:
    """Raises Unavailable."""

    def __init__(self, db: Db, figures: Figures) -> None:
        self._campaigns = campaigns_in(db)
        self._messages = db.messages
        self._figures = figures

    def find(self, campaign_id: str | None, *, actor: Actor) -> LaunchedCampaign | None:
        """The one that was launched last for None, if there is one. Raises InvalidInput."""
        actor.require(Permission.READ_FIGURES)
        found = self._find([campaign_id] if campaign_id else [], 1, "campaign")
        return self._to_launched(found[0], found[0]["name"], actor) if found else None

    def find_several(self, ids: Sequence[str], parameter: OfCampaigns, *, actor: Actor) -> list[LaunchedCampaign]:
        """In this order; without ids the least that the parameter takes, the last first. Raises InvalidInput."""
        actor.require(Permission.READ_FIGURES)
        found = self._find(ids, parameter.least, parameter.name)
        labels = KnownCampaigns({each["_id"]: each["name"] for each in found}).labels()
        return [self._to_launched(each, labels[each["_id"]], actor) for each in found]

    def _find(self, ids: Sequence[str], last: int, parameter: str) -> list[Campaign]:
        """Those with these ids, in this order; without ids so many of those that were launched last."""
        wanted: Doc = {"launched_at": {"$exists": True}} | ({"_id": {"$in": list(ids)}} if ids else {})
        with translated():
            rows = self._campaigns.find(wanted, dict.fromkeys(HEAVY, 0)).sort("launched_at", -1).limit(len(ids) or last)
            found = {row["_id"]: row for row in rows}
        for campaign_id in ids:
            if campaign_id not in found:
                what = f"No campaign that was launched has the id {shown(campaign_id)}."
                raise InvalidInput(what, field=parameter)
        return [found[each] for each in ids or found]

    def names(self) -> Mapping[str, str]:
        """By id, the last first; namesakes are told apart by their ids."""
        with translated():
            found = self._campaigns.find({"launched_at": {"$exists": True}}, {"name": 1}).sort("launched_at", -1)
            return KnownCampaigns({row["_id"]: row["name"] for row in found}).labels()

    def _to_launched(self, campaign: Campaign, name: str, actor: Actor) -> LaunchedCampaign:
        details = self._figures.details(campaign, actor=actor) if campaign.get("variants") else None
        counted = variants_of(details) if details else {}
        names = [each["name"] for each in campaign.get("variants") or ()]
        variants = {name: counted[name] for name in names if name in counted}
        campaign_id = campaign["_id"]
        return LaunchedCampaign(
            campaign_id,
            name,
            campaign["channel"],
            to_ms(campaign["launched_at"]),
            lambda: self._figures.stats(campaign, actor=actor).value.by_state,
            variants,
            lambda: self._held_out(campaign_id),
        )

    def _held_out(self, campaign_id: str) -> Sequence[str]:
        query = {"campaign_id": campaign_id, "rank": MessageState.HELD_OUT.rank}
        with translated():
            return [row["customer_id"] for row in self._messages.find(query, {"_id": 0, "customer_id": 1})]
