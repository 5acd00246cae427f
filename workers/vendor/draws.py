"""Chance that can be repeated: a fraction drawn from a hash, not from a generator that somebody has to carry along."""

import hashlib
from collections.abc import Mapping


def draw(seed: int, what: str, key: str) -> float:
    """Draw from [0, 1). Law: same arguments, same fraction; another ``what`` or key, an independent one."""
    return to_fraction(hashlib.blake2b(f"{seed}:{what}:{key}".encode(), digest_size=8).digest())


def to_fraction(eight_bytes: bytes) -> float:
    """Map 8 random bytes evenly to [0, 1); only 53 bits, since rounding 64 up would reach 1.0."""
    return (int.from_bytes(eight_bytes, "big") >> 11) / 2**53


def pick(weights: Mapping[str, int], fraction: float) -> str:
    """Pick a name by weight. fraction: in [0, 1)."""
    left = fraction * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    raise AssertionError("fraction must be below 1")
