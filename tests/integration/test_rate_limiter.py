"""The limiter against the real Valkey: many at once, and by two processes of the app at once."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from crm_core.access import rate as module
from crm_core.access.api_key import ApiKey, RateLimit
from crm_core.access.keys import OPERATOR
from crm_core.access.rate import LEASE_S, RateLimiter
from crm_core.errors import Unavailable
from crm_core.hosting.ports import free_port
from crm_core.infra.streams import connect_redis_async
from crm_core.services import Services

LIMIT = 1200
PER_MINUTE = RateLimit(LIMIT // 60, LIMIT)
"""A window of a minute, within which everything here happens."""


def key_with(rate: RateLimit | None, key_id: str = "k1") -> ApiKey:
    at = datetime(2026, 6, 15, tzinfo=UTC)
    return ApiKey(key_id, "shop", frozenset(), "operator", OPERATOR, at, "command line", rate=rate)


KEY = key_with(PER_MINUTE)


def run_with_limiters(
    services: Services, count: int, take: Callable[[Sequence[RateLimiter]], Awaitable[list[int | None]]]
) -> list[int | None]:
    """What ``take`` got of that many limiters, each with a connection of its own as in a process of its own."""

    async def run() -> list[int | None]:
        async with AsyncExitStack() as stack:
            assert services.settings.redis_url
            clients = [connect_redis_async(services.settings.redis_url) for _ in range(count)]
            for client in clients:
                stack.push_async_callback(client.aclose)
            return await take([RateLimiter(client, RateLimit(1, 1)) for client in clients])

    return asyncio.run(run())


def let_through(answers: Sequence[int | None]) -> int:
    return answers.count(None)


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_however_many_ask_at_once_no_more_than_the_limit_pass_and_hardly_fewer(
    services: Services, processes: int
) -> None:
    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        asked = (limiters[number % processes].take(KEY) for number in range(3 * LIMIT))
        return await asyncio.gather(*asked)

    answers = run_with_limiters(services, processes, take)
    assert 0.8 * LIMIT <= let_through(answers) <= LIMIT, "a lease that was not used up is lost"
    waits = [answer for answer in answers if answer is not None]
    assert waits
    assert all(1 <= wait_s <= 60 for wait_s in waits)


def test_one_after_another_pass_until_exactly_the_limit(services: Services) -> None:
    key = key_with(RateLimit(1, 60))

    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        return [await limiters[0].take(key) for _ in range(100)]

    answers = run_with_limiters(services, 1, take)
    assert answers[:50] == [None] * 50
    assert let_through(answers) <= 60
    assert answers[-1]


@pytest.mark.parametrize("limit", [1019, 1000, 39, 20, 19, 7])
def test_a_limit_that_does_not_divide_by_the_share_is_exact(services: Services, limit: int) -> None:
    key = key_with(RateLimit(1, limit), "k4")

    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        return [await limiters[0].take(key) for _ in range(limit + 1)]

    services.redis.flushdb()
    answers = run_with_limiters(services, 1, take)
    assert answers[:limit] == [None] * limit
    assert answers[limit] is not None


def test_a_rate_s_leftover_is_unusable_after_a_second(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=50.0, time=time.time)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(module, "time", clock)

    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        slow, fast = limiters
        answers = [await slow.take(KEY)]
        await asyncio.gather(*(fast.take(KEY) for _ in range(2 * LIMIT)))
        clock.now += LEASE_S
        answers.append(await slow.take(KEY))
        clock.now += 0.01
        return [*answers, await slow.take(KEY)]

    first, in_time, too_late = run_with_limiters(services, 2, take)
    assert (first, in_time) == (None, None)
    assert too_late, "what it had left belongs to the second in which it was counted"


def test_keys_are_counted_apart(services: Services) -> None:
    other = key_with(PER_MINUTE, "k2")

    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        await asyncio.gather(*(limiters[0].take(KEY) for _ in range(2 * LIMIT)))
        return [await limiters[0].take(KEY), await limiters[0].take(other)]

    exhausted, fresh = run_with_limiters(services, 1, take)
    assert exhausted
    assert fresh is None


def test_a_key_without_a_rate_of_its_own_has_the_default(services: Services) -> None:
    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        limiter = RateLimiter(services.redis_async, RateLimit(1, 60))
        plain = key_with(None, "k3")
        try:
            return await asyncio.gather(*(limiter.take(plain) for _ in range(200)))
        finally:
            await services.redis_async.aclose()

    assert 48 <= let_through(run_with_limiters(services, 1, take)) <= 60


def test_without_valkey_nobody_is_counted_and_the_caller_is_told() -> None:
    async def take() -> None:
        limiter = RateLimiter(connect_redis_async(f"redis://127.0.0.1:{free_port()}"), PER_MINUTE)
        with pytest.raises(Unavailable):
            await limiter.take(KEY)

    asyncio.run(take())


def test_while_valkey_hangs_all_who_ask_for_one_key_are_told_together() -> None:
    """One after another they would wait for the time-outs of all before them."""

    async def take(port: int) -> list[object]:
        limiter = RateLimiter(connect_redis_async(f"redis://127.0.0.1:{port}"), PER_MINUTE)
        async with asyncio.timeout(10):
            return await asyncio.gather(*(limiter.take(KEY) for _ in range(30)), return_exceptions=True)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        answers = asyncio.run(take(silent.getsockname()[1]))
    assert [type(answer) for answer in answers] == [Unavailable] * 30


def test_a_caller_that_goes_away_takes_nobody_else_s_turn(services: Services) -> None:
    async def take(limiters: Sequence[RateLimiter]) -> list[int | None]:
        first, second = (asyncio.create_task(limiters[0].take(KEY)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return [await second]

    assert run_with_limiters(services, 1, take) == [None]
