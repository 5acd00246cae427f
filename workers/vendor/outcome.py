"""Decides what becomes of a message: a pure function of the seed and the message's key."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# Weights, out of their sum.
FAILURE_WEIGHTS: Final[dict[str, int]] = {
    "unreachable": 5,
    "device_offline": 3,
    "blocked_by_recipient": 2,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """reason: why the message failed, None when it is delivered. delay: from acceptance to the receipt."""

    vendor_id: str
    reason: str | None
    delay: timedelta


def decide_outcome(key: str, *, seed: int, success_rate: float, mean_delay: timedelta) -> Outcome:
    """Decide the outcome of the message ``key``.

    Law: same seed and key, same outcome; a higher ``success_rate`` never makes a delivered message fail.
    """
    digest = hashlib.blake2b(f"{seed}:{key}".encode(), digest_size=36).digest()
    delivered = _fraction(digest[0:8]) < success_rate
    return Outcome(
        vendor_id="vm_" + digest[24:36].hex(),
        reason=None if delivered else _pick_reason(_fraction(digest[8:16])),
        delay=mean_delay * (0.5 + _fraction(digest[16:24])),
    )


def _fraction(eight_bytes: bytes) -> float:
    """Map 8 random bytes evenly to [0, 1); only 53 bits, since rounding 64 up would reach 1.0."""
    return (int.from_bytes(eight_bytes, "big") >> 11) / 2**53


def _pick_reason(fraction: float) -> str:
    left = fraction * sum(FAILURE_WEIGHTS.values())
    for reason, weight in FAILURE_WEIGHTS.items():
        left -= weight
        if left < 0:
            return reason
    raise AssertionError("fraction must be below 1")
