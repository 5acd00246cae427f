"""Decides what becomes of a message: a pure function of the behaviour, with its seed, and the message's key."""

import hashlib
from typing import Final, NamedTuple

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.draws import draw, pick, to_fraction

# Weights, out of their sum.
FAILURE_WEIGHTS: Final[dict[str, int]] = {
    "unreachable": 5,
    "device_offline": 3,
    "blocked_by_recipient": 2,
}
INVALID_RECIPIENT: Final = "invalid_recipient"
REJECTION_WEIGHTS: Final[dict[str, int]] = {
    INVALID_RECIPIENT: 6,
    "unsubscribed_at_carrier": 3,
    "content_refused": 1,
}


class Outcome(NamedTuple):
    """reason: why the message failed, None when it is delivered. Delays in ms.

    delay_ms: from acceptance to delivery or failure. open_ms: from delivery to opening, click_ms: from opening to
    clicking; None when that does not happen.
    """

    vendor_id: str
    reason: str | None
    delay_ms: int
    open_ms: int | None = None
    click_ms: int | None = None


def decide_outcome(key: str, behaviour: Behaviour) -> Outcome:
    """Decide the outcome of the accepted message ``key``.

    Law: same seed and key, same outcome. A higher rate takes nothing back: with a higher ``success_rate`` all that
    was delivered is delivered, with a higher ``open_rate`` all that was opened is opened, and so on.
    """
    seed = behaviour.seed
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=36).digest()
    vendor_id = "vm_" + digest[24:36].hex()
    delay_ms = _spread(behaviour.mean_delay_ms, to_fraction(digest[16:24]))
    if to_fraction(digest[0:8]) >= behaviour.success_rate:
        return Outcome(vendor_id, pick(FAILURE_WEIGHTS, to_fraction(digest[8:16])), delay_ms)
    if draw(seed, "open", key) >= behaviour.open_rate:
        return Outcome(vendor_id, None, delay_ms)
    open_ms = _spread(behaviour.open_delay_ms, draw(seed, "open delay", key))
    if draw(seed, "click", key) >= behaviour.click_rate:
        return Outcome(vendor_id, None, delay_ms, open_ms)
    click_ms = _spread(behaviour.click_delay_ms, draw(seed, "click delay", key))
    return Outcome(vendor_id, None, delay_ms, open_ms, click_ms)


def decide_rejection(key: str, to: str, behaviour: Behaviour) -> str | None:
    """Say why the message is refused for good, None when it is not. Law: same seed, key and address, same answer."""
    if behaviour.reject_word and behaviour.reject_word in to:
        return INVALID_RECIPIENT
    if behaviour.reject_rate and draw(behaviour.seed, "reject", key) < behaviour.reject_rate:
        return pick(REJECTION_WEIGHTS, draw(behaviour.seed, "rejection", key))
    return None


def _spread(mean_ms: int, fraction: float) -> int:
    """Half to one and a half of the mean."""
    return int(mean_ms * (0.5 + fraction))
