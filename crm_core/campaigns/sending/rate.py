"""One rate per channel for all delivery workers: tokens that an atomic script in Valkey hands out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import redis

from crm_core.infra.streams import redis_translated

BURST_S = 0.25
"""So much of a second's messages may go out at once after a pause."""
LAW = """
local function grant(due, now, gap, room, wanted)
  local ahead = math.max(0, due - now)
  if ahead > room + 1 then ahead = 0 end
  local fits = math.max(0, math.min(wanted, math.floor((room - ahead) / gap)))
  ahead = math.floor(ahead + fits * gap + 0.5)
  local more = math.min(wanted - fits, math.floor(room / gap))
  return fits, now + ahead, math.max(0, math.ceil(ahead + more * gap - room))
end
"""
"""GCRA: ``due`` is when the last granted message would be due if all were evenly spaced, in microseconds. Asked for
more than fits, it grants what fits and says how long until the rest does, or as much of it as may go at once. It is
never further ahead than ``room``, but for a clock that was set back, or a slower rate of before: both are forgotten.
Only differences are compared with ``gap``: beside the time of day a double has no room for its fraction."""
_TAKE = f"""{LAW}
local now = tonumber(ARGV[4])
if not now then local t = redis.call('TIME'); now = t[1] * 1000000 + t[2] end
local gap, room = tonumber(ARGV[1]), tonumber(ARGV[2])
local before = tonumber(redis.call('GET', KEYS[1]) or '0')
local fits, due, wait = grant(before, now, gap, room, tonumber(ARGV[3]))
if fits > 0 then
  redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now + room) / 1000) + 1000)
end
return {{fits, wait}}
"""


@dataclass(frozen=True)
class Grant:
    """count: how many may go now. wait_s: until more may, not one by one but as many as may go at once."""

    count: int
    wait_s: float


class ChannelRates:
    """rates: asked each time, messages a second by channel; the others have no limit."""

    def __init__(self, client: redis.Redis, rates: Callable[[], Mapping[str, float]]) -> None:
        self._rates = rates
        self._take: Any = client.register_script(_TAKE)

    def rate(self, channel: str) -> float | None:
        return self._rates().get(channel)

    def take(self, channel: str, wanted: int, *, now: datetime | None = None, key: str = "rate:channel") -> Grant:
        """Up to ``wanted`` messages over ``channel``. now: instead of the server's own time, for a rehearsal, which
        gives a ``key`` of its own too. Raises Unavailable."""
        rate = self.rate(channel)
        if rate is None:
            return Grant(wanted, 0.0)
        gap, room = spacing_us(rate)
        moment = "" if now is None else str(math.floor(now.timestamp() * 1e6))
        with redis_translated():
            answer = self._take(keys=[f"{key}:{channel}"], args=[gap, room, wanted, moment])
        count, wait_us = cast("list[int]", answer)
        return Grant(count, wait_us / 1e6)


def spacing_us(rate: float) -> tuple[float, float]:
    """Of ``rate`` messages a second: how far they are apart, and how much time's worth may go at once."""
    gap = 1e6 / rate
    return gap, max(gap, BURST_S * 1e6)
