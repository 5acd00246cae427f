"""Addresses that several customers have: a no of one of them counts for all, and one message is sent to them all.

They are few: of an address that nobody else has, or had when a message went there, nothing is kept.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.access.kept_keys import KeptKey
from crm_core.audience.eligibility import Policy, Reason
from crm_core.audience.reach import CHANNEL_PLACES, LAYOUT, Facts, count_recent, has, ineligible
from crm_core.audience.snapshot.bits import WORD, Bits, unpack
from crm_core.audience.snapshot.shard import AddressSends, SharedRows
from crm_core.audience.snapshot.version import Version
from crm_core.channels.registry import CHANNELS
from crm_core.infra.mongo import Db
from crm_core.rules.engines.columns import Mask, to_ms

KEY_ID = "address_hash_key"
ADDRESS_PLACES: Mapping[str, int] = {path: place for place, path in enumerate(CHANNELS.addresses)}


class AddressHashes:
    """64 bits for each entry of ``address_keys``, by a key of the database: the same in every process, and whoever has
    the hashes alone can try no addresses on them."""

    def __init__(self, db: Db) -> None:
        self._key = KeptKey(db, KEY_ID)

    @property
    def mark(self) -> str:
        """Of the key."""
        return _digest("", self._key.get()).hex()

    def of(self, entries: Iterable[str]) -> NDArray[np.int64]:
        """Raises Unavailable before the key was read."""
        key = self._key.get()
        return np.frombuffer(b"".join([_digest(entry, key) for entry in entries]), dtype=np.int64)

    def one(self, entry: str) -> int:
        return int.from_bytes(_digest(entry, self._key.get()), sys.byteorder, signed=True)


def _digest(entry: str, key: bytes) -> bytes:
    return blake2s(entry.encode(), digest_size=8, key=key).digest()


def find_shared(
    rows: NDArray[np.int32],
    places: NDArray[np.int8],
    keys: NDArray[np.int64],
    sends: AddressSends,
    known: NDArray[np.int64],
) -> tuple[SharedRows, AddressSends]:
    """What is to be kept of all addresses of some customers, and of all messages that they got. known: keys of which
    something is kept elsewhere."""
    inside, counts = np.unique(keys, return_counts=True)
    wanted = np.unique(np.concatenate([inside[counts > 1], known, _of_others(rows, places, keys, sends)]))
    mine, theirs = np.isin(keys, wanted), np.isin(sends.keys, wanted)
    return SharedRows(rows[mine], places[mine], keys[mine]), AddressSends(*(each[theirs] for each in sends.arrays))


def _of_others(
    rows: NDArray[np.int32], places: NDArray[np.int8], keys: NDArray[np.int64], sends: AddressSends
) -> NDArray[np.int64]:
    """Keys of addresses at which customers got messages that are not theirs any more."""
    if not sends.keys.size:
        return sends.keys
    present = {*zip(rows.tolist(), keys.tolist(), strict=True)}
    told = zip(sends.rows.tolist(), sends.keys.tolist(), strict=True)
    return np.array([key for row, key in told if (row, key) not in present], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class SharedAddress:
    """The customers with a shared address of one kind. positions: their bits in sets over all parts. groups: which of
    ``keys``, that are in order, each has. facts: of encode_reach."""

    version: Version
    positions: NDArray[np.int64]
    groups: NDArray[np.intp]
    keys: NDArray[np.int64]
    facts: Facts
    rows: Sequence[NDArray[np.int32]]

    def refuse(self, channel: str, policy: Policy, now: datetime | None = None) -> dict[Reason, Mask]:
        """Which of them get no message over the channel, by reason: what ``ineligible`` says once what holds for an
        address holds for each who has it. now: needed for a policy with a cap."""
        facts = self.facts.copy()
        for bit in (LAYOUT.denied[channel], LAYOUT.suppressed[channel]):
            facts[self._any(has(facts, bit))] |= facts.dtype.type(bit)
        return ineligible(facts, self._recent(channel, policy, now), channel, policy)

    def spread(self, bits: Bits) -> Bits:
        """The set with whoever has the address of one who is in it."""
        return self.written_over(bits, self._any(self.inside(bits)))

    def count_repeated(self, chosen: Mask) -> int:
        """How many of the chosen have the address of another one."""
        numbers = np.bincount(self.groups[chosen], minlength=self.keys.size)
        return int(numbers.sum() - np.count_nonzero(numbers))

    def inside(self, bits: Bits) -> Mask:
        """Which of them are in the set."""
        words = bits[self.positions // WORD] >> (self.positions % WORD).astype(np.uint64)
        found: Mask = (words & np.uint64(1)).astype(bool)
        return found

    def written_over(self, bits: Bits, mask: Mask) -> Bits:
        """A copy of the set in which those of the mask are, and the others of them are not."""
        left = bits.copy()
        words = (self.positions // WORD).astype(np.intp)
        each = np.uint64(1) << (self.positions % WORD).astype(np.uint64)
        np.bitwise_and.at(left, words, ~each)
        np.bitwise_or.at(left, words[mask], each[mask])
        return left

    def _any(self, mask: Mask) -> Mask:
        """Those with an address that one of the mask has."""
        found: Mask = (np.bincount(self.groups, weights=mask, minlength=self.keys.size) > 0)[self.groups]
        return found

    def _recent(self, channel: str, policy: Policy, now: datetime | None) -> NDArray[np.integer[Any]] | None:
        """Messages that count towards the cap, of the customer or at the address, whichever are more."""
        if policy.cap is None:
            return None
        assert now is not None
        own, at_address = [], np.zeros(self.keys.size, dtype=np.int64)
        start = to_ms(policy.cap.start(now))
        for part, rows in zip(self.version.parts, self.rows, strict=True):
            sends, told = part.shard.sends, part.shard.address_sends
            counts = count_recent(
                sends.customers,
                sends.times,
                sends.channels,
                size=part.shard.size,
                channel=channel,
                policy=policy,
                now=now,
            )
            assert counts is not None
            own.append(counts[rows])
            alive = unpack(part.alive, part.shard.size)
            chosen = told.keys[(told.channels == CHANNEL_PLACES[channel]) & (told.times >= start) & alive[told.rows]]
            places = np.searchsorted(self.keys, chosen)
            places = places[(places < self.keys.size) & (self.keys[np.minimum(places, self.keys.size - 1)] == chosen)]
            at_address += np.bincount(places, minlength=self.keys.size)
        return np.maximum(np.concatenate(own), at_address[self.groups])


def read_shared(version: Version, path: str) -> SharedAddress | None:
    """None when nobody shares an address of that kind."""
    if path not in version.remembered:
        version.remembered[path] = _read_shared(version, path)
    found: SharedAddress | None = version.remembered[path]
    return found


def _read_shared(version: Version, path: str) -> SharedAddress | None:
    found = list(_living(version, ADDRESS_PLACES[path]))
    if not sum(rows.size for rows, *_ in found):
        return None
    keys, groups = np.unique(np.concatenate([each for _, _, each, _ in found]), return_inverse=True)
    positions = np.concatenate([start * WORD + rows.astype(np.int64) for rows, start, *_ in found])
    facts = np.concatenate([each for *_, each in found])
    return SharedAddress(version, positions, groups, keys, facts, [rows for rows, *_ in found])


def _living(version: Version, place: int) -> Iterator[tuple[NDArray[np.int32], int, NDArray[np.int64], Facts]]:
    """Of each part: rows, its first word in sets over all parts, keys, facts."""
    start = 0
    for part in version.parts:
        shared = part.shard.shared
        alive = unpack(part.alive, part.shard.size)
        wanted = (shared.places == place) & alive[shared.rows]
        rows = shared.rows[wanted]
        yield rows, start, shared.keys[wanted], part.shard.reach[rows]
        start += part.alive.size
