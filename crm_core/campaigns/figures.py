"""What pages show of campaigns. However many people look however often, counting takes a small share of the time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from cachetools import TLRUCache, cachedmethod

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import RUNNING, MessageState
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Doc

CHEAP_S = 0.1
"""What is counted faster is counted each time."""
REST, LONG_REST = 10, 100
"""For so many times as long as it took a count stands: while messages are on their way, and when none is any more."""
KEPT = 1_000

Value = TypeVar("Value")


@dataclass(frozen=True)
class Counted(Generic[Value]):
    """as_of: when it was counted. took_s: seconds. rest: for how many times that it stands."""

    value: Value
    as_of: datetime
    took_s: float
    rest: int


def _version(_: "Figures", campaign: Campaign) -> tuple[Any, ...]:
    """A campaign that has moved on is counted anew, also if it has come back to where it was."""
    return campaign["_id"], *(campaign.get(name) for name in ("state", "audience", "paused_at", "finished_at"))


class Figures:
    """Each call takes a campaign as it was read a moment ago, and raises Unavailable. Two who ask for the same at once
    wait for one count."""

    def __init__(self, message_log: MessageLog, clock: Clock, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._message_log = message_log
        self._clock = clock
        self._timer = timer
        self._condition = threading.Condition()
        self._stats = TLRUCache[Any, Counted[Stats], float](KEPT, _until, timer)
        self._timelines = TLRUCache[Any, Counted[list[Doc]], float](KEPT, _until, timer)

    def stats(self, campaign: Campaign, *, actor: Actor) -> Counted[Stats]:
        actor.require(Permission.READ_FIGURES)
        return self._count_stats(campaign)

    def timeline(self, campaign: Campaign, *, actor: Actor) -> Counted[list[Doc]]:
        """Of a launched campaign, until its end or now."""
        actor.require(Permission.READ_FIGURES)
        return self._count_timeline(campaign)

    @cachedmethod(attrgetter("_stats"), key=_version, condition=attrgetter("_condition"))
    def _count_stats(self, campaign: Campaign) -> Counted[Stats]:
        return self._count(lambda: self._message_log.stats(campaign["_id"]), lambda stats: _rest_of(campaign, stats))

    @cachedmethod(attrgetter("_timelines"), key=_version, condition=attrgetter("_condition"))
    def _count_timeline(self, campaign: Campaign) -> Counted[list[Doc]]:
        start, end = campaign["launched_at"], campaign.get("finished_at") or self._clock()
        rest = self._count_stats(campaign).rest
        return self._count(lambda: self._message_log.timeline(campaign["_id"], start=start, end=end), lambda _: rest)

    def _count(self, count: Callable[[], Value], rest: Callable[[Value], int]) -> Counted[Value]:
        as_of, begun = self._clock(), self._timer()
        value = count()
        return Counted(value, as_of, self._timer() - begun, rest(value))


def _until(_: Any, counted: Counted[Any], now: float) -> float:
    return now if counted.took_s < CHEAP_S else now + counted.rest * counted.took_s


def _rest_of(campaign: Campaign, stats: Stats) -> int:
    on_the_way = stats.by_state[MessageState.PENDING] + stats.by_state[MessageState.SENT]
    return REST if campaign["state"] in RUNNING or on_the_way else LONG_REST
