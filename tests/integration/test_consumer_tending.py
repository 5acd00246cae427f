"""What is in hand is renewed while it is being handled, and the worker says how it stands."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from crm_core.infra.consumer import Consumer
from crm_core.infra.samples import read_samples
from crm_core.infra.streams import Entry, Stream
from tests.integration.stream_line import Line, Recorder


class Slow:
    """A handler that takes so long that its entries look stale, and does meanwhile what the test says."""

    def __init__(self, line: Line, meanwhile: Callable[[Consumer], object]) -> None:
        self.consumer = line.consumer(self, "slow", claim_idle_ms=30_000)
        self._line = line
        self._meanwhile = meanwhile

    def __call__(self, entries: Sequence[Entry]) -> None:
        self._line.client.xclaim(
            Stream.ORDERS, "test", "slow", 0, [entry.id for entry in entries], idle=60_000, justid=True
        )
        self._meanwhile(self.consumer)


def test_an_entry_in_hand_that_is_tended_is_claimed_by_nobody(line: Line) -> None:
    recorder = Recorder()
    other = line.consumer(recorder, "other", claim_idle_ms=30_000)

    def meanwhile(slow: Consumer) -> None:
        slow.tend()
        other.run_once()

    line.publish("a")
    Slow(line, meanwhile).consumer.run_once()
    assert recorder.handled == []
    line.publish("b")
    Slow(line, lambda _: other.run_once()).consumer.run_once()  # not tended
    assert recorder.handled == ["b"]
    assert line.waiting() == 0


def test_what_another_has_claimed_is_not_taken_back(line: Line) -> None:
    owners: list[Any] = []

    def meanwhile(slow: Consumer) -> None:
        ids: Any = [row["message_id"] for row in line.client.xpending_range(Stream.ORDERS, "test", "-", "+", 10)]
        line.client.xclaim(Stream.ORDERS, "test", "other", 0, ids, justid=True)
        slow.tend()
        owners.extend(row["consumer"] for row in line.client.xpending_range(Stream.ORDERS, "test", "-", "+", 10))

    line.publish("a")
    Slow(line, meanwhile).consumer.run_once()
    assert owners == [b"other"]


def test_tending_notes_how_the_streams_stand(line: Line) -> None:
    consumer = line.consumer(Recorder())
    line.publish("a", "b")
    consumer.tend()
    consumer.run_once()
    line.publish("c")
    consumer.tend()
    before, after = read_samples(line.client, Stream.ORDERS, since=datetime(2020, 1, 1, tzinfo=UTC))
    assert (before.accepted, before.waiting, before.handled) == (2, 2, 0)
    assert (after.accepted, after.waiting, after.handled) == (3, 1, 2)


def test_a_worker_counts_what_it_does(line: Line) -> None:
    line.publish("a", "b", "c")
    recorder = Recorder()
    recorder.refused, recorder.poison = {"a"}, {"b"}
    consumer = line.consumer(recorder)
    consumer.run_once()
    found = consumer.activity
    assert (found.handled, found.refused, found.failed, found.state) == (2, 1, 1, "busy")
