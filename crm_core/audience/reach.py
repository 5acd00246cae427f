"""The mask form of ``eligibility``: one number per customer that says who can be reached over which channel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.eligibility import Policy, Reason
from crm_core.channels.registry import CHANNELS, Channels
from crm_core.errors import InvalidInput
from crm_core.rules.engines.columns import Flags, Mask, to_ms

Facts: TypeAlias = NDArray[np.unsignedinteger[Any]]


class ReachLayout:
    """Which bit of a customer's number says what. Each fact has a bit of its own, and the number is as wide as that
    takes. Raises ValueError when no number is wide enough.

    denied, granted, suppressed: by channel. addresses: by where the address stands.
    """

    def __init__(self, channels: Channels) -> None:
        places = count()
        self.denied, self.granted, self.suppressed = ({name: 1 << next(places) for name in channels} for _ in range(3))
        self.addresses = {path: 1 << next(places) for path in channels.addresses}
        self.dtype = _unsigned(next(places))


def _unsigned(bits: int) -> np.dtype[np.unsignedinteger[Any]]:
    for candidate in (np.uint32, np.uint64):
        if bits <= np.iinfo(candidate).bits:
            return np.dtype(candidate)
    raise ValueError(f"{bits} facts of a customer do not fit in 64 bits; there are too many channels")


LAYOUT = ReachLayout(CHANNELS)
_CONSENT = {channel: {"denied": LAYOUT.denied[channel], "granted": LAYOUT.granted[channel]} for channel in CHANNELS}
_ADDRESSES = LAYOUT.addresses
_NOTHING: Mapping[Any, Any] = {}
CHANNEL_PLACES: Mapping[str, int] = {channel: place for place, channel in enumerate(CHANNELS)}


def encode_reach(
    customers: Sequence[Mapping[str, Any]],
    suppressed: Mapping[str, Collection[str]],
    suppressed_addresses: Mapping[str, Collection[str]] = _NOTHING,
) -> Facts:
    """What each of these stored customers allows, in their order. suppressed: customer id to channels, and entry of
    ``address_keys`` to channels. What somebody else with the address says is not in it."""
    facts = []
    for customer in customers:  # once per customer of a workspace: one loop without calls, about 1 µs each
        get = customer.get
        bits = 0
        for channel, given in get("consent", _NOTHING).items():
            bits |= _CONSENT.get(channel, _NOTHING).get(given.get("state"), 0)
        for entry in get("address_keys", ()):
            bits |= _ADDRESSES.get(entry[: entry.index(":")], 0)
            if suppressed_addresses:
                for channel in suppressed_addresses.get(entry, ()):
                    bits |= LAYOUT.suppressed.get(channel, 0)
        facts.append(bits)
    if suppressed:
        _add_suppressed(facts, customers, suppressed)
    return np.array(facts, dtype=LAYOUT.dtype)


def _add_suppressed(
    facts: list[int], customers: Sequence[Mapping[str, Any]], suppressed: Mapping[str, Collection[str]]
) -> None:
    for row, customer in enumerate(customers):
        for channel in suppressed.get(customer["_id"], ()):
            facts[row] |= LAYOUT.suppressed.get(channel, 0)


def consent_columns(facts: Facts) -> dict[str, Flags]:
    """The fields of rules that ask for consent, by their names; the numbers are the same."""
    return {
        f"consent.{channel}": Flags(facts, {"granted": LAYOUT.granted[channel], "denied": LAYOUT.denied[channel]})
        for channel in CHANNELS
    }


def ineligible(
    facts: Facts, recent: NDArray[np.integer[Any]] | None, channel: str, policy: Policy
) -> dict[Reason, Mask]:
    """Who gets no message over ``channel``, by reason: the first that holds, so that the masks are disjoint.

    facts: of encode_reach. recent: messages of that channel within the cap's window per row, of count_recent; only a
    policy with a cap needs it. CUSTOMER_GONE is left out: who is gone has no row. Raises InvalidInput.
    """
    CHANNELS.named(channel)
    left = np.ones(len(facts), dtype=bool)
    found: dict[Reason, Mask] = {}
    for reason, holds in _asked(facts, recent, channel, policy).items():
        found[reason] = left & holds
        left &= ~holds
    return found


def is_free(verdicts: Mapping[Reason, Mask]) -> Mask:
    """Who gets a message: nothing of ``ineligible`` holds."""
    free: Mask = ~np.logical_or.reduce(list(verdicts.values()))
    return free


def _asked(facts: Facts, recent: NDArray[np.integer[Any]] | None, channel: str, policy: Policy) -> dict[Reason, Mask]:
    """Each reason by itself, in the order of Reason."""
    if policy.cap and recent is None:
        raise InvalidInput("A policy with a frequency cap needs the number of recent messages per customer.")
    refused = has(facts, LAYOUT.denied[channel])
    if not policy.unknown_may_be_messaged:
        refused |= ~has(facts, LAYOUT.granted[channel])
    path = CHANNELS[channel].address
    nobody = np.zeros(len(facts), dtype=bool)
    return {
        Reason.NO_CONSENT: refused,
        Reason.NO_ADDRESS: ~has(facts, LAYOUT.addresses[path]) if path else nobody,
        Reason.SUPPRESSED: has(facts, LAYOUT.suppressed[channel]),
        Reason.FREQUENCY_CAP: recent >= policy.cap.messages if policy.cap and recent is not None else nobody,
    }


def count_recent(
    rows: NDArray[np.int32],
    times_ms: NDArray[np.int64],
    channels: NDArray[np.int8],
    *,
    size: int,
    channel: str,
    policy: Policy,
    now: datetime,
) -> NDArray[np.integer[Any]] | None:
    """Messages over ``channel`` within the cap's window per customer; None without a cap.

    rows, times_ms, channels: of each message that was sent: its customer's row, ms since 1970 UTC, and the place of
    its channel in CHANNEL_PLACES. size: number of customers. now: aware UTC. Raises InvalidInput for an unknown
    channel.
    """
    CHANNELS.named(channel)
    if policy.cap is None:
        return None
    chosen = (channels == CHANNEL_PLACES[channel]) & (times_ms >= to_ms(policy.cap.start(now)))
    return np.bincount(rows[chosen], minlength=size)


def has(facts: Facts, bit: int) -> Mask:
    held: Mask = (facts & facts.dtype.type(bit)) != 0
    return held
