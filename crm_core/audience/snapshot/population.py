"""Whom a rule finds in a version of the snapshot, as sets that can be joined, counted and taken apart."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import partial
from typing import assert_never

import numpy as np

from crm_core.audience.eligibility import Policy
from crm_core.audience.reach import ineligible, is_free
from crm_core.audience.snapshot.bits import Bits, count, first_rows, pack, unpack
from crm_core.audience.snapshot.shard import Shard
from crm_core.audience.snapshot.sharing import SharedAddress, read_shared
from crm_core.audience.snapshot.suppression_columns import suppressed_mask
from crm_core.audience.snapshot.version import Version
from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
    OnlyMessages,
    OnlyOrders,
    Place,
    node_at,
    properties_of,
)
from crm_core.rules.engines.columns import Mask
from crm_core.rules.engines.mask import mask
from crm_core.rules.fields import CustomerField
from crm_core.rules.tree import SuppressedRule


class Population:
    """Sets have a bit per row of every part, one part behind another. For one reader, who asks of one moment."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._parts = version.parts
        self.everyone = self._joined([part.alive for part in self._parts])
        self.nobody = np.zeros_like(self.everyone)
        self.total = count(self.everyone)
        self._found: dict[int, tuple[Bound, Bits]] = {}  # with the tree, lest another one gets its id

    @property
    def has_sends(self) -> bool:
        """Whether the messages that a frequency cap counts are in memory."""
        return all(part.shard.sends.is_read for part in self._parts)

    def holds(self, bound: Bound) -> bool:
        """Whether all that the rule asks for is in memory."""
        match bound:
            case BoundField():
                return self._holds(bound.field)
            case BoundComparison():
                return all(self._holds(each) for each in (bound.field, bound.other))
            case BoundGroup():
                return all(map(self.holds, bound.children))
            case BoundSegment():
                return self.holds(bound.child)
            case BoundRecords():
                return all(_holds_records(part.shard, bound) for part in self._parts)
            case BoundReach() | BoundList():
                return True
            case _:
                assert_never(bound)

    def _holds(self, found: CustomerField) -> bool:
        names = {"total_spend", "order_count"} if found.is_average else {found.name}
        return all(names <= part.shard.columns.fields.keys() for part in self._parts)

    def find(self, bound: Bound, instead: Mapping[Place, Bits] | None = None, place: Place = ()) -> Bits:
        """Those who match. instead: sets that take the place of what these nodes find. Not to be changed."""
        if instead and place in instead:
            return instead[place]
        if instead and any(other[: len(place)] == place for other in instead):
            assert isinstance(bound, BoundGroup)
            return self._group(bound, instead, place)
        if (known := self._found.get(id(bound))) is None:
            known = self._found[id(bound)] = bound, self._node(bound)
        return known[1]

    def find_once(self, bound: Bound) -> Bits:
        """Those who match a rule that is not asked again: nothing remembers them."""
        return self._joined([pack(mask(bound, part.shard.columns)) for part in self._parts]) & self.everyone

    def find_without(self, bound: Bound, place: Place) -> Bits:
        """Those who match the rule with that node taken out; a group that is left empty is taken out as well."""
        while place:
            parent = node_at(bound, place[:-1])
            assert isinstance(parent, BoundGroup)
            if len(parent.children) > 1:
                neutral = self.everyone if parent.rule.kind == "all" else self.nobody
                return self.find(bound, {place: neutral})
            place = place[:-1]
        return self.everyone

    def collect(self, key: Hashable, compute: Callable[[Shard], Mask]) -> Bits:
        """The set of the rows that ``compute`` finds in each shard, which remembers it by ``key``."""
        sets = [part.shard.sets.get(key, lambda shard=part.shard: compute(shard)) for part in self._parts]  # type: ignore[misc]
        return self._joined(sets) & self.everyone

    def shared(self, path: str | None) -> SharedAddress | None:
        """Who has an address there that others have too; None when nobody has, or no address is needed."""
        return read_shared(self._version, path) if path else None

    def shards(self, bits: Bits) -> Iterator[tuple[Shard, Mask]]:
        """Each shard with which of its rows are in the set."""
        start = 0
        for part in self._parts:
            end = start + part.alive.size
            yield part.shard, unpack(bits[start:end], part.shard.size)
            start = end

    def first_ids(self, bits: Bits, most: int) -> list[str]:
        """The first customers of the set by id."""
        ids: list[str] = []
        start = 0
        for part in self._parts:
            end = start + part.alive.size
            ids += [part.shard.ids.at(row) for row in first_rows(bits[start:end], most)]
            start = end
        return sorted(ids, key=str.encode)[:most]

    def _node(self, bound: Bound) -> Bits:
        match bound:
            case BoundGroup():
                return self._group(bound, None, ())
            case BoundSegment():
                return self.find(bound.child)
            case BoundReach():
                return self._reach(bound)
            case BoundField() | BoundComparison() | BoundRecords() | BoundList():
                return self.collect(_key(bound), lambda shard: mask(bound, shard.columns))
            case _:
                assert_never(bound)

    def _reach(self, bound: BoundReach) -> Bits:
        """By what each says, and then by what others with the same address do."""
        channel, policy = bound.channel.name, Policy(bound.unknown_may_be_messaged)
        shared = self.shared(bound.channel.address)
        if isinstance(bound.rule, SuppressedRule):
            reason = bound.rule.reason
            own = partial(suppressed_mask, channel=channel, reason=reason)
            found = self.collect(("suppressed", channel, reason), own)
            return shared.spread(found) if shared else found
        by_itself = partial(_is_free, channel=channel, policy=policy)
        found = self.collect(("reach", channel, policy), by_itself)
        return shared.written_over(found, is_free(shared.refuse(channel, policy))) if shared else found

    def _group(self, bound: BoundGroup, instead: Mapping[Place, Bits] | None, place: Place) -> Bits:
        is_all = bound.rule.kind == "all"
        found = (self.everyone if is_all else self.nobody).copy()
        for number, child in enumerate(bound.children):
            one = self.find(child, instead, (*place, number)) if instead else self.find(child)
            if is_all:
                found &= one
            else:
                found |= one
        return self.everyone & ~found if bound.rule.kind == "none" else found

    @staticmethod
    def _joined(sets: Sequence[Bits]) -> Bits:
        return np.concatenate(sets) if sets else np.empty(0, dtype=np.uint64)


def _is_free(shard: Shard, *, channel: str, policy: Policy) -> Mask:
    return is_free(ineligible(shard.reach, None, channel, policy))


def _holds_records(shard: Shard, bound: BoundRecords) -> bool:
    """Orders are always held, their items, messages and properties of events once a rule has asked for them."""
    if isinstance(bound.only, OnlyMessages):
        return shard.columns.messages is not None
    if isinstance(bound.only, OnlyOrders):
        return bound.only.item is None or shard.columns.orders.items is not None
    return properties_of(bound) <= shard.columns.events.properties.keys()


def _key(bound: BoundField | BoundComparison | BoundRecords | BoundList) -> Hashable:
    """What tells conditions apart that find different people."""
    match bound:
        case BoundField():
            return bound.field.name, bound.predicate, bound.operator.is_negative
        case BoundComparison():
            names = bound.field.name, bound.other.name
            return "comparison", *names, bound.relation, bound.zone, bound.operator.is_negative
        case BoundRecords():
            return bound.only, bound.measure, bound.predicate, bound.operator.is_negative
        case BoundList():
            return "list", bound.rule.customer_ids
