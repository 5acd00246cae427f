"""What the simulated vendor tells and mistells of its messages, as a receiver that checks signatures sees it."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.integration.vendor_program import Receiver, VendorProgram, wait_until

STEPS = ["delivered", "opened", "clicked"]
ALL = {"success_rate": 1, "open_rate": 1, "click_rate": 1, "open_delay_ms": 20, "click_delay_ms": 20}
PROMPT = {"mean_delay_ms": 10, "open_rate": 0}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(verifies=True).start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[VendorProgram]:
    program = VendorProgram(tmp_path_factory.mktemp("receipts") / "vendor.sqlite", receiver.url)
    try:
        yield program.start()
    finally:
        program.kill()


@pytest.fixture
def vendor(running: VendorProgram) -> Iterator[VendorProgram]:
    before = running.get("/v1/behaviour")
    running.behave(**PROMPT)
    yield running
    running.behave(**before)


def send(vendor: VendorProgram, campaign: str, messages: int) -> list[str]:
    keys = [f"{campaign}:customer-{n}#0" for n in range(messages)]
    vendor.send(campaign, keys)
    return keys


def told(vendor: VendorProgram, receiver: Receiver, campaign: str) -> dict[str, list[dict[str, str]]]:
    """Once nothing is owed: what was told of each key, in the order in which it came, forged calls left out."""
    wait_until(lambda: vendor.counters(campaign)["receipts_pending"] == 0, "all receipts handed over")
    found: dict[str, list[dict[str, str]]] = {}
    for call in list(receiver.calls):
        for receipt in call.receipts if call.is_signed else []:
            if receipt["key"].startswith(f"{campaign}:"):
                found.setdefault(receipt["key"], []).append(receipt)
    return found


def moment(receipt: dict[str, str]) -> datetime:
    return datetime.fromisoformat(receipt["at"])


def test_a_delivered_message_is_opened_and_clicked_at_true_moments(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(**ALL)
    keys = send(vendor, "steps", 30)
    receipts = told(vendor, receiver, "steps")
    assert receipts.keys() == set(keys)
    for of_one in receipts.values():
        assert [receipt["status"] for receipt in of_one] == STEPS
        assert sorted(of_one, key=moment) == of_one
        assert len({receipt["vendor_id"] for receipt in of_one}) == 1
    counted = vendor.counters("steps")
    assert [counted[step] for step in STEPS] == [30, 30, 30]
    assert counted["receipts_handed_over"] == 90


def test_out_of_order_receipts_tell_the_same_the_last_one_first(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(**ALL, shuffle_rate=1)
    send(vendor, "shuffled", 10)
    for of_one in told(vendor, receiver, "shuffled").values():
        assert [receipt["status"] for receipt in of_one] == STEPS[::-1]
        assert sorted(of_one, key=moment) == of_one[::-1]


def test_receipts_told_twice_are_the_same_receipts(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(duplicate_rate=1, duplicate_after_s=0.2)
    keys = send(vendor, "twice", 20)
    receipts = told(vendor, receiver, "twice")
    assert receipts.keys() == set(keys)
    assert all(first == again for first, again in receipts.values())


def test_a_late_receipt_tells_of_a_moment_ten_days_ago(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(late_rate=1)
    send(vendor, "late", 5)
    for (receipt,) in told(vendor, receiver, "late").values():
        assert timedelta(days=9.9) < datetime.now().astimezone() - moment(receipt) < timedelta(days=10.1)


def test_lost_receipts_are_counted_and_never_told(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(lost_rate=1)
    send(vendor, "lost", 5)
    assert told(vendor, receiver, "lost") == {}
    assert vendor.counters("lost")["receipts_lost"] == 5


def test_receipts_of_nobody_come_besides_the_true_ones(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(unknown_rate=1)
    keys = send(vendor, "nobody", 5)
    receipts = told(vendor, receiver, "nobody")
    assert set(keys) < receipts.keys()
    assert len(receipts) == 10


def test_forged_callbacks_are_refused_and_neither_stop_nor_fail_the_true_ones(
    vendor: VendorProgram, receiver: Receiver
) -> None:
    vendor.behave(forged_rate=1)
    keys: list[str] = []
    for campaign in ("forged-a", "forged-b", "forged-c"):  # a callback each, and a kind of forgery each
        keys += send(vendor, campaign, 3)
        assert len(told(vendor, receiver, campaign)) == 3
    wait_until(lambda: vendor.counters("forged-a")["forged_refused"] >= 3, "three forged callbacks")
    forged = [call for call in list(receiver.calls) if not call.is_signed]
    assert {call.signature is None for call in forged} == {True, False}
    assert {receipt["status"] for call in forged for receipt in call.receipts} == {"clicked"}
    assert vendor.counters("forged-a")["forged_taken"] == 0
    assert vendor.get("/v1/health")["callback_failures"] == 0


def test_a_replayed_callback_is_the_old_one_to_the_byte(vendor: VendorProgram, receiver: Receiver) -> None:
    vendor.behave(replay_rate=1, replay_after_s=0)
    keys = send(vendor, "replayed", 3)
    wait_until(lambda: vendor.counters("replayed")["replayed_taken"] >= 1, "a replay")
    calls = Counter((call.body, call.signature) for call in list(receiver.calls) if keys[0].encode() in call.body)
    assert set(calls.values()) == {2}
