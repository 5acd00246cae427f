"""When receipts are told, and that each misbehaviour changes exactly what it names."""

from collections import Counter

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.outcome import decide_outcome
from workers.vendor.receipt_schedule import plan_receipts
from workers.vendor.records import Receipt

NOW_MS = 1_800_000_000_000
KEYS = [f"c:customer-{n}#0" for n in range(2_000)]
STEPS = ("delivered", "opened", "clicked")


def plan(key: str, **fields: object) -> list[Receipt]:
    behaviour = Behaviour.model_validate({"open_rate": 0.6, "click_rate": 0.6, "click_delay_ms": 200, **fields})
    return plan_receipts("c", key, decide_outcome(key, behaviour), behaviour, NOW_MS)


def plan_all(**fields: object) -> list[Receipt]:
    return [receipt for key in KEYS for receipt in plan(key, **fields)]


def content(receipt: Receipt) -> tuple[object, ...]:
    """All but when it is told."""
    return receipt[1:]


def test_each_step_is_told_once_after_its_moment_and_in_order() -> None:
    for key in KEYS:
        receipts = plan(key)
        told = tuple(receipt.status for receipt in receipts)
        assert told == ("failed",) or told == STEPS[: len(told)]
        assert len({receipt.due_ms for receipt in receipts}) == len(receipts)
        assert receipts == sorted(receipts)
        for receipt in receipts:
            assert NOW_MS < receipt.at_ms <= receipt.due_ms <= receipt.at_ms + 1_000


def test_duplicates_are_the_same_receipt_later() -> None:
    true, told = plan_all(), plan_all(duplicate_rate=0.3, duplicate_after_s=60)
    twice = Counter(map(content, told)) - Counter(map(content, true))
    assert set(told) > set(true)
    assert set(twice.values()) == {1}
    assert 0.25 < len(twice) / len(true) < 0.35
    assert {late.due_ms - first.due_ms for late in told for first in plan(late.key) if first.status == late.status} == {
        0,
        60_000,
    }


def test_a_duplicate_at_once_is_still_a_receipt_of_its_own() -> None:
    told = plan_all(duplicate_rate=1, duplicate_after_s=0)
    assert len({receipt[:3] for receipt in told}) == len(told) == 2 * len(plan_all())


def test_shuffled_receipts_are_told_the_last_one_first_and_none_before_its_moment() -> None:
    for key in KEYS[:300]:
        told = sorted(plan(key, shuffle_rate=1), key=lambda receipt: receipt.due_ms)
        assert [content(receipt) for receipt in reversed(told)] == [content(receipt) for receipt in plan(key)]
        assert all(receipt.due_ms >= receipt.at_ms for receipt in told)


def test_late_receipts_are_held_and_set_back_as_told() -> None:
    true, told = plan_all(), plan_all(late_rate=1, late_hold_s=7, late_back_s=864_000)
    assert [(late.due_ms - r.due_ms, r.at_ms - late.at_ms) for r, late in zip(true, told, strict=True)] == [
        (7_000, 864_000_000)
    ] * len(true)


def test_a_lost_receipt_is_never_told_not_even_as_a_duplicate() -> None:
    true, told = plan_all(), plan_all(lost_rate=0.2, duplicate_rate=1)
    lost = set(map(content, true)) - set(map(content, told))
    assert 0.15 < len(lost) / len(true) < 0.25
    assert len(told) == 2 * (len(true) - len(lost))
    assert plan_all(lost_rate=1) == []


def test_receipts_of_nobody_come_besides_and_name_no_known_key() -> None:
    true, told = plan_all(), plan_all(unknown_rate=0.5)
    unknown = [receipt for receipt in told if receipt.key not in KEYS]
    assert [receipt for receipt in told if receipt.key in KEYS] == true
    assert 0.45 < len(unknown) / len(KEYS) < 0.55
    assert len({receipt.key for receipt in unknown}) == len(unknown)
    assert all(receipt.key.startswith("c:nobody-") and receipt.key.endswith("#0") for receipt in unknown)
