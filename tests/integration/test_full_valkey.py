"""Valkey at its memory limit: what was accepted is handled, whoever starts or takes over meanwhile, and makes room."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, cast

import pytest
import redis

from crm_core.errors import Unavailable
from crm_core.infra.consumer import Consumer
from crm_core.infra.heartbeat import Activity
from crm_core.infra.streams import Entry, Stream
from crm_core.services import Services
from tests.integration.feeding import make_entry
from tests.integration.stream_line import Line, Recorder, crash, run_until_idle
from workers.running import tended


@contextmanager
def full(client: redis.Redis) -> Iterator[None]:
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("more", 1)
        yield
    finally:
        client.config_set("maxmemory", 0)


def test_a_worker_that_starts_reads_what_waits(line: Line) -> None:
    recorder = Recorder()
    line.consumer(recorder).run_once()
    line.publish("a")
    with full(line.client):
        run_until_idle(line.consumer(recorder))
        assert line.waiting() == 0
    assert recorder.handled == ["a"]


def test_the_first_start_of_all_is_an_outage_until_there_is_room(line: Line) -> None:
    line.publish("a")
    consumer = line.consumer(Recorder())
    with full(line.client), pytest.raises(Unavailable):
        consumer.run_once()
    assert consumer.run_once() == 1


def test_what_a_killed_worker_left_is_handled(line: Line) -> None:
    line.publish("a", "b")
    recorder = Recorder()
    crash(line.consumer(recorder), recorder)
    with full(line.client):
        recorder.poison = {"b"}
        run_until_idle(line.consumer(recorder))
        assert line.waiting() == 1
        assert line.client.hlen("tries:test") == 0
    recorder.poison = set()
    run_until_idle(line.consumer(recorder))
    assert line.waiting() == 0


def test_records_are_stored_by_a_worker_that_starts(services: Services) -> None:
    services.redis.set("session:ingest-1", b"0123456789abcdef")
    services.transactions.own("ingest-1")
    with full(services.redis):
        services.persister.store([make_entry(Stream.CUSTOMERS, {"id": "c1"})])
        services.persister.store([make_entry(Stream.CUSTOMERS, {"id": "c2"})])
    assert services.db.customers.count_documents({}) == 2
    services.persister.store([make_entry(Stream.CUSTOMERS, {"id": "c3"})])
    with services.transactions.open() as session:
        assert services.redis.get("session:ingest-1") == bytes(session.session_id["id"])


def test_what_is_in_hand_is_renewed(line: Line) -> None:
    idle: list[Any] = []

    def handler(entries: list[Entry]) -> None:
        line.client.xclaim(entries[0].stream, "test", "a", 0, [entries[0].id], idle=60_000, justid=True)
        with full(line.client), pytest.raises(Unavailable):
            consumer.tend()
        (row,) = line.client.xpending_range(entries[0].stream, "test", "-", "+", 10)
        idle.append(row["time_since_delivered"])

    consumer = line.consumer(handler, streams=[Stream.CUSTOMERS, Stream.ORDERS])
    line.publish("c", stream=Stream.CUSTOMERS)
    line.publish("o")
    consumer.run_once()
    assert len(idle) == 2
    assert max(idle) < 60_000


def test_a_worker_that_cannot_say_that_it_lives_tends_what_it_has_in_hand(line: Line, services: Services) -> None:
    class Loop:
        activity = Activity("test", "a")

        def __init__(self) -> None:
            self.is_tended = Event()

        def tend(self) -> None:
            self.is_tended.set()

    loop = Loop()
    with full(services.redis), tended(services, cast("Consumer", loop)):
        assert loop.is_tended.wait(10)
