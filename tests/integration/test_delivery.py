"""From planned rows to the last receipt: everyone once, nobody lost, and figures that add up."""

import itertools
from datetime import timedelta

from crm_core.campaigns.sending.batches import DeliveryBatch
from crm_core.infra.streams import Stream
from tests.actors import ASHA, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig, receipt
from tests.integration.feeding import START, make_entry, store, store_customers


def test_a_campaign_reaches_each_of_its_audience_once_and_skips_who_said_no(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    assert rig.counts(campaign) == {"pending": 5}
    assert rig.state(campaign) == "sending"
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 1}
    assert rig.vendor.asked == {"c1": 1, "c2": 1, "c3": 1, "c6": 1}
    rig.plan()
    assert rig.state(campaign) == "completed"


def test_the_log_keeps_what_was_sent_to_whom_and_when(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    clock.advance(minutes=1)
    rig.deliver()
    row = rig.row(campaign, "c1")
    assert (row["text"], row["vendor_id"], row["sent_at"]) == ("Hi Name1", f"v-{campaign}:c1#0", clock.now)
    assert rig.row(campaign, "c6")["text"] == "Hi there"
    assert rig.vendor.accepted[f"{campaign}:c1#0"]["channel"] == "in_app"
    (shown,), more = rig.message_log.of_customer("c4", actor=TEST)
    assert (shown["state"], shown["reason"], more) == ("skipped", "no_consent", None)


def test_receipts_in_any_order_and_any_number_end_in_the_same_state(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    sent = list(rig.services.db.messages.find())
    steps = [("c1", "delivered"), ("c2", "failed"), ("c3", "failed"), ("c3", "delivered")]
    ends = []
    for shuffled in list(itertools.permutations(steps))[::3]:
        rig.services.db.messages.delete_many({})
        rig.services.db.messages.insert_many(sent)
        for who, status in shuffled + shuffled[:2]:
            rig.receive(receipt(campaign, who, status))
        assert rig.counts(campaign) == {"sent": 1, "delivered": 2, "failed": 1, "skipped": 1}
        ends.append(list(rig.services.db.messages.find().sort("_id", 1)))
    assert ends == [ends[0]] * 8


def test_a_receipt_keeps_the_time_of_its_step_and_the_reason_of_a_failure(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    rig.receive(
        receipt(campaign, "c1", "delivered", 9),
        receipt(campaign, "c1", "delivered", 5),
        receipt(campaign, "c2", "failed", reason="unknown_number"),
        receipt(campaign, "c3", "failed"),
    )
    assert rig.row(campaign, "c1")["delivered_at"].second == 5
    assert rig.message_log.stats(campaign).failed_by_reason == {"unknown_number": 1, "unknown": 1}


def test_a_vendor_that_does_not_know_why_a_message_failed_leaves_it_to_be_retried(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    rig.receive(receipt(campaign, "c1", "failed", reason="outcome_unknown"))
    assert rig.message_log.stats(campaign).failed_by_reason == {"unknown": 1}
    rig.services.campaigns.retry_failed(campaign, actor=ASHA)
    rig.finish(clock)
    assert rig.vendor.asked["c1"] == 2


def test_a_receipt_that_overtakes_the_answer_of_the_vendor_counts(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.receive(receipt(campaign, "c1", "delivered"))
    rig.deliver()
    assert rig.counts(campaign) == {"delivered": 1, "sent": 3, "skipped": 1}


def test_receipts_for_unknown_messages_and_skipped_ones_change_no_count(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    before = rig.counts(campaign)
    rig.receive(receipt(campaign, "nobody", "delivered"), receipt("other", "c1", "failed"))
    rig.receive(receipt(campaign, "c4", "delivered"))
    assert rig.counts(campaign) == before
    rig.services.publisher.publish(Stream.RECEIPTS, [b"no json", b"{}"])
    rig.receive(receipt(campaign, "c1", "delivered"))
    assert rig.counts(campaign)["delivered"] == 1
    assert rig.services.redis.xlen(Stream.DEAD) == 2


def test_who_was_messaged_is_not_skipped_by_a_worker_that_comes_late(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    before = rig.row(campaign, "c1")
    rig.services.bookings.skip({f"{campaign}:c1": "no_consent"}, "an entry", at=clock.now)
    assert rig.row(campaign, "c1") == before


def test_what_the_vendor_refuses_for_good_is_failed_with_the_reason(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.vendor.refused = "unknown_number"
    rig.deliver()
    assert rig.counts(campaign) == {"failed": 4, "skipped": 1}
    assert rig.message_log.stats(campaign).failed_by_reason == {"unknown_number": 4}


def test_a_message_that_cannot_be_rendered_for_one_fails_for_that_one_only(rig: Rig) -> None:
    store_customers(rig.services, {"id": "c9", "visits": 1, "order_count": 1_000_000})
    campaign = rig.launch(rig.draft(message="{% for i in (1..customer.order_count) %}*{% endfor %}!"))
    rig.plan()
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "failed": 1, "skipped": 1}
    assert rig.message_log.stats(campaign).failed_by_reason == {"template_failed": 1}


def test_an_odd_attribute_fails_the_message_to_that_customer_only(rig: Rig) -> None:
    store_customers(rig.services, {"id": "c1", "attributes": {"points": 30}})
    campaign = rig.draft(message="{% if customer.attributes.points > 20 %}gold{% else %}silver{% endif %}")
    store_customers(rig.services, {"id": "c2", "attributes": {"points": "n/a"}})
    rig.launch(campaign)
    rig.plan()
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 3, "failed": 1, "skipped": 1}
    assert rig.message_log.stats(campaign).failed_by_reason == {"template_failed": 1}
    assert rig.row(campaign, "c1")["text"] == "gold"


def test_a_subject_reaches_the_vendor_as_one_line(rig: Rig) -> None:
    ann = {"id": "c9", "name": "Ann\r\nBcc: x@example.com", "email": "c9@example.com", "total_spend": 1234.5}
    store_customers(rig.services, ann | {"visits": 1})
    message = "{{ customer.total_spend }} {{ customer.total_spend | money }}, {{ customer.email }}"
    campaign = rig.launch(rig.draft(message=message, channel="email", subject="News for {{ customer.name }}"))
    rig.plan()
    rig.deliver()
    sent = rig.vendor.accepted[f"{campaign}:c9#0"]
    assert sent["subject"] == "News for Ann Bcc: x@example.com"
    assert sent["body"].partition("\n\n--\n")[0] == "1234.50 $1,234.50, c9@example.com"


def test_who_left_or_said_no_between_plan_and_sending_is_skipped(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.services.db.customers.delete_one({"_id": "c1"})
    no = {"id": "c2", "consent": {"in_app": "denied"}}
    store(rig.services, [make_entry(Stream.CUSTOMERS, no, at=START + timedelta(hours=1))])
    rig.deliver()
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 2, "customer_gone": 1}
    assert rig.vendor.asked.keys() == {"c3", "c6"}


def test_an_entry_that_orders_no_delivery_is_buried(rig: Rig) -> None:
    rig.services.publisher.publish(
        Stream.DELIVERIES, [b"no json", b"[]", b"{}", DeliveryBatch("nothing", None, "c9", 1, 5).to_payload()]
    )
    rig.deliver()
    assert rig.services.redis.xlen(Stream.DEAD) == 4
    assert rig.vendor.asked == {}


def test_the_timeline_adds_up_to_the_counts(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    start = clock.now
    rig.plan()
    clock.advance(minutes=5)
    rig.deliver()
    rig.receive(
        {"key": f"{campaign}:c1#0", "status": "delivered", "at": "2026-06-15T12:10:00Z"},
        {"key": f"{campaign}:c2#0", "status": "failed", "at": "2026-06-15T12:20:00Z"},
        {"key": f"{campaign}:c3#0", "status": "opened", "at": "2026-06-15T12:30:00Z"},
        {"key": f"{campaign}:c3#0", "status": "clicked", "at": "2026-06-15T12:40:00Z"},
    )
    clock.advance(minutes=55)
    points = rig.message_log.timeline(campaign, start=start, end=clock.now)
    steps = ("sent", "delivered", "opened", "clicked", "failed")
    assert points[0] == {"at": start, **dict.fromkeys(steps, 0)}
    last = {"sent": 4, "delivered": 2, "opened": 1, "clicked": 1, "failed": 1}
    assert {name: points[-1][name] for name in steps} == last  # type: ignore[literal-required]
    assert len(points) <= 61
    for before, after in itertools.pairwise(points):
        assert before["at"] < after["at"]
        assert all(before[name] <= after[name] for name in steps)  # type: ignore[literal-required]


def test_the_timeline_is_short_and_adds_up_whatever_the_vendor_s_clock_says(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    start = clock.now
    rig.finish(clock)
    moments = {"c1": "9998-01-01T00:00:00Z", "c2": "2026-06-25T12:00:00Z", "c3": "2026-06-15T11:59:00Z"}
    for who, at in moments.items():
        rig.receive({"key": f"{campaign}:{who}#0", "status": "delivered", "at": at})
    points = rig.message_log.timeline(campaign, start=start, end=clock.now)
    assert len(points) <= 61
    assert (points[1]["delivered"], points[-1]["delivered"]) == (1, 3)
