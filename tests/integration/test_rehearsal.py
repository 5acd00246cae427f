"""A rehearsal says what will happen: the campaign that is really sent ends in its figures; and it touches nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from crm_core.audience.eligibility import Cap, Policy
from crm_core.campaigns.quiet import QuietHours
from crm_core.campaigns.rows import new_row
from crm_core.campaigns.states import MessageState
from crm_core.rules.loading import load_rule
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.conftest import TestClock
from tests.engines.agreement import new_database
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers
from tests.integration.population import field
from tests.integration.rehearsing import foreseen, happened, rehearse, send_for_real, set_rates

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SOUR = "Hi {{ customer.name }}{% if customer.city == 'Limbo' %}{{ 1 | divided_by: 0 }}{% endif %}"
"""A template that fails for some customers."""
VARIANTS = [{"name": "A", "message": SOUR, "weight": 30}, {"name": "B", "message": "Hello", "weight": 70}]
NIGHT, OFFICE, NEARLY_ALWAYS = "21:00-08:00", "09:30-17:15", "08:00-07:50"
PEOPLE = 32


@pytest.fixture(scope="module")
def stage(servers: Settings) -> Iterator[Services]:
    """Services whose customers and clock are set anew by each example."""
    services = build_services(servers.with_servers(mongodb_database=new_database()), clock=TestClock(NOON))
    services.segments.save("Often", load_rule(field("visits", "eq", 2)), actor="asha")
    yield services
    services.db.client.drop_database(services.db.name)
    services.close()


def clock_of(services: Services) -> TestClock:
    assert isinstance(services.clock, TestClock)
    return services.clock


def set_up(services: Services, random: Random, at: datetime) -> None:
    """People in several zones, most of whom can be messaged, of whom some were, and nothing else."""
    for name in ("customers", "messages", "suppressions", "campaigns"):
        services.db[name].delete_many({})
    services.redis.flushdb()
    clock_of(services).now = at
    store_customers(services, *(to_record(f"c{number:03}", random) for number in range(PEOPLE)))
    for number in random.sample(range(PEOPLE), 3):
        services.suppressions.add(f"c{number:03}", "sms", reason="manual", actor="asha")
    for days_ago in (0.5, 6.9, 8.0):
        moment, sent = at - timedelta(days=days_ago), MessageState.SENT
        who = [f"c{number:03}" for number in random.sample(range(PEOPLE), 5)]
        services.ledger.insert([new_row(f"at-{moment}", each, channel="sms", at=moment, state=sent) for each in who])


def to_record(customer_id: str, random: Random) -> dict[str, Any]:
    zone = random.choice([None, None, "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "nowhere"])
    return {
        "id": customer_id,
        "name": f"Name of {customer_id}",
        "visits": random.choice([0, 1, 1, 1, 1, 1, 1, 2]),
        "city": random.choice(["Pune"] * 5 + ["Limbo"]),
        "phone": random.choice(["+91123"] * 9 + [None]),
        "consent": {"sms": random.choice(["granted"] * 7 + ["unknown", "denied"])},
        "attributes": {"time_zone": zone} if zone else {},
    }


def a_campaign(rig: Rig, random: Random, **chosen: Any) -> str:
    """A draft with everything that decides about people."""
    (often,) = rig.services.segments.list_all()
    texts: dict[str, Any] = random.choice([{"message": None, "variants": VARIANTS}, {"message": SOUR}])
    options: dict[str, Any] = {
        "holdout_percent": random.choice([0, 10]),
        "exclude_recent_days": random.choice([None, 3]),
    }
    return rig.draft(channel="sms", exclude_segment_ids=[often["_id"]], **texts, **options, **chosen)


@pytest.mark.parametrize(
    ("rate", "quiet", "mode"),
    [
        (None, None, "defer"),
        (None, NIGHT, "defer"),
        (None, OFFICE, "skip"),
        (0.013, NIGHT, "defer"),
        (0.037, OFFICE, "defer"),
        (7.0, NIGHT, "skip"),
        (0.013, NEARLY_ALWAYS, "defer"),
    ],
)
def test_what_is_foreseen_happens(stage: Services, rate: float | None, quiet: str | None, mode: str) -> None:
    random = Random(f"{rate} {quiet}")
    start = NOON + timedelta(seconds=random.randrange(24 * 3600))
    set_up(stage, random, start)
    set_rates(stage, {"sms": rate} if rate else {})
    policy = Policy(random.choice([True, False]), random.choice([None, Cap(1, 7), Cap(2, 7)]))
    rig = Rig(stage, policy, QuietHours.parse(quiet, "UTC") if quiet else None)
    campaign = a_campaign(rig, random, quiet_hours=mode)
    result = rehearse(rig, campaign, start)
    send_for_real(rig, campaign, clock_of(stage))
    assert happened(rig, campaign) == foreseen(result)
    assert result.tally.by_state[MessageState.SENT] > 3
    assert bool(result.tally.deferred.customers) == (bool(quiet) and mode == "defer")
