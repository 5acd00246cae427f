"""Who works on a row: one entry at a time, and after a crash the same one again."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from crm_core.audience.eligibility import Cap, Policy
from crm_core.campaigns.sending.batches import DeliveryBatch
from crm_core.campaigns.sending.cap_locks import HELD, CapLocks
from crm_core.campaigns.sending.claims import Claims
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.errors import Unavailable
from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.conftest import TestClock
from tests.integration.campaign_rig import Crash, Rig, receipt


def crash_while_sending(rig: Rig) -> str:
    """A campaign whose first batch only the vendor knows; the worker is started again."""
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.crash_after = True
    with pytest.raises(Crash):
        rig.delivery.run_once()
    rig.delivery = rig.another_delivery("a")
    return campaign


def test_a_batch_that_only_the_vendor_knows_is_sent_again_under_the_same_keys(rig: Rig) -> None:
    campaign = crash_while_sending(rig)
    assert rig.counts(campaign) == {"pending": 4, "skipped": 1}
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert set(rig.vendor.asked.values()) == {2}
    assert len(rig.vendor.accepted) == 4


def test_a_receipt_between_crash_and_booking_leaves_no_row_without_its_text(rig: Rig, clock: TestClock) -> None:
    campaign = crash_while_sending(rig)
    days_ago = {"key": f"{campaign}:c3#0", "status": "opened", "at": "2026-06-05T12:00:00Z"}
    rig.receive(receipt(campaign, "c1", "delivered"), receipt(campaign, "c2", "failed", reason="blocked"), days_ago)
    clock.advance(minutes=1)
    rig.deliver()
    assert rig.counts(campaign) == {"delivered": 1, "failed": 1, "opened": 1, "sent": 1, "skipped": 1}
    third = rig.row(campaign, "c3")
    assert (third["text"], third["sent_at"]) == ("Hi Name3", third["created_at"])
    first, second = rig.row(campaign, "c1"), rig.row(campaign, "c2")
    assert (first["text"], first["vendor_id"]) == ("Hi Name1", f"v-{campaign}:c1#0")
    assert first["sent_at"] == first["delivered_at"]
    assert (second["text"], second["reason"]) == ("Hi Name2", "blocked")
    assert not [row for row in rig.services.db.messages.find() if "claim" in row or "round" in row]


def test_a_denial_after_the_vendor_accepted_is_skipped_until_a_receipt_arrives(rig: Rig, clock: TestClock) -> None:
    campaign = crash_while_sending(rig)
    for who in ("c1", "c2"):
        rig.services.db.customers.update_one({"_id": who}, {"$set": {"consent.in_app.state": "denied"}})
    clock.advance(minutes=1)
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 2, "skipped": 3}
    told = receipt(campaign, "c1", "delivered", 5)
    rig.receive(told, told, receipt(campaign, "c4", "delivered"))
    first = rig.row(campaign, "c1")
    assert rig.counts(campaign) == {"delivered": 1, "sent": 2, "skipped": 2}
    assert first["sent_at"] == first["delivered_at"] == first["created_at"] + timedelta(seconds=5)
    assert not first.keys() & {"reason", "skipped_at", "maybe_sent"}
    rig.receive(receipt(campaign, "c1", "clicked", 9), receipt(campaign, "c2", "failed", reason="blocked"))
    assert rig.counts(campaign) == {"clicked": 1, "failed": 1, "sent": 2, "skipped": 1}


def test_a_claim_of_an_earlier_round_that_nobody_booked_leaves_the_same_doubt(rig: Rig, clock: TestClock) -> None:
    campaign = crash_while_sending(rig)
    rig.services.redis.delete(Stream.DELIVERIES)
    rig.services.db.customers.update_one({"_id": "c1"}, {"$set": {"consent.in_app.state": "denied"}})
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 3, "skipped": 2}
    rig.receive(receipt(campaign, "c1", "delivered"))
    assert rig.counts(campaign) == {"delivered": 1, "sent": 3, "skipped": 1}


def test_a_receipt_for_a_message_that_now_waits_ends_the_wait(rig: Rig, clock: TestClock) -> None:
    rig = Rig(rig.services, quiet=QuietHours.parse("21:00-08:00", "UTC"))
    campaign = crash_while_sending(rig)
    clock.advance(hours=10)
    rig.deliver()
    assert rig.message_log.stats(campaign).pending_by_reason == {"quiet_hours": 4}
    told = [receipt(campaign, "c1", "failed", 9, reason="unreachable"), receipt(campaign, "c2", "delivered", 5)]
    rig.receive(*told, receipt(campaign, "c3", "failed"))
    assert rig.message_log.stats(campaign).failed_by_reason == {"unreachable": 1, "unknown": 1}
    second = rig.row(campaign, "c2")
    assert second["sent_at"] == second["delivered_at"]
    assert not second.keys() & {"reason", "due_at"}


def test_what_only_receipts_tell_of_counts_for_the_cap(rig: Rig, clock: TestClock) -> None:
    rig = Rig(rig.services, Policy(cap=Cap(1, 7)))
    campaign = crash_while_sending(rig)
    everybody = ("c1", "c2", "c3", "c6")
    rig.receive(*(receipt(campaign, who, "opened", 9) for who in everybody))
    rig.receive(*(receipt(campaign, who, "delivered", 5) for who in everybody))
    assert rig.row(campaign, "c1")["sent_at"] == rig.row(campaign, "c1")["delivered_at"]
    rig.services.redis.delete(Stream.DELIVERIES)
    clock.advance(seconds=HELD.total_seconds())
    rig.finish(clock)
    other = rig.launch(rig.draft())
    rig.finish(clock)
    assert (rig.state(campaign), rig.counts(other)) == ("completed", {"skipped": 5})


def test_whom_another_campaign_has_in_hand_is_still_booked_when_a_receipt_has_told(rig: Rig, clock: TestClock) -> None:
    rig = Rig(rig.services, Policy(cap=Cap(1, 7)))
    campaign = crash_while_sending(rig)
    rig.receive(receipt(campaign, "c1", "delivered"))
    clock.advance(seconds=HELD.total_seconds())
    CapLocks(rig.services.db).take("in_app", ["c1"], "elsewhere", clock.now)
    rig.deliver()
    assert rig.row(campaign, "c1")["text"] == "Hi Name1"


def test_an_entry_takes_its_own_rows_again_and_none_that_another_has(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    claims = Claims(rig.services.db)
    first, rest = DeliveryBatch(campaign, None, "c3", 1, 3), DeliveryBatch(campaign, None, "c6", 1, 5)

    def taken(batch: DeliveryBatch, entry: str) -> list[str]:
        return sorted(row["customer_id"] for row in claims.take(batch, entry))

    assert taken(first, "1-0") == ["c1", "c2", "c3"]
    assert taken(rest, "2-0") == ["c4", "c6"]
    assert taken(first, "1-0") == ["c1", "c2", "c3"]
    assert taken(DeliveryBatch(campaign, None, "c6", 2, 5), "3-0") == ["c1", "c2", "c3", "c4", "c6"]
    assert taken(rest, "2-0") == []


def test_a_worker_stopped_while_waiting_for_the_rate_leaves_the_rest_to_the_next(
    rig: Rig, with_rates: Callable[[str], Services]
) -> None:
    slow = Rig(with_rates("in_app=1"))
    campaign = rig.launch(rig.draft())
    rig.plan()
    slow.deliverer.stopping.set()
    with pytest.raises(Unavailable, match="stops"):
        slow.delivery.run_once()
    assert rig.counts(campaign) == {"pending": 3, "sent": 1, "skipped": 1}
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert sorted((slow.vendor.asked + rig.vendor.asked).values()) == [1] * 4
