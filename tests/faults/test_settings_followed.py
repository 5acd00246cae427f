"""Settings that are changed while real workers send a campaign: it follows, without anybody starting anything anew.

The campaign goes out slowly, so that it is being sent when a setting changes; each effect is waited for.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.states import CampaignState, RowReason
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from crm_core.workspace.reading import REMEMBERED_S
from tests.faults.campaign import Audience, handled, launch, store_audience
from tests.faults.site import Site
from tests.told_vendor import vendor
from tests.waiting import eventually
from tests.workspace import set_workspace

AUDIENCE = Audience("settings", 400)
SLOW, SLOWEST = {"in_app": 20.0}, {"in_app": 0.5}
BEGUN = 3
FOLLOWED_S = 2 * REMEMBERED_S
"""A batch that meets the new rate in its middle goes on for minutes, and holds up the next campaign."""
DEFAULTS: Mapping[str, Any] = {
    "message_unknown_consent": True,
    "frequency_cap": None,
    "quiet_hours": None,
    "channel_rates": {},
    "error_budget": 0.5,
}


@pytest.fixture(scope="module")
def audience(site: Site, client: httpx.Client) -> Audience:
    store_audience(site.app, client, AUDIENCE)
    return AUDIENCE


@contextmanager
def being_sent(site: Site, client: httpx.Client, rates: dict[str, float]) -> Iterator[tuple[Services, str]]:
    """A campaign of which some messages are sent and most are not, at these rates."""
    with site.services() as services:
        set_workspace(services, channel_rates=rates)
        time.sleep(FOLLOWED_S)
        campaign_id = eventually(lambda: launch_slowly(services, client), what="a campaign at the new rate")
        assert campaign_id
        try:
            yield services, campaign_id
        finally:
            set_workspace(services, **DEFAULTS)
        if services.campaigns.get(campaign_id)["state"] == CampaignState.PAUSED:
            assert client.post(f"/campaigns/{campaign_id}/resume").status_code == 202
        eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == "completed", "end")


def launch_slowly(services: Services, client: httpx.Client) -> str | None:
    """None when it went out at the rate of before."""
    campaign_id = launch(client, AUDIENCE.rule)
    sent = eventually(lambda: given(services.message_log.stats(campaign_id)), lambda count: count >= BEGUN, "begin")
    return campaign_id if sent < AUDIENCE.size // 4 else None


def given(stats: Stats) -> int:
    """To the vendor; whoever blocked an earlier campaign is skipped at once, whatever the rate is."""
    return handled(stats) - stats.by_state[MessageState.SKIPPED]


def skipped(services: Services, campaign_id: str, reason: str) -> int:
    return services.message_log.stats(campaign_id).skipped_by_reason.get(reason, 0)


def held(services: Services, campaign_id: str) -> list[Doc]:
    query = {"campaign_id": campaign_id, "reason": RowReason.QUIET_HOURS, "rank": MessageState.PENDING.rank}
    return list(services.db.messages.find(query))


def test_a_campaign_at_a_slow_rate_goes_out_at_once_when_the_rate_is_lifted(
    site: Site, client: httpx.Client, audience: Audience
) -> None:
    with being_sent(site, client, SLOWEST) as (services, campaign_id):
        assert handled(services.message_log.stats(campaign_id)) < audience.size  # the rest would take 13 minutes
        set_workspace(services, channel_rates={})
        eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == "completed")


def test_quiet_hours_hold_what_is_not_sent_yet_and_let_it_go_when_they_are_lifted(
    site: Site, client: httpx.Client, audience: Audience
) -> None:
    with being_sent(site, client, SLOW) as (services, campaign_id):
        now = datetime.now(UTC)
        start, end = (now + length for length in (-timedelta(hours=2), timedelta(hours=2)))
        set_workspace(services, quiet_hours=f"{start:%H:%M}-{end:%H:%M}")
        eventually(lambda: len(held(services, campaign_id)) + handled(services.message_log.stats(campaign_id)),
                   lambda count: count == audience.size, "all to be held or sent")  # fmt: skip
        assert held(services, campaign_id)
        set_workspace(services, quiet_hours=None, channel_rates={})
        eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == "completed")
        assert services.message_log.stats(campaign_id).skipped_by_reason.keys() <= {
            "suppressed"
        }  # who blocked an earlier one


def test_a_strict_regime_skips_the_rest_of_a_campaign(site: Site, client: httpx.Client, audience: Audience) -> None:
    with being_sent(site, client, SLOW) as (services, campaign_id):
        set_workspace(services, message_unknown_consent=False)
        eventually(lambda: skipped(services, campaign_id, "no_consent"), what="somebody without consent")


def test_a_new_frequency_cap_skips_who_was_messaged_before(
    site: Site, client: httpx.Client, audience: Audience
) -> None:
    with site.services() as services:
        campaign_id = launch(client, audience.rule)
        eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == "completed")
    with being_sent(site, client, SLOW) as (services, campaign_id):
        set_workspace(services, frequency_cap=1)
        eventually(lambda: skipped(services, campaign_id, "frequency_cap"), what="somebody over the cap")


def test_a_tighter_error_budget_pauses_a_campaign_that_the_one_before_let_go_on(
    site: Site, client: httpx.Client, audience: Audience
) -> None:
    with vendor(site.app) as told, being_sent(site, client, SLOW) as (services, campaign_id):
        told.patch("/v1/behaviour", json={"reject_rate": 0.3}).raise_for_status()
        try:
            failed = eventually(
                lambda: services.message_log.stats(campaign_id).by_state[MessageState.FAILED], lambda count: count >= 12
            )
            assert services.campaigns.get(campaign_id)["state"] == CampaignState.SENDING, failed
            set_workspace(services, error_budget=0.01)
            eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == "paused")
        finally:
            told.patch("/v1/behaviour", json={"reject_rate": 0}).raise_for_status()
