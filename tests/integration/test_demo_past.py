"""The demo shop's past: campaigns whose logs add up, orders that follow from them, and nothing twice."""

from collections import Counter
from datetime import timedelta

import pytest

from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.rows import message_key
from crm_core.campaigns.unsubscribing.links import PATH, Link, read_token
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


def test_its_messages_are_in_order_and_no_earlier_than_their_customers(
    services: Services, shop: DemoData, clock: TestClock
) -> None:
    known = {row["_id"]: row["created_at"] for row in services.db.customers.find({}, ["created_at"])}
    steps = ("created_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "unsubscribed_at")
    for row in services.db.messages.find():
        times = [row[step] for step in steps if step in row]
        assert times == sorted(times)
        assert times[-1] <= clock.now
        assert known[row["customer_id"]] <= row["created_at"]
        if row["channel"] == "email" and "sent_at" in row:
            link = read_token(services.unsubscribe_key.get(), row["text"].rpartition(PATH)[2])
            assert link == Link(None, row["customer_id"], "email"), "each has a link of its own, which is a sample"
    first = services.db.messages.find_one({"subject": {"$exists": True}, "variant": "B", "text": {"$regex": "^Hi "}})
    assert first
    assert "{{" not in first["text"] + first["subject"]


def test_what_its_failures_say_of_addresses_is_kept_as_receipts_would(services: Services, shop: DemoData) -> None:
    kept = {row["_id"]: row for row in services.db.suppressions.find()}
    failed = list(messages_in(services.db).find({"failed_at": {"$exists": True}}))
    services.failure_suppressor.note_receipts({message_key(row): row["reason"] for row in failed})
    assert {row["_id"]: row for row in services.db.suppressions.find()} == kept, "receipts add nothing"
    ends = {(row["campaign_id"], row["failed_at"]) for row in failed}
    told = [row for row in kept.values() if (row["source"].removeprefix("campaign:"), row["created_at"]) in ends]
    gone = services.db.messages.count_documents({"unsubscribed_at": {"$exists": True}})
    assert (len(told), gone) == (len(kept) - gone, sum(len(each.unsubscribed) for each in shop.responses))
    assert {"hard_bounce", "invalid_address"} <= {row["reason"] for row in told}


def test_who_unsubscribed_from_it_is_denied_and_suppressed(services: Services, shop: DemoData) -> None:
    rows = list(services.db.messages.find({"unsubscribed_at": {"$exists": True}}))
    assert rows
    for row in rows:
        consent = services.customers.customer(row["customer_id"], actor=ASHA)["consent"]["email"]
        source = {"source": "unsubscribe page", "campaign_id": row["campaign_id"]}
        assert consent == {"state": "denied", "at": row["unsubscribed_at"], **source}
        suppression = services.suppressions.of_one(row["customer_id"])["email"]
        assert (suppression["reason"], suppression["created_at"]) == ("unsubscribed", row["unsubscribed_at"])
        stats = services.message_log.stats(row["campaign_id"])
        assert stats.unsubscribed == sum(each["campaign_id"] == row["campaign_id"] for each in rows)


def test_its_campaigns_write_to_no_address_that_was_suppressed_before(services: Services, shop: DemoData) -> None:
    since = {row["_id"]: row["created_at"] for row in services.db.suppressions.find()}
    for row in services.db.messages.find({"sent_at": {"$exists": True}}):
        for suppressed in (f"@{row['channel']}:{row.get('address_key')}", f"{row['channel']}:{row['customer_id']}"):
            assert since.get(suppressed, row["sent_at"]) >= row["sent_at"]
    assert services.db.messages.count_documents({"reason": "suppressed"})


def test_a_second_load_of_the_same_shop_changes_nothing(services: Services, shop: DemoData, clock: TestClock) -> None:
    names = ("campaigns", "messages", "segments", "customers", "suppressions")
    before = [services.db[name].count_documents({}) for name in names]
    newest = services.db.customers.find_one(sort=[("created_at", -1)])
    services.past_loader.store(shop, lambda _: None)
    after = [services.db[name].count_documents({}) for name in names]
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
