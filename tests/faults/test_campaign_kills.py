"""``kill -9`` of every process at random moments of a campaign: nobody is missed, nobody gets it twice.

``CLIENTNEST_CAMPAIGN_KILLS=3x20000x12 pytest tests/faults/test_campaign_kills.py`` runs 3 seeds, each with a campaign
to 20,000 customers and 12 kills.
"""

import os
import random
from collections.abc import Sequence
from functools import partial
from operator import le

import httpx
import pytest

from tests.faults.campaign import Audience, check_each_messaged_once, launch, progress, store_audience
from tests.faults.site import Site
from tests.waiting import eventually

SEEDS, CUSTOMERS, KILLS = map(int, os.environ.get("CLIENTNEST_CAMPAIGN_KILLS", "1x3000x8").split("x"))
VICTIMS = ("campaigns", "delivery", "receipts", "ingest", "vendor", "mongod", "valkey", "app")
AUDIENCE = Audience("kills", CUSTOMERS, opted_out=CUSTOMERS // 20)


@pytest.fixture(scope="module")
def audience(site: Site, client: httpx.Client) -> Audience:
    store_audience(site.app, client, AUDIENCE)
    return AUDIENCE


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_is_killed_everybody_who_may_is_messaged_once_and_nobody_else(
    site: Site, client: httpx.Client, audience: Audience, seed: int
) -> None:
    victims, moments = draw(random.Random(seed))
    campaign_id = launch(client, audience.rule)
    for victim, moment in zip(victims, moments, strict=True):
        with site.services() as services:
            eventually(lambda: progress(services.message_log.stats(campaign_id)), partial(le, moment), victim)
        site.kill(victim)
    with site.services() as services:
        check_each_messaged_once(site.app, services, campaign_id, audience)


def draw(chance: random.Random) -> tuple[Sequence[str], Sequence[int]]:
    """Who is killed, each kind as often as the others, and at which progress: rows written, handled and receipted."""
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(KILLS)]
    chance.shuffle(victims)
    return victims, sorted(chance.sample(range(1, 3 * CUSTOMERS - CUSTOMERS // 5), KILLS))
