"""The demo shop's past: campaigns whose logs add up, orders that follow from them, and nothing twice."""

from collections import Counter
from datetime import timedelta

import pytest

from crm_core.channels.registry import CHANNELS
from crm_core.demo.generator import DemoData, generate_demo
from crm_core.demo.past import MADE_UP
from crm_core.demo.past_campaigns import CAMPAIGNS, ENGAGEMENT, SEGMENTS
from crm_core.demo.seasons import DAY_S
from crm_core.schema.message_states import STATES
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.job_rig import work

SIZE = 400


@pytest.fixture
def shop(services: Services, clock: TestClock) -> DemoData:
    """Loaded as a page asks for it."""
    services.demo_jobs.start(customers=SIZE, seed=2, actor=ASHA)
    work(services)
    job = services.demo_jobs.latest()
    assert job
    assert (job["state"], job["done"]) == ("done", job["total"])
    return generate_demo(customers=SIZE, seed=2, now=clock.now)


def test_past_campaigns_are_there_marked_and_their_logs_add_up(services: Services, shop: DemoData) -> None:
    campaigns, _ = services.campaigns.page(limit=50)
    assert [each["name"] for each in campaigns] == [past.name for past in reversed(CAMPAIGNS)]
    assert {each["channel"] for each in campaigns} == set(CHANNELS)
    for campaign, responses in zip(campaigns, reversed(shop.responses), strict=True):
        assert (campaign["state"], MADE_UP in campaign["tags"]) == ("completed", True)
        stats = services.message_log.stats(campaign["_id"], by_variant=True)
        drawn = Counter(STATES[rank] for rank in responses.state.tolist())
        assert {state: count for state, count in stats.by_state.items() if count} == drawn
        assert stats.audience == campaign["audience"] == len(responses.state)
        opened = services.db.messages.find_one({"campaign_id": campaign["_id"]}, sort=[("opened_at", -1)]) or {}
        assert campaign["details_due"] >= opened.get("opened_at", campaign["finished_at"]), (
            "charts begin and end with it"
        )
        assert set(stats.by_variant) == ({"A", "B"} if responses.campaign.other else set())
    assert {each["name"] for each in services.segments.page(limit=50)[0]} == {
        *(each.name for each in SEGMENTS.values()),
        *ENGAGEMENT,
    }
    assert all(segment["count"] for segment in services.segments.page(limit=50)[0] if segment["name"] in ENGAGEMENT)


def test_its_messages_are_in_order_and_no_earlier_than_their_customers(services: Services, shop: DemoData) -> None:
    known = {row["_id"]: row["created_at"] for row in services.db.customers.find({}, ["created_at"])}
    steps = ("created_at", "sent_at", "delivered_at", "opened_at", "clicked_at")
    for row in services.db.messages.find():
        times = [row[step] for step in steps if step in row]
        assert times == sorted(times)
        assert known[row["customer_id"]] <= row["created_at"]
    first = services.db.messages.find_one({"subject": {"$exists": True}, "variant": "B", "text": {"$regex": "^Hi "}})
    assert first
    assert "{{" not in first["text"] + first["subject"]


def test_a_second_load_of_the_same_shop_changes_nothing(services: Services, shop: DemoData, clock: TestClock) -> None:
    before = [services.db[name].count_documents({}) for name in ("campaigns", "messages", "segments", "customers")]
    newest = services.db.customers.find_one(sort=[("created_at", -1)])
    services.past_loader.store(shop, lambda _: None)
    after = [services.db[name].count_documents({}) for name in ("campaigns", "messages", "segments", "customers")]
    assert after == before
    assert newest
    assert newest["created_at"] <= clock.now


def test_those_who_click_order_more_than_those_who_are_held_out(clock: TestClock) -> None:
    """Of a large shop, so that chance cannot hide it."""
    shop = generate_demo(customers=20_000, seed=1, now=clock.now)
    ordered = Counter[str]()
    of = Counter[str]()
    for responses in shop.responses:
        if not responses.campaign.holdout_percent:
            continue
        end_s = responses.start_s + 7 * DAY_S
        within = (shop.purchases.at_s > responses.start_s) & (shop.purchases.at_s < end_s)
        buyers = set(shop.purchases.customer_index[within].tolist())
        for who, rank in zip(responses.customer_index.tolist(), responses.state.tolist(), strict=True):
            of[STATES[rank]] += 1
            ordered[STATES[rank]] += who in buyers
    shares = {state: ordered[state] / of[state] for state in ("clicked", "opened", "held_out")}
    assert shares["clicked"] > shares["opened"] > shares["held_out"] > 0
    assert 0.05 < shares["clicked"] - shares["held_out"] < 0.25
    assert shop.joined_s.max() <= clock.now.timestamp()
    assert shop.joined_s.min() >= (clock.now - timedelta(days=730)).timestamp()
