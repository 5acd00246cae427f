"""What pages show of campaigns: the figures that are kept with them, and a count where there are none yet.

However many people look however often, counting takes a small share of the time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Generic, TypeVar

from cachetools import TLRUCache, cachedmethod

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.counting import read_details
from crm_core.campaigns.counts import to_details, to_stats
from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.model import Campaign, Details
from crm_core.campaigns.states import RUNNING
from crm_core.infra.clock import Clock
from crm_core.schema.message_states import MessageState

CHEAP_S = 0.1
"""What is counted faster is counted each time."""
REST, LONG_REST = 10, 100
"""For so many times as long as it took a count stands: while messages are on their way, and when none is any more."""
KEPT = 1_000
PATIENCE = timedelta(seconds=5)
"""What is due for so long is counted here: the campaign worker may be down."""
SMALL = 50_000
"""Of so many rows the details can be counted while somebody waits."""

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
        self._details = TLRUCache[Any, Counted[Details], float](KEPT, _until, timer)

    def stats(self, campaign: Campaign, *, actor: Actor) -> Counted[Stats]:
        actor.require(Permission.READ_FIGURES)
        kept = campaign.get("counts")
        if kept and self._holds(kept["as_of"], kept["took_s"], campaign.get("counts_due")):
            return Counted(to_stats(kept), kept["as_of"], kept["took_s"], 0)
        return self._count_stats(campaign)

    def details(self, campaign: Campaign, *, actor: Actor) -> Details | None:
        """Of a launched campaign; None while those of a large one are being counted."""
        actor.require(Permission.READ_FIGURES)
        kept = campaign.get("details")
        if kept and self._holds(kept["as_of"], kept["took_s"], campaign.get("details_due")):
            return kept
        if self.stats(campaign, actor=actor).value.audience > SMALL:
            return kept
        return self._count_details(campaign).value

    def _holds(self, as_of: datetime, took_s: float, due: datetime | None) -> bool:
        """Whether nothing has moved since, or somebody is about to count it."""
        return due is None or self._clock() - as_of <= PATIENCE + timedelta(seconds=REST * took_s)

    @cachedmethod(attrgetter("_stats"), key=_version, condition=attrgetter("_condition"))
    def _count_stats(self, campaign: Campaign) -> Counted[Stats]:
        return self._count(lambda _: self._message_log.stats(campaign["_id"]), lambda stats: _rest_of(campaign, stats))

    @cachedmethod(attrgetter("_details"), key=_version, condition=attrgetter("_condition"))
    def _count_details(self, campaign: Campaign) -> Counted[Details]:
        rest = self._count_stats(campaign).rest
        return self._count(lambda as_of: self._read_details(campaign, as_of), lambda _: rest)

    def _read_details(self, campaign: Campaign, as_of: datetime) -> Details:
        stats, timeline = read_details(self._message_log, campaign, as_of)
        return to_details(stats, timeline, as_of=as_of, took=timedelta())

    def _count(self, count: Callable[[datetime], Value], rest: Callable[[Value], int]) -> Counted[Value]:
        as_of, begun = self._clock(), self._timer()
        value = count(as_of)
        return Counted(value, as_of, self._timer() - begun, rest(value))


def _until(_: Any, counted: Counted[Any], now: float) -> float:
    return now if counted.took_s < CHEAP_S else now + counted.rest * counted.took_s


def _rest_of(campaign: Campaign, stats: Stats) -> int:
    on_the_way = stats.by_state[MessageState.PENDING] + stats.by_state[MessageState.SENT]
    return REST if campaign["state"] in RUNNING or on_the_way else LONG_REST
