"""The mask form of ``eligibility``: one number per customer that says who can be reached over which channel."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.eligibility import ADDRESSES, CHANNELS, Policy, Reason, check_channel, is_address
from crm_core.errors import InvalidInput
from crm_core.rules.engines.columns import Mask, to_ms

DENIED, GRANTED, SUPPRESSED = (
    {channel: 1 << first + place for place, channel in enumerate(CHANNELS)} for first in (0, 5, 10)
)
EMAIL, PHONE, PUSH_TOKEN = (1 << place for place in (15, 16, 17))
ADDRESS_BITS = {"email": EMAIL, "phone": PHONE, "attributes.push_token": PUSH_TOKEN}

_CONSENT = {channel: {"denied": DENIED[channel], "granted": GRANTED[channel]} for channel in CHANNELS}
_NOTHING: Mapping[Any, Any] = {}


def encode_reach(
    customers: Sequence[Mapping[str, Any]], suppressed: Mapping[str, Collection[str]]
) -> NDArray[np.uint32]:
    """What each of these stored customers allows, in their order. suppressed: customer id to channels."""
    facts = []
    for customer in customers:  # once per customer of a workspace: one loop without calls, about 1 µs each
        get = customer.get
        bits = 0
        for channel, given in get("consent", _NOTHING).items():
            bits |= _CONSENT.get(channel, _NOTHING).get(given.get("state"), 0)
        if get("email"):  # the border lets in no e-mail and no phone number that is not one
            bits |= EMAIL
        if get("phone"):
            bits |= PHONE
        if (token := get("attributes", _NOTHING).get("push_token")) and is_address(token):
            bits |= PUSH_TOKEN
        facts.append(bits)
    if suppressed:
        for row, customer in enumerate(customers):
            for channel in suppressed.get(customer["_id"], ()):
                facts[row] |= SUPPRESSED[channel]
    return np.array(facts, dtype=np.uint32)


def ineligible(
    facts: NDArray[np.uint32], recent: NDArray[np.integer[Any]] | None, channel: str, policy: Policy
) -> dict[Reason, Mask]:
    """Who gets no message over ``channel``, by reason: the first that holds, so that the masks are disjoint.

    facts: of encode_reach. recent: messages of that channel within the cap's window per row, of count_recent; only a
    policy with a cap needs it. CUSTOMER_GONE is left out: who is gone has no row. Raises InvalidInput.
    """
    check_channel(channel)
    left = np.ones(len(facts), dtype=bool)
    found: dict[Reason, Mask] = {}
    for reason, holds in _asked(facts, recent, channel, policy).items():
        found[reason] = left & holds
        left &= ~holds
    return found


def _asked(
    facts: NDArray[np.uint32], recent: NDArray[np.integer[Any]] | None, channel: str, policy: Policy
) -> dict[Reason, Mask]:
    """Each reason by itself, in the order of Reason."""
    if policy.cap and recent is None:
        raise InvalidInput("A policy with a frequency cap needs the number of recent messages per customer.")
    refused = _has(facts, DENIED[channel]) if policy.unknown_may_be_messaged else ~_has(facts, GRANTED[channel])
    path = ADDRESSES[channel]
    nobody = np.zeros(len(facts), dtype=bool)
    return {
        Reason.NO_CONSENT: refused,
        Reason.NO_ADDRESS: ~_has(facts, ADDRESS_BITS[path]) if path else nobody,
        Reason.SUPPRESSED: _has(facts, SUPPRESSED[channel]),
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
    its channel in CHANNELS. size: number of customers. now: aware UTC. Raises InvalidInput for an unknown channel.
    """
    check_channel(channel)
    if policy.cap is None:
        return None
    chosen = (channels == CHANNELS.index(channel)) & (times_ms >= to_ms(policy.cap.start(now)))
    return np.bincount(rows[chosen], minlength=size)


def _has(facts: NDArray[np.uint32], bit: int) -> Mask:
    held: Mask = (facts & np.uint32(bit)) != 0
    return held
