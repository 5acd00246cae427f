"""How the simulated vendor tries again: pauses, and receipts set apart."""

from pathlib import Path

import pytest

from workers.vendor.callbacks import BACKOFF_CAP_S, compute_backoff_s, to_callback
from workers.vendor.records import Arrival, Receipt
from workers.vendor.store import VendorStore

RECEIPT = Receipt(
    due_ms=2_000,
    key="c1:a#0",
    status="failed",
    reason="unreachable",
    at_ms=2_000,
    vendor_id="vm_1",
    campaign="c1",
)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.999])
def test_pauses_grow_and_stay_under_the_cap(jitter: float) -> None:
    pauses = [compute_backoff_s(failures, jitter) for failures in range(1, 2_000)]
    assert pauses == sorted(pauses)
    assert 0.05 <= pauses[0] <= 0.1
    assert BACKOFF_CAP_S / 2 <= pauses[-1] <= BACKOFF_CAP_S


def test_receipt_set_apart_comes_later_and_tells_the_same(tmp_path: Path) -> None:
    store = VendorStore(tmp_path / "vendor.sqlite")
    store.save_arrival(Arrival("c1", [], [RECEIPT], {}, {}, "answered"))
    store.postpone(RECEIPT, 60_000)
    assert store.load_due(59_999, 10) == []
    (later,) = store.load_due(60_000, 10)
    assert to_callback([later]) == to_callback([RECEIPT])
    store.save_handed_over([later])
    assert store.load_next_due_ms() is None
    store.close()
