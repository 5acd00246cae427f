"""Who is held out and who gets which variant: by a hash, so that anybody can find it out again."""

from collections.abc import Sequence
from hashlib import blake2b

from crm_core.campaigns.model import Variant

_WHOLE = 2**64


def places(seed: str, customer_id: str) -> tuple[float, float]:
    """Two independent places of a customer in a campaign, each in percent, 0 to below 100: for holdout and variant.

    They are the two halves of a 128-bit BLAKE2b hash of seed and id, as unsigned big-endian integers.
    """
    digest = blake2b(f"{seed}:{customer_id}".encode(), digest_size=16).digest()
    return tuple(int.from_bytes(half, "big") / _WHOLE * 100 for half in (digest[:8], digest[8:]))  # type: ignore[return-value]


def is_held_out(place: float, percent: float) -> bool:
    return place < percent


def variant_at(place: float, variants: Sequence[Variant]) -> str:
    """The name of the variant whose share of 0 to 100 holds ``place``; ``variants`` are one or more."""
    reached = 0.0
    for variant in variants:
        reached += variant["weight"]
        if place < reached:
            return variant["name"]
    return variants[-1]["name"]  # the weights add up to a little below 100
