"""The part of a pipeline that looks up what forbids messages: who else has an address, and which suppressions hold."""

import re
from typing import Any

from crm_core.channels.channel import Channel
from crm_core.rules.bound import BoundReach
from crm_core.rules.engines.mongo_ranges import Filter, Stage
from crm_core.rules.tree import ReachRule
from crm_core.schema.suppressions import address_row_id, customer_row_id

DENIED, GRANTED = "denied", "granted"


class ReachPart:
    """Collects the channels that conditions ask for while a filter is made of them."""

    def __init__(self) -> None:
        self._channels: dict[str, Channel] = {}

    def filter(self, bound: BoundReach) -> Filter:
        """A filter on what the stages add to each customer."""
        channel = bound.channel
        self._channels[channel.name] = channel
        stopped = f"{_stops(channel)}.0"
        if isinstance(bound.rule, ReachRule):
            nobody_refused = [{f"{_holders(channel)}.refused": {"$ne": channel.name}}] if channel.address else []
            return {"$and": [*implied_by_reach(bound), *nobody_refused, {stopped: {"$exists": False}}]}
        reason = bound.rule.reason
        found: Filter = {stopped: {"$exists": True}} if reason is None else {f"{_stops(channel)}.reason": reason}
        return {"$or": [found, {"address_keys": {"$in": sorted(bound.erased)}}]}

    def stages(self) -> list[Stage]:
        """One lookup for each kind of address, and one for each channel."""
        addressed = {_holders(channel): channel for channel in self._channels.values() if channel.address}
        stages = [stage for channel in addressed.values() for stage in _holder_stages(channel)]
        return [*stages, *(stage for each in self._channels.values() for stage in _stop_stages(each))]

    def names(self) -> list[str]:
        """Of what the stages add, to be removed at the end."""
        channels = self._channels.values()
        of_addresses = {name for each in channels if each.address for name in (_entry(each), _holders(each))}
        return [*sorted(of_addresses), *map(_stops, channels)]


def implied_by_reach(bound: BoundReach) -> list[Filter]:
    """What holds for whoever can be messaged, by the fields of the customer alone."""
    channel = bound.channel
    state = {"$ne": DENIED} if bound.unknown_may_be_messaged else GRANTED
    parts: list[Filter] = [{f"consent.{channel.name}.state": state}]
    if channel.address:
        parts.append({"address_keys": {"$regex": f"^{re.escape(channel.entry(''))}"}})
    if bound.erased:
        parts.append({"address_keys": {"$nin": sorted(bound.erased)}})
    return parts


def _holder_stages(channel: Channel) -> list[Stage]:
    """The customer's entry among ``address_keys``, "" for none, and whoever has it."""
    start, entry = channel.entry(""), _entry(channel)
    mine = {"$filter": {"input": "$address_keys", "cond": {"$eq": [{"$indexOfBytes": ["$$this", start]}, 0]}}}
    source = {"from": "customers", "localField": entry, "foreignField": "address_keys", "as": _holders(channel)}
    return [
        {"$set": {entry: {"$ifNull": [{"$first": mine}, ""]}}},
        {"$lookup": {**source, "pipeline": [{"$project": {"refused": 1}}]}},
    ]


def _stop_stages(channel: Channel) -> list[Stage]:
    """The suppressions of the customer, of the address, and of whoever has it, by their ids."""
    name, stops = channel.name, _stops(channel)
    ids: Any = [_of_customer(name, "$_id")]
    if channel.address:
        key = {"$substrBytes": [f"${_entry(channel)}", len(channel.entry("").encode()), -1]}
        of_holders = {"$map": {"input": f"${_holders(channel)}._id", "in": _of_customer(name, "$$this")}}
        ids = {"$concatArrays": [[*ids, {"$concat": [address_row_id(name, ""), key]}], of_holders]}
    source = {"from": "suppressions", "localField": stops, "foreignField": "_id", "as": stops}
    return [{"$set": {stops: ids}}, {"$lookup": source}]


def _of_customer(channel: str, customer_id: str) -> Filter:
    return {"$concat": [customer_row_id(channel, ""), customer_id]}


def _entry(channel: Channel) -> str:
    return f"_entry_{_kind(channel)}"


def _holders(channel: Channel) -> str:
    return f"_holders_{_kind(channel)}"


def _kind(channel: Channel) -> str:
    """Of address, as a name."""
    return (channel.address or "").replace(".", "_")


def _stops(channel: Channel) -> str:
    return f"_stops_{channel.name}"
