"""The simulated vendor is killed in the middle of everything and goes on from its file as it was told to."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.vendor_program import Receiver, VendorProgram, message, wait_until

KEYS = [f"c1:customer-{n}#0" for n in range(300)]
START = {"seed": 3, "success_rate": 0.5, "open_rate": 0.5, "click_rate": 0.5, "mean_delay_ms": 20}
WILD = {
    "unanswered_rate": 0.3,
    "nonsense_rate": 0.2,
    "error_rate": 0.2,
    "duplicate_rate": 0.3,
    "duplicate_after_s": 0.1,
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(verifies=True).start()
    yield receiver
    receiver.stop()


@pytest.fixture
def vendor(tmp_path: Path, receiver: Receiver) -> Iterator[VendorProgram]:
    quick = {"open_delay_ms": 20, "click_delay_ms": 20}
    options = ("--behaviour", json.dumps({**START, **quick}))
    program = VendorProgram(tmp_path / "vendor.sqlite", receiver.url, options)
    yield program.start()
    program.kill()


def send_until_answered(vendor: VendorProgram, keys: list[str]) -> dict[str, str]:
    """What a patient caller does: ask again until every key is answered. Returns the ids."""
    while True:
        try:
            answer = vendor.post({"campaign": "c1", "messages": [message(key) for key in keys]})
            results: list[dict[str, Any]] = answer.json()["results"] if answer.status_code == 200 else []
        except (httpx.TransportError, ValueError, KeyError):
            time.sleep(0.01)
            continue
        if len(results) == len(keys):
            return {result["key"]: result["id"] for result in results}


def test_no_receipt_is_lost_no_key_accepted_twice_and_the_behaviour_is_kept(
    vendor: VendorProgram, receiver: Receiver
) -> None:
    wild = vendor.behave(**WILD, forged_rate=0.5).json()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.map(lambda start: send_until_answered(vendor, KEYS[start : start + 10]), range(0, len(KEYS), 10))
        for kill in (1, 2):
            wait_until(lambda kill=kill: vendor.counters("c1")["distinct"] >= kill * 90, "some are accepted")  # type: ignore[misc]
            vendor.kill()
            vendor.start()
            assert vendor.get("/v1/behaviour") == wild
        ids = {key: vendor_id for answered in sent for key, vendor_id in answered.items()}
    assert send_until_answered(vendor, KEYS) == ids
    wait_until(lambda: vendor.counters("c1")["receipts_pending"] == 0, "all receipts handed over")
    counted = vendor.counters("c1")
    assert (counted["distinct"], counted["accepted_twice"], counted["changed_bodies"]) == (len(KEYS), 0, 0)
    taken = [receipt for call in list(receiver.calls) if call.is_signed for receipt in call.receipts]
    told = {(receipt["key"], receipt["vendor_id"], receipt["status"], receipt["at"]) for receipt in taken}
    assert {key: vendor_id for key, vendor_id, *_ in told} == ids
    steps = ("delivered", "failed", "opened", "clicked")
    assert Counter(status for _, _, status, _ in told) == {step: counted[step] for step in steps}


def test_a_start_with_other_options_wins_for_the_fields_that_it_names(vendor: VendorProgram) -> None:
    vendor.behave(success_rate=0.1, latency_ms=1)
    vendor.kill()
    vendor.arguments = ("--behaviour", json.dumps({**START, "open_rate": 0.9}), "--success-rate", "0.2")
    vendor.start()
    now = vendor.get("/v1/behaviour")
    assert (now["success_rate"], now["open_rate"], now["seed"], now["latency_ms"]) == (0.2, 0.9, 3, 1)
