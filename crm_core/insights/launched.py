"""Campaigns as questions about one of them need them."""

from collections.abc import Mapping, Sequence

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.counts import variants_of
from crm_core.campaigns.figures import Figures
from crm_core.campaigns.model import HEAVY, Campaign, campaigns_in
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, translated
from crm_core.insights.question import LaunchedCampaign
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
        wanted = {"launched_at": {"$exists": True}} | ({"_id": campaign_id} if campaign_id else {})
        with translated():
            found = self._campaigns.find_one(wanted, dict.fromkeys(HEAVY, 0), sort=[("launched_at", -1)])
        if found is None:
            if campaign_id:
                what = f"No campaign that was launched has the id {shown(campaign_id)}."
                raise InvalidInput(what, field="campaign")
            return None
        return self._to_launched(found, actor)

    def names(self) -> Mapping[str, str]:
        """By id, the last first; namesakes are told apart by their ids."""
        with translated():
            found = self._campaigns.find({"launched_at": {"$exists": True}}, {"name": 1}).sort("launched_at", -1)
            return KnownCampaigns({row["_id"]: row["name"] for row in found}).labels()

    def _to_launched(self, campaign: Campaign, actor: Actor) -> LaunchedCampaign:
        details = self._figures.details(campaign, actor=actor) if campaign.get("variants") else None
        counted = variants_of(details) if details else {}
        names = [each["name"] for each in campaign.get("variants") or ()]
        variants = {name: counted[name] for name in names if name in counted}
        campaign_id = campaign["_id"]
        return LaunchedCampaign(
            campaign_id, to_ms(campaign["launched_at"]), variants, lambda: self._held_out(campaign_id)
        )

    def _held_out(self, campaign_id: str) -> Sequence[str]:
        query = {"campaign_id": campaign_id, "rank": MessageState.HELD_OUT.rank}
        with translated():
            return [row["customer_id"] for row in self._messages.find(query, {"_id": 0, "customer_id": 1})]
