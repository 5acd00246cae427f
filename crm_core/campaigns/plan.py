"""The campaign worker's part: walk the audience, write the ledger, hand rows on, close what is done."""

from collections.abc import Iterable, Iterator
from itertools import islice

import structlog
from pydantic_core import to_json

from crm_core.audience.evaluation import Audience
from crm_core.audience.scopes import FrozenSegments
from crm_core.campaigns.ledger import Ledger
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.states import CampaignState
from crm_core.errors import InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Publisher, Stream
from crm_core.rules.loading import load_rule

log = structlog.stdlib.get_logger(__name__)

CHUNK = 250


class Planner:
    def __init__(
        self, campaigns: Campaigns, audience: Audience, ledger: Ledger, publisher: Publisher, clock: Clock
    ) -> None:
        self._campaigns = campaigns
        self._audience = audience
        self._ledger = ledger
        self._publisher = publisher
        self._clock = clock

    def run_once(self) -> int:
        """Plan every launched campaign, close every finished one; gives how many changed their state."""
        changed = 0
        for campaign in self._campaigns.in_state(CampaignState.PREPARING):
            try:
                changed += self._plan(campaign)
            except InvalidInput as exc:  # its rule cannot be evaluated: the others must not wait for it
                log.warning("failed", campaign=campaign["_id"], error=str(exc))
                changed += self._campaigns.advance(
                    campaign["_id"], CampaignState.PREPARING, CampaignState.FAILED, failure=str(exc)
                )
        for campaign in self._campaigns.in_state(CampaignState.SENDING):
            changed += self._close(campaign)
        return changed

    def _plan(self, campaign: Doc) -> bool:
        """Write a row per customer and publish it. After a crash the walk goes on after the last chunk."""
        campaign_id = campaign["_id"]
        ids = self._audience.ids(
            load_rule(campaign["rule"]),
            now=campaign["launched_at"],
            after=campaign.get("plan_after"),
            segments=FrozenSegments(campaign.get("rule_segments", ())),
        )
        for chunk in _chunks(ids):
            self._ledger.add(campaign_id, chunk, channel=campaign["channel"], at=self._clock())
            self._publish(campaign_id, [chunk])
            self._campaigns.note_progress(campaign_id, chunk[-1])
        audience = self._ledger.stats(campaign_id).audience
        log.info("planned", campaign=campaign_id, audience=audience)
        return self._campaigns.advance(
            campaign_id,
            CampaignState.PREPARING,
            CampaignState.SENDING,
            audience=audience,
            planned_at=self._clock(),
        )

    def _close(self, campaign: Doc) -> bool:
        campaign_id = campaign["_id"]
        if not self._ledger.has_pending(campaign_id):
            return self._campaigns.advance(
                campaign_id, CampaignState.SENDING, CampaignState.COMPLETED, finished_at=self._clock()
            )
        if not self._publisher.backlog(Stream.DELIVERIES):  # nobody works on them: their entries got lost
            log.warning("published again", campaign=campaign_id)
            self._publish(campaign_id, _chunks(self._ledger.all_pending(campaign_id)))
        return False

    def _publish(self, campaign_id: str, chunks: Iterable[list[str]]) -> None:
        payloads = [to_json({"campaign_id": campaign_id, "customer_ids": chunk}) for chunk in chunks]
        self._publisher.publish(Stream.DELIVERIES, payloads)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(ids)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
