"""A rehearsal says what will happen: the campaign that is really sent ends in its figures; and it touches nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, cast

import pytest

from crm_core.audience.eligibility import Cap, Policy
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Variant
from crm_core.campaigns.planning.split import is_held_out, places, variant_at
from crm_core.campaigns.rehearsal.dry_run import HORIZON, Stage
from crm_core.campaigns.rehearsal.tally import DAY
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.errors import Conflict
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.engines.agreement import new_database
from tests.integration.campaign_rig import HELLO, Rig
from tests.integration.feeding import store_customers
from tests.integration.population import field
from tests.integration.rehearsing import foreseen, happened, rehearse, send_for_real, set_rates

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
SOUR = "Hi {{ customer.name }}{% if customer.city == 'Limbo' %}{{ 1 | divided_by: 0 }}{% endif %}"
"""A template that fails for some customers."""
VARIANTS = [{"name": "A", "message": SOUR, "weight": 30}, {"name": "B", "message": "Hello", "weight": 70}]
NIGHT, OFFICE, NEARLY_ALWAYS = "21:00-08:00", "09:30-17:15", "08:00-07:55"
ZONES = (None, "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland", "Pacific/Honolulu", "America/New_York")
"""At every hour it is night, or office time, in one of them at least and in four at most."""
SEED, HOLDOUT = "of every campaign", 10
HELD_OUT = "held out"


def ids_in(part: str, count: int) -> list[str]:
    """The first that the campaigns hold out, or give that variant."""
    ids = (f"c{number:03}" for number in range(1000))
    return list(islice((each for each in ids if part_of(each) == part), count))


def part_of(customer_id: str) -> str:
    for_holdout, for_variant = places(SEED, customer_id)
    return HELD_OUT if is_held_out(for_holdout, HOLDOUT) else variant_at(for_variant, cast("list[Variant]", VARIANTS))


CERTAIN = [each for part in "AB" for each in ids_in(part, len(ZONES))]
"""Nothing keeps them from a message but the hour: for each variant, one in each zone."""
OTHERS = [*ids_in(HELD_OUT, 4), *(each for part in "AB" for each in ids_in(part, 14)[len(ZONES) :])]


@pytest.fixture(scope="module")
def stage(servers: Settings) -> Iterator[Services]:
    """Services whose customers and clock are set anew by each example."""
    services = build_services(servers.with_servers(mongodb_database=new_database()), clock=TestClock(NOON))
    services.segments.save("Often", load_rule(field("visits", "eq", 2)), actor=ASHA)
    yield services
    services.db.client.drop_database(services.db.name)
    services.close()


def clock_of(services: Services) -> TestClock:
    assert isinstance(services.clock, TestClock)
    return services.clock


def set_up(services: Services, random: Random, at: datetime) -> None:
    """CERTAIN, and OTHERS of whom anything may be true, and nothing else."""
    for name in ("customers", "messages", "suppressions", "campaigns"):
        services.db[name].delete_many({})
    services.redis.flushdb()
    clock_of(services).now = at
    store_customers(services, *map(to_certain, CERTAIN), *(to_record(each, random) for each in OTHERS))
    for who in random.sample(OTHERS, 3):
        services.suppressions.add(who, "sms", reason="manual", actor=ASHA)
    for days_ago in (0.5, 6.9, 8.0):
        moment, sent = at - timedelta(days=days_ago), MessageState.SENT
        services.message_log.insert(
            [new_row(f"at-{moment}", each, channel="sms", at=moment, state=sent) for each in random.sample(OTHERS, 5)]
        )


def to_certain(customer_id: str) -> dict[str, Any]:
    zone = ZONES[CERTAIN.index(customer_id) % len(ZONES)]
    return {
        "id": customer_id,
        "name": f"Name of {customer_id}",
        "visits": 1,
        "phone": f"+91 98765 10{customer_id[1:]}",
        "consent": {"sms": "granted"},
        "attributes": {"time_zone": zone} if zone else {},
    }


def to_record(customer_id: str, random: Random) -> dict[str, Any]:
    zone = random.choice([None, None, "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "nowhere"])
    return {
        "id": customer_id,
        "name": f"Name of {customer_id}",
        "visits": random.choice([0, 1, 1, 1, 1, 1, 1, 2]),
        "city": random.choice(["Pune"] * 5 + ["Limbo"]),
        "phone": random.choice(
            ["+91 98765 43210" if customer_id in OTHERS[-2:] else f"+91 98765 10{customer_id[1:]}"] * 9 + [None]
        ),
        "consent": {"sms": random.choice(["granted"] * 7 + ["unknown", "denied"])},
        "attributes": {"time_zone": zone} if zone else {},
    }


def a_campaign(rig: Rig, random: Random, **chosen: Any) -> str:
    """A draft with everything that decides about people."""
    (often,) = rig.services.segments.page(limit=200)[0]
    texts: dict[str, Any] = random.choice([{"message": None, "variants": VARIANTS}, {"message": SOUR}])
    options: dict[str, Any] = {
        "holdout_percent": random.choice([0, HOLDOUT]),
        "exclude_recent_days": random.choice([None, 3]),
    }
    campaign = rig.draft(channel="sms", exclude_segment_ids=[often["_id"]], **texts, **options, **chosen)
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$set": {"seed": SEED}})
    return campaign


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


def contents(services: Services) -> dict[str, Any]:
    """All that the servers hold, but for rehearsals."""
    found: dict[str, Any] = {
        name: list(services.db[name].find().sort("_id", 1))
        for name in services.db.list_collection_names()
        if name != "rehearsals"
    }
    keys: Any = services.redis.keys()
    return found | {"valkey": {key: services.redis.dump(key) for key in keys}}


def test_a_rehearsal_writes_nothing_and_sends_nothing(stage: Services) -> None:
    set_up(stage, Random(7), NOON)
    set_rates(stage, {"sms": 0.5})
    rig = Rig(stage, Policy(cap=Cap(1, 7)), QuietHours.parse(NIGHT, "UTC"))
    campaigns = [a_campaign(rig, Random(7)), rig.launch(a_campaign(rig, Random(8)))]
    before = contents(stage)
    assert all(rehearse(rig, each, NOON).tally.by_state[MessageState.SENT] > 3 for each in campaigns)
    assert contents(stage) == before
    assert rig.vendor.asked == {}


def test_a_launched_campaign_is_rehearsed_as_frozen_from_its_first_message_on(rig: Rig, clock: TestClock) -> None:
    segment = rig.services.segments.save("Once", load_rule(field("visits", "eq", 1)), actor=ASHA)
    campaign = rig.draft(rule=None, segment_id=segment["_id"])
    drafted = foreseen(rehearse(rig, campaign, clock.now))
    rig.launch(campaign)
    rig.finish(clock)
    rig.services.segments.change(segment["_id"], rule=load_rule(field("visits", "eq", 2)), actor=ASHA)
    assert foreseen(rehearse(rig, campaign, NOON)) == drafted
    assert drafted["by_state"] == {"sent": 4}


def test_what_a_launch_would_refuse_a_rehearsal_refuses_in_the_same_words(rig: Rig, clock: TestClock) -> None:
    segment = rig.services.segments.save("Once", load_rule(field("visits", "eq", 1)), actor=ASHA)
    campaign = rig.draft(rule=None, segment_id=segment["_id"])
    rig.services.segments.remove(segment["_id"], actor=ASHA)
    with pytest.raises(Conflict, match="The segment “Once” of this draft was deleted"):
        rehearse(rig, campaign, clock.now)


def test_everyone_may_be_rehearsed_and_needs_a_confirmation_to_be_launched(rig: Rig, clock: TestClock) -> None:
    everyone = rehearse(rig, rig.draft(EVERYONE), clock.now)
    nobody = rehearse(rig, rig.draft(load_rule(field("visits", "gt", 99))), clock.now)
    assert (everyone.needs_confirmation, everyone.tally.audience) == (True, 6)
    assert (nobody.needs_confirmation, nobody.tally.audience, nobody.tally.buckets.items()) == (False, 0, [])
    assert (nobody.is_complete, nobody.finish, nobody.tally.first_at) == (True, clock.now, None)


def test_examples_are_messages_as_they_are_sent_then_three_of_each_variant(rig: Rig, clock: TestClock) -> None:
    variants = [{"name": "A", "message": HELLO, "weight": 60}, {"name": "B", "message": "Hello", "weight": 40}]
    texts: dict[str, Any] = {"message": None, "variants": variants}
    campaign = rig.draft(**texts)
    tally = rehearse(rig, campaign, clock.now).tally
    rig.launch(campaign)
    rig.finish(clock)
    for variant, found in tally.examples.items():
        assert len(found) == min(3, tally.by_variant[str(variant)][MessageState.SENT])
        rows = [rig.row(campaign, each["customer_id"]) for each in found]
        assert [(row["variant"], row["text"]) for row in rows] == [(variant, each["body"]) for each in found]
    assert sum(found[MessageState.SENT] for found in tally.by_variant.values()) == 4


def test_a_rehearsal_that_is_cancelled_or_passes_a_year_says_it_is_incomplete(
    services: Services, clock: TestClock
) -> None:
    store_customers(services, *({"id": f"c{n:04}", "visits": 1} for n in range(1500)))
    set_rates(services, {"in_app": 0.00003})
    rig = Rig(services)
    campaign = rig.services.campaigns.get(rig.draft())
    rehearsal = services.rehearsal_under(rig.rules)
    stages: list[Stage] = []
    result = rehearsal.run(campaign, clock.now, stages.append, lambda: False)
    sent = result.tally.by_state[MessageState.SENT]
    assert not result.is_complete
    assert (sent + result.tally.pending, result.finish > clock.now + HORIZON) == (result.tally.audience, True)
    assert (result.tally.buckets.width, stages[-1].now) == (2 * DAY, result.finish)
    set_rates(services, {})
    cancelled = services.rehearsal_under(rig.rules).run(campaign, clock.now, stages.append, lambda: True)
    assert (cancelled.is_complete, cancelled.tally.audience) == (False, 1000)
