"""The worker loop: nothing is lost, nothing blocks the rest, and what cannot be handled is kept with its reason."""

import threading
from collections.abc import Sequence

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm_core.errors import Unavailable
from crm_core.hosting.ports import free_port
from crm_core.infra.consumer import Consumer
from crm_core.infra.streams import Entry, Stream
from tests.integration.stream_line import Line, Recorder, crash


def test_entries_are_handled_in_order_and_in_batches_and_deleted(line: Line) -> None:
    line.publish(*"abcde")
    recorder = Recorder()
    consumer = line.consumer(recorder, batch=2)
    assert [consumer.run_once() for _ in range(4)] == [2, 2, 1, 0]
    assert recorder.batches == [["a", "b"], ["c", "d"], ["e"]]
    assert line.waiting() == 0
    assert line.client.xpending(Stream.ORDERS, "test")["pending"] == 0
    assert line.dead() == []


def test_entries_from_before_the_first_start_are_read(line: Line) -> None:
    line.publish("early")
    recorder = Recorder()
    line.consumer(recorder).run_once()
    assert recorder.handled == ["early"]


def test_each_stream_is_handed_over_by_itself(line: Line) -> None:
    line.publish("c1", "c2", stream=Stream.CUSTOMERS)
    line.publish("o1")
    recorder = Recorder()
    assert line.consumer(recorder, streams=[Stream.CUSTOMERS, Stream.ORDERS]).run_once() == 3
    assert recorder.batches == [["c1", "c2"], ["o1"]]


def test_two_workers_share_a_stream_and_each_entry_goes_to_one(line: Line) -> None:
    line.publish(*"abcdef")
    recorder = Recorder()
    one, other = line.consumer(recorder, "a", batch=2), line.consumer(recorder, "b", batch=2)
    for consumer in (one, other, one, other):
        consumer.run_once()
    assert recorder.handled == list("abcdef")
    assert line.waiting() == 0


def test_after_a_restart_a_worker_first_takes_up_what_it_left(line: Line) -> None:
    line.publish("a", "b")
    recorder = Recorder()
    crash(line.consumer(recorder), recorder)
    line.publish("c")
    restarted = line.consumer(recorder)
    restarted.run_once()
    restarted.run_once()
    restarted.run_once()
    assert recorder.batches[1:] == [["a", "b"], ["c"]]
    assert line.waiting() == 0


def test_what_a_dead_worker_left_is_claimed_once_it_is_stale(line: Line) -> None:
    line.publish("a")
    recorder = Recorder()
    crash(line.consumer(recorder, "dead"), recorder)
    assert line.consumer(recorder, "b").run_once() == 0
    assert line.consumer(recorder, "c", claim_idle_ms=0).run_once() == 1
    assert recorder.batches[1:] == [["a"]]
    assert line.waiting() == 0


def test_a_refused_entry_keeps_its_reason_origin_and_data_and_the_others_are_done(line: Line) -> None:
    _, bad, _ = line.publish("a", "b", "c")
    recorder = Recorder()
    recorder.refused = {"b"}
    line.consumer(recorder).run_once()
    assert line.dead() == [{"stream": "stream:orders", "id": bad, "group": "test", "reason": "b is bad", "d": "b"}]
    assert recorder.handled == ["a", "b", "c"]
    assert line.waiting() == 0


def test_a_failing_entry_does_not_keep_the_others_of_its_batch(line: Line) -> None:
    line.publish("a", "b", "c")
    recorder = Recorder()
    recorder.poison = {"b"}
    line.consumer(recorder).run_once()
    assert recorder.batches == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert line.waiting() == 1
    assert line.dead() == []


def test_entries_whose_batch_failed_are_told_that_they_were_begun_with(line: Line) -> None:
    def handler(entries: Sequence[Entry]) -> None:
        told.append([entry.again for entry in entries])
        if len(entries) > 1:
            raise ZeroDivisionError

    told: list[list[bool]] = []
    line.publish("a", "b")
    line.consumer(handler).run_once()
    assert told == [[False, False], [True], [True]]


def test_a_failing_entry_is_tried_again_and_buried_after_the_last_try(line: Line) -> None:
    bad, _ = line.publish("b", "a")
    recorder = Recorder()
    recorder.poison = {"b"}
    consumer = line.consumer(recorder, claim_idle_ms=0, batch=1)
    consumer.run_once()
    line.publish("later")
    for _ in range(5):
        consumer.run_once()
    (buried,) = line.dead()
    assert (buried["id"], buried["d"]) == (bad, "b")
    assert "failed 3 times" in buried["reason"]
    assert recorder.handled.count("b") == 3
    assert {"a", "later"} < set(recorder.handled)
    assert line.waiting() == 0


def test_new_entries_are_read_while_a_failing_one_waits_for_its_next_try(line: Line) -> None:
    line.publish("b")
    recorder = Recorder()
    recorder.poison = {"b"}
    consumer = line.consumer(recorder)
    consumer.run_once()
    consumer.run_once()
    line.publish("a")
    for _ in range(3):
        consumer.run_once()
    assert "a" in recorder.handled


def test_an_entry_of_a_foreign_writer_reaches_the_handler_empty_to_be_refused(line: Line) -> None:
    line.client.xadd(Stream.ORDERS, {"foreign": "entry"})
    line.publish("a")
    recorder = Recorder()
    recorder.refused = {""}
    line.consumer(recorder).run_once()
    assert recorder.handled == ["", "a"]
    assert [buried["reason"] for buried in line.dead()] == [" is bad"]


def test_groups_that_vanish_with_the_server_s_data_are_made_again(line: Line) -> None:
    recorder = Recorder()
    consumer = line.consumer(recorder)
    consumer.run_once()
    line.client.flushdb()
    line.publish("a")
    for _ in range(3):
        consumer.run_once()
    assert recorder.handled == ["a"]
    assert line.waiting() == 0


def test_a_stream_server_that_is_down_is_unavailable() -> None:
    client = redis.Redis(port=free_port(), retry=Retry(NoBackoff(), 0))
    consumer = Consumer(client, streams=[Stream.ORDERS], group="test", name="a", handler=Recorder())
    with pytest.raises(Unavailable):
        consumer.run_once()


def test_the_loop_goes_on_through_an_outage_and_ends_when_told(line: Line) -> None:
    line.publish("a")
    done = threading.Event()
    tries: list[int] = []

    def handler(entries: Sequence[Entry]) -> None:
        tries.append(len(entries))
        if len(tries) < 3:
            raise Unavailable("no database")
        done.set()

    consumer = line.consumer(handler)
    loop = threading.Thread(target=consumer.run)
    loop.start()
    try:
        assert done.wait(30)
    finally:
        consumer.stop()
        loop.join(30)
    assert not loop.is_alive()
    assert line.waiting() == 0
    assert tries == [1, 1, 1]
