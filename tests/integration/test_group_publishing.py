"""Publishing from one event loop: what comes in together is written together, and each caller gets its own answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.exceptions import ResponseError

from crm_core.errors import Unavailable
from crm_core.hosting.ports import free_port
from crm_core.infra.group_publishing import MAX_TOGETHER, AsyncPublisher
from crm_core.infra.streams import Stream, connect_redis_async, split_id
from crm_core.services import Services

ORDERS = Stream.ORDERS


def with_publisher(services: Services, use: Callable[[AsyncPublisher], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        assert services.settings.redis_url
        async with connect_redis_async(services.settings.redis_url) as client:
            return await use(AsyncPublisher(client))

    return asyncio.run(run())


def payloads(caller: int, count: int) -> list[bytes]:
    return [b"%d/%d" % (caller, number) for number in range(count)]


def on_stream(services: Services, stream: Stream = ORDERS) -> list[tuple[str, bytes]]:
    rows: Any = services.redis.xrange(stream)
    return [(entry_id.decode(), fields[b"d"]) for entry_id, fields in rows]


def test_each_concurrent_caller_gets_its_own_last_position_and_keeps_its_order(services: Services) -> None:
    sizes = [1, 7, 1, 1000, 3, 1000, 999, 1, 2, MAX_TOGETHER + 5, 40, 1] + [1] * 300

    async def use(publisher: AsyncPublisher) -> list[str]:
        return await asyncio.gather(
            *(publisher.publish(ORDERS, payloads(caller, size)) for caller, size in enumerate(sizes))
        )

    positions = with_publisher(services, use)
    found = on_stream(services)
    assert len(found) == sum(sizes)
    for caller, size in enumerate(sizes):
        own = [(entry_id, data) for entry_id, data in found if data.startswith(b"%d/" % caller)]
        assert [data for _, data in own] == payloads(caller, size)
        assert own[-1][0] == positions[caller]
    assert sorted(positions, key=split_id) == positions, "those who came first were written first"


def test_callers_that_come_while_a_write_is_under_way_are_in_the_next(services: Services) -> None:
    async def use(publisher: AsyncPublisher) -> list[str]:
        async def one_after_another(caller: int) -> list[str]:
            return [await publisher.publish(ORDERS, [b"%d/%d" % (caller, number)]) for number in range(50)]

        return [
            position for positions in await asyncio.gather(*map(one_after_another, range(20))) for position in positions
        ]

    positions = with_publisher(services, use)
    assert sorted(positions, key=split_id) == [entry_id for entry_id, _ in on_stream(services)]


def test_origin_is_kept_with_each_entry(services: Services) -> None:
    with_publisher(services, lambda publisher: publisher.publish(ORDERS, [b"1", b"2"], origin="key:shop"))
    rows: Any = services.redis.xrange(ORDERS)
    assert [fields[b"o"] for _, fields in rows] == [b"key:shop"] * 2


def test_a_caller_that_goes_away_disturbs_no_other(services: Services) -> None:
    async def use(publisher: AsyncPublisher) -> list[Any]:
        tasks = [asyncio.create_task(publisher.publish(ORDERS, payloads(caller, 3))) for caller in range(9)]
        await asyncio.sleep(0)  # all have said what they want; nothing is written yet
        for gone in (0, 4, 8):
            tasks[gone].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = with_publisher(services, use)
    positions = {data: entry_id for entry_id, data in on_stream(services)}
    for caller, answer in enumerate(answers):
        if caller in (0, 4, 8):
            assert isinstance(answer, asyncio.CancelledError)
        else:
            assert answer == positions[b"%d/2" % caller]


def test_a_publisher_goes_on_after_all_its_callers_went_away(services: Services) -> None:
    async def use(publisher: AsyncPublisher) -> Any:
        gone = asyncio.create_task(publisher.publish(ORDERS, [b"gone"]))
        await asyncio.sleep(0)
        gone.cancel()
        return await publisher.publish(ORDERS, [b"here"])

    position = with_publisher(services, use)
    assert (position, b"here") in on_stream(services)


def test_in_an_outage_everybody_who_waits_is_told(services: Services) -> None:
    async def run() -> list[Any]:
        publisher = AsyncPublisher(connect_redis_async(f"redis://127.0.0.1:{free_port()}"))
        wishes = [publisher.publish(ORDERS, payloads(caller, size)) for caller, size in enumerate((1, 1000, 1500, 2))]
        return await asyncio.gather(*wishes, return_exceptions=True)

    answers = asyncio.run(run())
    assert len(answers) == 4
    assert all(isinstance(answer, Unavailable) for answer in answers)


def test_a_command_that_fails_is_the_fault_of_its_own_caller_alone(services: Services) -> None:
    services.redis.set(Stream.EVENTS, "somebody put something else here")

    async def use(publisher: AsyncPublisher) -> list[Any]:
        wishes = (
            publisher.publish(ORDERS, [b"before"]),
            publisher.publish(Stream.EVENTS, [b"1", b"2"]),
            publisher.publish(ORDERS, [b"after"]),
        )
        return list(await asyncio.gather(*wishes, return_exceptions=True))

    before, failed, after = with_publisher(services, use)
    assert isinstance(failed, ResponseError)
    assert on_stream(services) == [(before, b"before"), (after, b"after")]


def test_nothing_has_no_position(services: Services) -> None:
    async def use(publisher: AsyncPublisher) -> str:
        with pytest.raises(ValueError, match="nothing to publish"):
            await publisher.publish(ORDERS, [])
        return await publisher.publish(ORDERS, [b"x"])

    assert with_publisher(services, use) == on_stream(services)[0][0]
