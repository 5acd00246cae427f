"""Outages that a worker meets: nothing is buried or lost, and whoever always meets one holds up no others."""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from crm_core.errors import Unavailable
from crm_core.infra.streams import Entry, Stream
from tests.integration.stream_line import Line, Recorder


def test_an_outage_buries_nothing_and_the_batch_is_done_as_soon_as_it_ends(line: Line) -> None:
    line.publish("a", "b")
    recorder = Recorder()
    recorder.outage = Unavailable("no database")
    consumer = line.consumer(recorder)
    for _ in range(10):
        with pytest.raises(Unavailable):
            consumer.run_once()
    assert line.dead() == []
    assert line.waiting() == 2
    assert recorder.batches[:2] == [["a", "b"]] * 2
    recorder.outage = None
    assert (consumer.run_once(), consumer.run_once()) == (1, 1)
    assert line.waiting() == 0


def test_an_outage_in_one_stream_loses_nothing_of_the_next(line: Line) -> None:
    line.publish("c", stream=Stream.CUSTOMERS)
    line.publish("o")
    recorder = Recorder()
    recorder.outage = Unavailable("no database")
    consumer = line.consumer(recorder, streams=[Stream.CUSTOMERS, Stream.ORDERS])
    with pytest.raises(Unavailable):
        consumer.run_once()
    recorder.outage = None
    consumer.run_once()
    assert recorder.batches[1:] == [["c"], ["o"]]


def test_an_outage_that_only_some_entries_meet_holds_up_no_others(line: Line) -> None:
    """Such as one campaign's messages that the vendor cannot cope with."""

    def handler(entries: Sequence[Entry]) -> None:
        recorder(entries)
        if is_out and any(entry.data == b"bad" for entry in entries):
            raise Unavailable("500")

    recorder, is_out = Recorder(), True
    consumer = line.consumer(handler, batch=2)
    line.publish("bad", *"abcd")
    for _ in range(10):
        with suppress(Unavailable):
            consumer.run_once()
    assert recorder.batches[:6] == [["bad", "a"], ["bad", "a"], ["b", "c"], ["d"], ["bad"], ["a"]]
    assert set(recorder.handled[9:]) == {"bad"}, "again and again as long as there is nothing else to do"
    assert line.waiting() == 1
    is_out = False
    consumer.run_once()
    assert line.waiting() == 0


@pytest.mark.parametrize("place", [0, 61, 127])
def test_an_entry_that_always_meets_an_outage_is_soon_tried_apart_from_the_others(line: Line, place: int) -> None:
    """Such as a change that takes the database too long: each of its tries lasts until the time limit."""

    def handler(entries: Sequence[Entry]) -> None:
        if any(entry.data == b"bad" for entry in entries):
            raise Unavailable("took too long")

    consumer, outages = line.consumer(handler), 0
    line.publish(*("bad" if number == place else str(number) for number in range(128)))
    while line.waiting() > 1:
        try:
            consumer.run_once()
        except Unavailable:
            outages += 1
    assert outages < 20


@pytest.mark.parametrize("claim_idle_ms", [0, 60_000], ids=["stale at once", "never stale"])
def test_entries_that_meet_an_outage_hold_up_no_later_ones_however_many_they_are(
    line: Line, claim_idle_ms: int
) -> None:
    def handler(entries: Sequence[Entry]) -> None:
        if any(entry.data == b"bad" for entry in entries):
            raise Unavailable("500")

    consumer = line.consumer(handler, batch=10, claim_idle_ms=claim_idle_ms)
    line.publish(*["bad"] * 50)
    for _ in range(10):
        with suppress(Unavailable):
            consumer.run_once()
    for number in range(5):
        line.publish(f"later {number}")
        for _ in range(64):
            with suppress(Unavailable):
                consumer.run_once()
        assert line.waiting() == 50
    for number in range(10):
        line.publish(f"much later {number}")
        for _ in range(3):
            with suppress(Unavailable):
                consumer.run_once()
        assert line.waiting() == 50


def test_a_long_outage_of_all_has_a_worker_take_little_into_its_hands(line: Line) -> None:
    recorder = Recorder()
    recorder.outage = Unavailable("no database")
    consumer = line.consumer(recorder, batch=10)
    line.publish(*map(str, range(1000)))
    for _ in range(500):
        with suppress(Unavailable):
            consumer.run_once()
    assert line.client.xpending(Stream.ORDERS, "test")["pending"] < 200
    recorder.outage = None
    for _ in range(150):
        consumer.run_once()
    assert line.waiting() == 0


def test_an_outage_that_only_one_stream_meets_holds_up_no_others(line: Line) -> None:
    def handler(entries: Sequence[Entry]) -> None:
        if entries[0].stream == Stream.CUSTOMERS:
            raise Unavailable("took too long")

    consumer = line.consumer(handler, streams=[Stream.CUSTOMERS, Stream.ORDERS])
    line.publish("bad", stream=Stream.CUSTOMERS)
    line.publish("a", "b")
    for _ in range(10):
        with suppress(Unavailable):
            consumer.run_once()
    assert (line.waiting(Stream.CUSTOMERS), line.waiting()) == (1, 0)
