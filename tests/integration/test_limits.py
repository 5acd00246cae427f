"""What holds a campaign back while it is sent: the channel's rate, the error budget, quiet hours, the cap's locks."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from threading import Event

import pytest

from crm_core.audience.eligibility import Cap, Policy
from crm_core.campaigns.sending.budget import CALL_EVERY_S, MAX_FAULTS
from crm_core.campaigns.sending.cap_locks import HELD, CapLocks
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.release import RATED_S
from crm_core.channels.sender import Answer
from crm_core.errors import Unavailable
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import CountingVendor, Rig
from tests.integration.feeding import store_customers

NIGHT = QuietHours.parse("21:00-08:00", "UTC")


def test_over_a_channel_with_a_rate_no_more_is_released_than_goes_out_soon(
    services: Services, with_rates: Callable[[str], Services]
) -> None:
    store_customers(services, *({"id": f"c{n:02}", "visits": 1} for n in range(50)))
    rig = Rig(with_rates("in_app=10"))
    for _ in range(2):
        rig.launch(rig.draft())
    while rig.planner.run_slice():
        pass
    rig.engine.release()
    out = rig.releaser.outstanding({each["_id"]: "in_app" for each in services.campaigns.page()[0]})
    assert (out.rows["in_app"], sorted(out.batches.values())) == (10 * RATED_S, [1, 2])


class LongWait(Event):
    """What delivery waits with for its rate: meanwhile a minute passes, and something happens."""

    def __init__(self, clock: TestClock, happens: Callable[[], object]) -> None:
        super().__init__()
        self._clock = clock
        self._happens = happens

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.advance(minutes=1)
        self._happens()
        return super().wait(timeout)


@pytest.fixture
def slow(rig: Rig, with_rates: Callable[[str], Services]) -> Rig:
    """A worker that sends four messages a second, so one and no more at once."""
    return Rig(with_rates("in_app=4"))


def test_who_says_no_while_the_message_waits_for_the_rate_gets_none(rig: Rig, slow: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    said = {"$set": {"consent.in_app.state": "denied"}}
    slow.deliverer.stopping = LongWait(clock, lambda: rig.services.db.customers.update_many({}, said))
    slow.delivery.run_once()
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 4}
    assert len(slow.vendor.accepted) == 1


@pytest.mark.parametrize(("verb", "rows"), [("pause", {"pending": 3, "skipped": 1}), ("cancel", {"skipped": 4})])
def test_what_waits_for_the_rate_of_a_campaign_that_is_stopped_is_not_sent(
    rig: Rig, slow: Rig, clock: TestClock, verb: str, rows: dict[str, int]
) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    stop = getattr(rig.services.campaigns, verb)
    slow.deliverer.stopping = LongWait(clock, lambda: stop(campaign, actor=ASHA))
    slow.delivery.run_once()
    rig.plan()
    assert rig.counts(campaign) == {"sent": 1, **rows}
    assert len(slow.vendor.accepted) == 1


def test_a_vendor_that_refuses_every_message_pauses_the_campaign_after_500(services: Services) -> None:
    store_customers(services, *({"id": f"c{n:04}", "visits": 1} for n in range(1100)))
    rig = Rig(services)
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.refused = "spam"
    rig.deliver()
    paused = services.campaigns.get(campaign)
    assert (paused["state"], paused["paused_by"]) == ("paused", "system")
    assert paused["pause_reason"].startswith("500 of the last 500 attempts failed at the vendor.")
    assert rig.counts(campaign) == {"failed": 500, "pending": 600}
    rig.vendor.refused = None
    services.campaigns.resume(campaign, actor=ASHA)
    rig.plan()
    rig.delivery.run_once()
    assert rig.state(campaign) == "sending"


def test_an_outage_counts_a_call_and_hardly_spends_the_budget(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.failure = Unavailable("away")
    for _ in range(5):
        with pytest.raises(Unavailable):
            rig.deliver()
    assert rig.services.error_budget.note(campaign, []).bad == 1


def test_a_vendor_that_is_away_for_an_hour_pauses_nothing_and_loses_nothing(rig: Rig, clock: TestClock) -> None:
    """A failed call counts at most once in CALL_EVERY_S of Valkey's time; here the test lets these pass."""
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.failure = Unavailable("away")
    tries = 3600 // CALL_EVERY_S
    for _ in range(tries):
        with pytest.raises(Unavailable):
            rig.delivery.run_once()
        clock.advance(seconds=CALL_EVERY_S)
        rig.services.redis.delete(f"budget:{{{campaign}}}:call")
    assert rig.services.error_budget.note(campaign, []).bad == tries
    assert rig.state(campaign) == "sending"
    rig.vendor.failure = None
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert set(rig.vendor.asked.values()) == {1}
    assert rig.services.redis.xlen(Stream.DEAD) == 0
    assert rig.state(campaign) == "completed"


class PickyVendor(CountingVendor):
    """Cannot cope with what one campaign says."""

    bad = ""

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        if campaign_id == self.bad:
            raise Unavailable("The message vendor answered 500.")
        return super().send(campaign_id, messages)


def test_a_campaign_that_the_vendor_cannot_cope_with_holds_up_no_other(rig: Rig, clock: TestClock) -> None:
    vendor = PickyVendor()
    rig.deliverer = rig.services.deliverer_to(vendor, rig.rules)
    worker = rig.another_delivery("a")
    vendor.bad, good = rig.launch(rig.draft()), rig.launch(rig.draft())
    rig.plan()
    for _ in range(4):
        with suppress(Unavailable):
            worker.run_once()
    assert rig.counts(good) == {"sent": 4, "skipped": 1}
    assert rig.counts(vendor.bad) == {"pending": 4, "skipped": 1}


def test_a_campaign_that_meets_an_unexpected_error_is_paused_and_says_so(rig: Rig, clock: TestClock) -> None:
    rig = Rig(rig.services, claim_idle_ms=0)
    rig.services.db.customers.update_one(
        {"_id": "c1"}, {"$set": {"consent": "yes"}}
    )  # by hand: nothing here writes that
    bad, good = rig.launch(rig.draft()), rig.launch(rig.draft(load_rule({"kind": "list", "customer_ids": ["c2"]})))
    rig.finish(clock)
    assert (rig.state(bad), rig.state(good)) == ("paused", "completed")
    assert "unexpected reason (AttributeError, customer c1);" in rig.services.campaigns.get(bad)["pause_reason"]
    assert rig.services.redis.xlen(Stream.DEAD) <= MAX_FAULTS / 5
    rig.services.db.customers.update_one({"_id": "c1"}, {"$unset": {"consent": ""}})
    rig.services.campaigns.resume(bad, actor=ASHA)
    rig.finish(clock)
    assert (rig.state(bad), rig.counts(bad)) == ("completed", {"sent": 4, "skipped": 1})


def test_in_quiet_hours_a_message_waits_for_their_end_and_is_sent_then(rig: Rig, clock: TestClock) -> None:
    store_customers(rig.services, {"id": "c1", "attributes": {"time_zone": "Asia/Tokyo"}})  # 21:00 there
    rig = Rig(rig.services, quiet=NIGHT)
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    assert rig.counts(campaign) == {"pending": 1, "sent": 3, "skipped": 1}
    assert rig.message_log.stats(campaign).pending_by_reason == {"quiet_hours": 1}
    due_at = rig.row(campaign, "c1")["due_at"]
    assert (due_at.hour, rig.state(campaign)) == (23, "sending")
    clock.now = due_at - timedelta(milliseconds=1)
    rig.plan()
    assert rig.services.publisher.backlog(Stream.DELIVERIES) == 0
    clock.now = due_at
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert not rig.row(campaign, "c1").keys() & {"due_at", "reason", "claim"}
    assert rig.state(campaign) == "completed"


def test_a_campaign_may_skip_in_quiet_hours_instead(rig: Rig, clock: TestClock) -> None:
    clock.advance(hours=12)
    rig = Rig(rig.services, quiet=NIGHT)
    campaign = rig.launch(rig.draft(quiet_hours="skip"))
    rig.finish(clock)
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 1, "quiet_hours": 4}


def test_a_deferred_message_of_a_cancelled_campaign_is_skipped(rig: Rig, clock: TestClock) -> None:
    clock.advance(hours=12)
    rig = Rig(rig.services, quiet=NIGHT)
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    rig.services.campaigns.cancel(campaign, actor=ASHA)
    rig.plan()
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 1, "cancelled": 4}
    assert not rig.services.db.messages.count_documents({"due_at": {"$exists": True}})


def test_a_customer_whom_another_worker_has_in_hand_waits_and_then_keeps_the_cap(rig: Rig, clock: TestClock) -> None:
    locks = CapLocks(rig.services.db)
    rig = Rig(rig.services, Policy(cap=Cap(1, 7)))
    first, second = rig.launch(rig.draft()), rig.launch(rig.draft())
    assert locks.take("in_app", ["c1"], "elsewhere", clock.now) == set()
    rig.finish(clock)
    for campaign in (first, second):
        assert rig.message_log.stats(campaign).pending_by_reason == {"cap_locked": 1}
    locks.release("in_app", ["c1"], "elsewhere")
    clock.advance(seconds=3)
    rig.finish(clock)
    assert sum(rig.counts(campaign)["sent"] for campaign in (first, second)) == 4
    for campaign in (first, second):
        assert rig.counts(campaign)["sent"] + rig.message_log.stats(campaign).skipped_by_reason["frequency_cap"] == 4
    assert rig.vendor.asked == {"c1": 1, "c2": 1, "c3": 1, "c6": 1}


def test_a_lock_is_taken_over_when_its_holder_has_died_and_its_own_again(services: Services, clock: TestClock) -> None:
    locks = CapLocks(services.db)
    assert locks.take("sms", ["a", "b"], "1-0", clock.now) == set()
    assert locks.take("sms", ["a", "b", "c"], "2-0", clock.now) == {"a", "b"}
    assert locks.take("sms", ["a"], "1-0", clock.now) == set()
    assert locks.take("email", ["a"], "2-0", clock.now) == set()
    clock.advance(seconds=HELD.total_seconds())
    assert locks.take("sms", ["a"], "2-0", clock.now) == set()
    locks.release("sms", ["a"], "1-0")
    assert locks.take("sms", ["a"], "1-0", clock.now) == {"a"}


def test_an_app_without_a_cap_locks_nobody(rig: Rig, clock: TestClock) -> None:
    rig.launch(rig.draft())
    rig.finish(clock)
    assert rig.services.db.cap_locks.count_documents({}) == 0
