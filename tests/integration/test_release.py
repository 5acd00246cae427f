"""Which rows are sent next: campaigns take turns, and whatever gets lost on the way is walked again."""

from typing import Any

import pytest
from pydantic_core import from_json, to_json

from crm_core.campaigns.planning.progress import Released, released_of
from crm_core.campaigns.sending.release import WINDOW
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers

MANY = 3 * WINDOW


@pytest.fixture
def many(services: Services) -> Rig:
    """Three times as many as fit into the window, one row a batch."""
    store_customers(services, *({"id": f"c{n:03}", "visits": 1} for n in range(MANY)))
    return Rig(services, batch_size=1)


def orders(rig: Rig) -> list[dict[str, Any]]:
    """What the stream says."""
    entries: Any = rig.services.redis.xrange(Stream.DELIVERIES)
    return [from_json(fields[b"d"]) for _, fields in entries]


def test_a_small_campaign_is_not_behind_a_large_one(many: Rig) -> None:
    large = many.launch(many.draft())
    many.plan()
    assert len(orders(many)) == WINDOW
    small = many.launch(many.draft(many_of(3)))
    many.plan()
    assert [order["campaign_id"] for order in orders(many)] == [large] * WINDOW + [small] * 3
    for _ in range(WINDOW + 3):
        many.delivery.run_once()
    many.plan()
    assert many.state(small) == "completed"
    assert many.counts(large) == {"pending": MANY - WINDOW, "sent": WINDOW}


def many_of(count: int) -> Any:
    return load_rule({"kind": "list", "customer_ids": [f"c{n:03}" for n in range(count)]})


def test_an_order_names_a_range_of_rows_and_nobodys_data(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    assert orders(rig) == [{"campaign_id": campaign, "after": None, "upto": "c6", "round": 1, "count": 5}]


def test_rows_whose_orders_are_lost_are_walked_again_once_the_round_is_over(many: Rig, clock: TestClock) -> None:
    campaign = many.launch(many.draft())
    many.plan()
    many.services.redis.delete(Stream.DELIVERIES)
    many.finish(clock)
    assert many.counts(campaign) == {"sent": MANY}
    assert set(many.vendor.asked.values()) == {1}
    assert released_of(many.services.campaigns.get(campaign)).round == 2
    assert many.state(campaign) == "completed"


def test_a_worker_that_dies_between_mark_and_stream_leaves_a_gap_that_is_filled(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.engine.run_once()
    rig.services.redis.flushdb()  # as if it had died before: the mark is there, the order is not
    rig.plan()
    assert orders(rig) == []
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}


def test_a_clock_that_was_set_back_holds_up_no_round(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.services.redis.delete(Stream.DELIVERIES)
    clock.advance(hours=-1)
    rig.finish(clock)
    assert (rig.state(campaign), rig.counts(campaign)) == ("completed", {"sent": 4, "skipped": 1})


@pytest.mark.parametrize(
    "change",
    [
        {"$unset": {"channel": ""}},
        {"$set": {"release": "x"}},
        {"$set": {"release": {"round": 1}}},
        {"$set": {"release": {"round": "1", "after": None, "at": None}}},
    ],
)
def test_a_campaign_that_was_damaged_by_hand_is_paused_and_holds_up_no_other(
    rig: Rig, clock: TestClock, change: dict[str, Any]
) -> None:
    damaged, good = rig.launch(rig.draft()), rig.launch(rig.draft())
    rig.plan()
    rig.services.db.campaigns.update_one({"_id": damaged}, change)
    rig.finish(clock)
    assert (rig.state(damaged), rig.state(good)) == ("paused", "completed")
    assert "cannot be read" in rig.services.campaigns.get(damaged)["pause_reason"]
    rig.services.campaigns.cancel(damaged, actor=ASHA)
    rig.plan()
    assert "pending" not in rig.counts(damaged)


def test_two_workers_release_a_batch_once(many: Rig) -> None:
    campaign = many.launch(many.draft())
    other = many.another_engine(releaser=many.another_releaser(batch_size=1))
    while many.engine.run_once() + other.run_once():
        pass
    assert many.services.progress.note_release(campaign, Released(), Released(1, "c000")) is False
    batches = [(order["after"], order["upto"]) for order in orders(many)]
    assert len(batches) == len(set(batches)) == WINDOW
    assert [upto for _, upto in batches] == [f"c{n:03}" for n in range(WINDOW)]


def test_an_order_that_cannot_be_read_is_buried_and_its_rows_are_sent(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.services.publisher.publish(
        Stream.DELIVERIES, [to_json({"campaign_id": campaign, "customer_ids": ["c1", "c2"]})]
    )
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert set(rig.vendor.asked.values()) == {1}
    (letter,) = rig.services.monitor.dead_letters()
    assert letter.reason.startswith("no delivery order")


def test_while_the_audience_is_walked_its_first_rows_are_sent(services: Services) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(4)))
    rig = Rig(services, chunk=2)
    campaign = rig.launch(rig.draft())
    rig.planner.run_slice(length_s=0)
    rig.engine.release()
    rig.deliver()
    assert (rig.state(campaign), rig.counts(campaign)) == ("preparing", {"sent": 2})
    rig.plan()
    rig.deliver()
    rig.plan()
    assert (rig.state(campaign), rig.counts(campaign)) == ("completed", {"sent": 4})
