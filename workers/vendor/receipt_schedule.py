"""When the receipts of a message are sent, and which go wrong: twice, late, out of order, lost, of unknown keys."""

from collections.abc import Iterator

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.draws import draw
from workers.vendor.outcome import Outcome
from workers.vendor.records import Receipt

# Opened and clicked need not be prompt: sent on whole seconds they fill callbacks, which costs the receiver less.
_GRID_MS = 1_000


def plan_receipts(campaign: str, key: str, outcome: Outcome, behaviour: Behaviour, now_ms: int) -> list[Receipt]:
    """Plan all receipts of a message that was accepted at ``now_ms``, unix milliseconds.

    Law: without misbehaviour each step is sent once, after its moment and in the order of the steps.
    """
    receipts = _plan_true(campaign, key, outcome, now_ms)
    b = behaviour
    if b.shuffle_rate or b.late_rate or b.lost_rate or b.duplicate_rate or b.unknown_rate:
        return list(_disturb(receipts, behaviour))
    return receipts


def _plan_true(campaign: str, key: str, outcome: Outcome, now_ms: int) -> list[Receipt]:
    vendor_id, reason, delay_ms, open_ms, click_ms = outcome
    at = now_ms + delay_ms
    receipts = [Receipt(at, key, "failed" if reason else "delivered", reason, at, vendor_id, campaign)]
    if open_ms is not None:
        at += open_ms
        due_ms = _to_grid(at)
        receipts.append(Receipt(due_ms, key, "opened", None, at, vendor_id, campaign))
        if click_ms is not None:
            at += click_ms
            receipts.append(Receipt(max(_to_grid(at), due_ms + 1), key, "clicked", None, at, vendor_id, campaign))
    return receipts


def _to_grid(at_ms: int) -> int:
    return -(-at_ms // _GRID_MS) * _GRID_MS


def _disturb(receipts: list[Receipt], behaviour: Behaviour) -> Iterator[Receipt]:
    first = receipts[0]
    if _hits(behaviour, "shuffle", behaviour.shuffle_rate, first.key):
        receipts = _reversed(receipts)
    for true in receipts:
        which = f"{true.status}:{true.key}"
        is_late = _hits(behaviour, "late", behaviour.late_rate, which)
        receipt = _delayed(true, behaviour) if is_late else true
        if _hits(behaviour, "lost", behaviour.lost_rate, which):
            continue
        yield receipt
        if _hits(behaviour, "duplicate", behaviour.duplicate_rate, which):
            yield receipt._replace(due_ms=receipt.due_ms + max(1, int(behaviour.duplicate_after_s * 1000)))
    if _hits(behaviour, "unknown", behaviour.unknown_rate, first.key):
        yield _for_unknown_message(first, behaviour.seed)


def _hits(behaviour: Behaviour, what: str, rate: float, key: str) -> bool:
    return rate > 0 and draw(behaviour.seed, what, key) < rate


def _reversed(receipts: list[Receipt]) -> list[Receipt]:
    """Hold all back until the last has happened, then send the last first; each keeps its time."""
    last_ms = receipts[-1].due_ms
    return [receipt._replace(due_ms=last_ms + i) for i, receipt in enumerate(reversed(receipts))]


def _delayed(receipt: Receipt, behaviour: Behaviour) -> Receipt:
    hold_ms, back_ms = int(behaviour.late_hold_s * 1000), int(behaviour.late_back_s * 1000)
    return receipt._replace(due_ms=receipt.due_ms + hold_ms, at_ms=receipt.at_ms - back_ms)


def _for_unknown_message(receipt: Receipt, seed: int) -> Receipt:
    """Return a receipt that looks like one of the campaign, with a key that was never sent."""
    unknown = f"{draw(seed, 'nobody', receipt.key):.12f}"[2:]
    return receipt._replace(key=f"{receipt.campaign}:nobody-{unknown}#0", vendor_id=f"vm_nobody_{unknown}")
