"""How many requests an API key may make: counted in Valkey, for all processes of the app together."""

import asyncio
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from crm_core.access.api_key import ApiKey, RateLimit
from crm_core.errors import Unavailable
from crm_core.infra.streams import redis_translated

SHARE = 20
LEASE_S = 1.0
FETCH_S = 3.0


@dataclass
class _Lease:
    """Requests that were counted already and are not yet made."""

    left: int = 0
    until: float = 0.0


class RateLimiter:
    """Takes requests from the common count a twentieth of the limit at a time, so that most cost no round trip."""

    def __init__(self, client: redis.asyncio.Redis, default: RateLimit) -> None:
        pool: Any = client.connection_pool  # its connections serve; the address is only parsed
        storage = RedisStorage(
            "async+redis://shared:6379", implementation="redispy", key_prefix="rate", connection_pool=pool
        )
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._default = default
        self._leases: defaultdict[str, _Lease] = defaultdict(_Lease)
        self._fetches: dict[str, asyncio.Task[int | None]] = {}

    async def take(self, key: ApiKey) -> int | None:
        """Count one request of ``key``; returns the seconds to wait when it is one too many. Raises Unavailable."""
        lease = self._leases[key.id]
        while not _use(lease):
            if wait_s := await asyncio.shield(self._fetch_for_all(key, lease)):
                return wait_s
        return None

    def _fetch_for_all(self, key: ApiKey, lease: _Lease) -> "asyncio.Task[int | None]":
        """One at a time for each key, whose outcome is that of all who wait: while Valkey hangs, nobody queues up."""
        if (running := self._fetches.get(key.id)) is not None:
            return running
        fetch = asyncio.create_task(self._fetch(key, lease))
        self._fetches[key.id] = fetch
        fetch.add_done_callback(lambda done: self._forget(key, done))
        return fetch

    def _forget(self, key: ApiKey, done: "asyncio.Task[int | None]") -> None:
        del self._fetches[key.id]
        if not done.cancelled():
            done.exception()  # seen, also when everybody who waited has gone

    async def _fetch(self, key: ApiKey, lease: _Lease) -> int | None:
        window = to_window(key.rate or self._default)
        try:
            async with asyncio.timeout(FETCH_S):
                with redis_translated():
                    return await self._fetch_share(key, window, lease)
        except TimeoutError:
            raise Unavailable("The stream server does not answer. Try again in a moment.") from None

    async def _fetch_share(self, key: ApiKey, window: RateLimitItem, lease: _Lease) -> int | None:
        for count in (max(1, window.amount // SHARE), 1):
            if await self._limiter.hit(window, key.id, cost=count):
                lease.left, lease.until = count, time.monotonic() + LEASE_S
                return None
        stats = await self._limiter.get_window_stats(window, key.id)
        return max(1, math.ceil(stats.reset_time - time.time()))


def to_window(rate: RateLimit) -> RateLimitItem:
    """The rate as a sliding window of whole seconds, long enough for the burst."""
    seconds = max(1, math.ceil(rate.burst / rate.per_second))
    return RateLimitItemPerSecond(rate.per_second * seconds, seconds)


def _use(lease: _Lease) -> bool:
    if lease.left <= 0 or time.monotonic() > lease.until:
        return False
    lease.left -= 1
    return True
