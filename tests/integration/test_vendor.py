"""The simulated vendor over real HTTP: what a sender and a receiver of receipts may rely on."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crm_core.campaigns.messages.signature import verify
from tests.integration.vendor_program import SECRET, Receiver, VendorProgram, message, wait_until

StartVendor = Callable[..., VendorProgram]
NO_OPENS = ("--behaviour", '{"open_rate": 0}')
KEYS = [f"c1:customer-{n}#0" for n in range(1_200)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def start_vendor(tmp_path: Path, receiver: Receiver) -> Iterator[StartVendor]:
    started: list[VendorProgram] = []

    def start(*arguments: str, mean_delay_ms: int = 20) -> VendorProgram:
        data = tmp_path / str(len(started)) / "vendor.sqlite"
        vendor = VendorProgram(data, receiver.url, ("--mean-delay-ms", str(mean_delay_ms), *NO_OPENS, *arguments))
        started.append(vendor)
        return vendor.start()

    yield start
    for vendor in started:
        vendor.kill()


def send_all(vendor: VendorProgram, keys: list[str]) -> list[dict[str, Any]]:
    return [result for i in range(0, len(keys), 500) for result in vendor.send("c1", keys[i : i + 500])]


def wait_until_handed_over(vendor: VendorProgram, messages: int) -> None:
    wait_until(lambda: vendor.counters("c1")["receipts_handed_over"] == messages, "all receipts handed over")
    assert vendor.counters("c1")["receipts_pending"] == 0


def test_every_accepted_message_gets_exactly_one_receipt_and_its_signature_verifies(
    start_vendor: StartVendor, receiver: Receiver
) -> None:
    receiver.start()
    vendor = start_vendor()
    ids = {result["key"]: result["id"] for result in send_all(vendor, KEYS)}
    wait_until_handed_over(vendor, len(KEYS))
    for call in receiver.calls:
        verify(call.signature, call.body, (SECRET,), call.at)
        assert len(call.receipts) <= 500
    receipts = receiver.receipts()
    assert Counter(receipt["key"] for receipt in receipts) == Counter(KEYS)
    assert {receipt["key"]: receipt["vendor_id"] for receipt in receipts} == ids
    for receipt in receipts:
        assert ("reason" in receipt) == (receipt["status"] == "failed")
        assert receipt["at"].endswith("+00:00")


def test_repeated_key_is_answered_as_duplicate_and_counted_once(start_vendor: StartVendor, receiver: Receiver) -> None:
    receiver.start()
    vendor = start_vendor()
    first = vendor.send("c1", ["c1:a#0", "c1:b#0", "c1:a#0"])
    again = vendor.send("c1", ["c1:a#0", "c1:c#0"])
    assert [result["status"] for result in first] == ["accepted", "accepted", "duplicate"]
    assert [result["status"] for result in again] == ["duplicate", "accepted"]
    assert first[0]["id"] == first[2]["id"] == again[0]["id"]
    wait_until_handed_over(vendor, 3)
    assert sorted(receipt["key"] for receipt in receiver.receipts()) == ["c1:a#0", "c1:b#0", "c1:c#0"]
    counters = vendor.counters("c1")
    assert (counters["received"], counters["distinct"], counters["accepted_twice"]) == (5, 3, 0)


def test_same_batch_sent_by_many_at_once_is_accepted_once(start_vendor: StartVendor) -> None:
    vendor = start_vendor()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: vendor.send("c1", KEYS[:200]), range(8)))
    accepted = [r["key"] for results in answers for r in results if r["status"] == "accepted"]
    assert sorted(accepted) == sorted(KEYS[:200])
    assert vendor.counters("c1")["received"] == 8 * 200


def test_recipient_accepted_under_two_keys_is_counted_as_accepted_twice(start_vendor: StartVendor) -> None:
    vendor = start_vendor("--success-rate", "1")
    vendor.send("c1", ["c1:a#0", "c1:a#1", "c1:b#0", "c1:b#1", "c1:b#2", "c1:c#0"])
    vendor.send("c2", ["c2:a#0"])
    counters = vendor.counters("c1")
    assert (counters["distinct"], counters["accepted_twice"], counters["delivered_twice"]) == (6, 2, 2)
    assert vendor.counters("c2")["accepted_twice"] == 0
    total = vendor.get("/v1/counters")
    assert (total["received"], total["distinct"], total["accepted_twice"]) == (7, 7, 2)
    assert vendor.counters("never-seen")["received"] == 0


def test_receipts_survive_kill_9_of_the_vendor_and_an_absent_receiver(
    start_vendor: StartVendor, receiver: Receiver
) -> None:
    vendor = start_vendor()
    send_all(vendor, KEYS)
    wait_until(lambda: vendor.get("/v1/health")["callback_failures"] >= 2, "callbacks fail")
    vendor.kill()
    vendor.start()
    assert vendor.counters("c1")["receipts_pending"] == len(KEYS)
    receiver.start()
    wait_until_handed_over(vendor, len(KEYS))
    assert Counter(receipt["key"] for receipt in receiver.receipts()) == Counter(KEYS)


def test_refused_callback_is_repeated_until_it_is_taken(start_vendor: StartVendor, receiver: Receiver) -> None:
    receiver.start()
    receiver.status = 503
    vendor = start_vendor()
    vendor.send("c1", KEYS[:10])
    wait_until(lambda: len(receiver.calls) >= 3, "the callback is repeated")
    assert vendor.counters("c1")["receipts_pending"] == 10
    receiver.status = 204
    wait_until_handed_over(vendor, 10)
    assert {receipt["key"] for receipt in receiver.calls[-1].receipts} <= set(KEYS[:10])
    assert {receipt["key"] for receipt in receiver.receipts()} == set(KEYS[:10])


def test_receipt_that_the_callback_refuses_holds_up_no_other(start_vendor: StartVendor, receiver: Receiver) -> None:
    receiver.start()
    receiver.refused_key = KEYS[700]
    vendor = start_vendor()
    send_all(vendor, KEYS)
    wait_until(lambda: vendor.counters("c1")["receipts_handed_over"] == len(KEYS) - 1, "all others")
    assert vendor.counters("c1")["receipts_pending"] == 1
    taken = [call for call in receiver.calls if KEYS[700] not in {told["key"] for told in call.receipts}]
    told = Counter(receipt["key"] for call in taken for receipt in call.receipts)
    assert told == Counter(KEYS) - Counter([KEYS[700]])


def test_outcomes_are_the_same_for_the_same_seed_only(start_vendor: StartVendor, receiver: Receiver) -> None:
    receiver.start()
    outcomes = []
    for seed in ("5", "5", "6"):
        vendor = start_vendor("--seed", seed, "--success-rate", "0.5")
        send_all(vendor, KEYS[:300])
        wait_until_handed_over(vendor, 300)
        outcomes.append({r["key"]: (r["status"], r.get("reason")) for r in receiver.receipts()})
        receiver.calls.clear()
        vendor.kill()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0] != outcomes[2]


def test_success_rate_is_close_to_its_setting(start_vendor: StartVendor) -> None:
    vendor = start_vendor("--success-rate", "0.7", "--seed", "11")
    send_all(vendor, KEYS)
    counters = vendor.counters("c1")
    assert counters["delivered"] + counters["failed"] == len(KEYS)
    # Four standard errors; with this seed the figure is always the same.
    assert counters["delivered"] / len(KEYS) == pytest.approx(0.7, abs=4 * (0.7 * 0.3 / len(KEYS)) ** 0.5)


def test_no_address_is_kept(start_vendor: StartVendor) -> None:
    vendor = start_vendor()
    told = {**message("c1:r#0"), "to": "ann@example.org"}
    assert vendor.post({"campaign": "c1", "messages": [told]}).status_code == 200
    stored = b"".join(path.read_bytes() for path in vendor.data.parent.iterdir())
    assert b"c1:r#0" in stored
    assert b"ann@example.org" not in stored


def test_sigterm_ends_the_vendor_cleanly_while_a_callback_hangs(start_vendor: StartVendor, receiver: Receiver) -> None:
    receiver.start()
    receiver.open.clear()
    vendor = start_vendor()
    vendor.send("c1", KEYS[:5])
    wait_until(lambda: len(receiver.calls) == 1, "a callback hangs")
    assert vendor.process
    vendor.process.terminate()
    assert vendor.process.wait(timeout=8) == 0  # less than the 10 s that one callback may take
    receiver.open.set()
    vendor.start()
    wait_until_handed_over(vendor, 5)


def test_vendor_ends_cleanly_when_its_stdin_ends(start_vendor: StartVendor) -> None:
    vendor = start_vendor()
    assert vendor.process
    assert vendor.process.stdin
    vendor.process.stdin.close()
    assert vendor.process.wait(timeout=30) == 0
