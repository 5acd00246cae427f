"""An entry that cannot be handled holds up no other, is not tried for ever, and is kept with its reason."""

from collections.abc import Sequence

import pytest

from crm_core.errors import Permanent, Unavailable
from crm_core.infra.dead_letters import latest_dead
from crm_core.infra.streams import Entry, Stream
from tests.integration.stream_line import Crash, Line, Recorder, crash, run_until_idle


def test_an_entry_that_keeps_ending_its_worker_is_buried_and_the_others_are_done(line: Line) -> None:
    line.publish("a", "b", "c")
    recorder = Recorder()
    recorder.deadly = {"b"}
    for _ in range(4):
        with pytest.raises(Crash):
            run_until_idle(line.consumer(recorder))  # each time a new process, under the same name
    run_until_idle(line.consumer(recorder))
    (buried,) = line.dead()
    assert buried["d"] == "b"
    assert "failed 3 times, or ended its worker" in buried["reason"]
    assert recorder.handled.count("b") == 4  # twice with its batch, then twice alone
    assert {"a", "c"} < set(recorder.handled)
    assert line.waiting() == 0
    assert line.client.hlen("tries:test") == 0


def test_outages_are_not_counted_as_tries(line: Line) -> None:
    line.publish("a")
    recorder = Recorder()
    crash(line.consumer(recorder), recorder)
    recorder.outage = Unavailable("no database")
    consumer = line.consumer(recorder)
    for _ in range(10):
        with pytest.raises(Unavailable):
            consumer.run_once()
    recorder.outage = None
    recorder.poison = {"a"}
    consumer.run_once()
    assert line.dead() == []  # its first failure


def test_an_entry_that_failed_once_and_then_meets_outages_is_not_buried(line: Line) -> None:
    line.publish("a")
    recorder = Recorder()
    recorder.poison = {"a"}
    line.consumer(recorder).run_once()
    recorder.poison, recorder.outage = set(), Unavailable("no database")
    consumer = line.consumer(recorder)
    for _ in range(10):
        with pytest.raises(Unavailable):
            consumer.run_once()
    recorder.outage = None
    run_until_idle(consumer)
    assert (line.dead(), line.waiting()) == ([], 0)
    assert recorder.handled.count("a") == 12


def test_a_restarted_worker_does_not_hurry_through_the_tries_of_a_failing_entry(line: Line) -> None:
    line.publish("b")
    recorder = Recorder()
    recorder.poison = {"b"}
    line.consumer(recorder).run_once()
    restarted = line.consumer(recorder)
    run_until_idle(restarted)
    assert recorder.handled.count("b") == 2  # once at its restart; the next try comes when the entry is stale
    assert line.dead() == []


def test_what_can_never_be_handled_is_buried_at_once_and_alone(line: Line) -> None:
    def refuse(entries: Sequence[Entry]) -> None:
        handled.append([entry.data.decode() for entry in entries])
        if any(entry.data == b"b" for entry in entries):
            raise Permanent("the database refuses it")

    handled: list[list[str]] = []
    line.publish("a", "b", "c")
    line.consumer(refuse).run_once()
    assert handled == [["a", "b", "c"], ["a"], ["b"], ["c"]]
    assert [(letter["d"], letter["reason"]) for letter in line.dead()] == [("b", "the database refuses it")]
    line.publish("b")
    line.consumer(refuse).run_once()
    assert len(line.dead()) == 2
    assert line.waiting() == 0


def test_a_dead_letter_says_who_published_its_entry(line: Line) -> None:
    (entry_id,) = line.publisher.publish(Stream.ORDERS, [b"b"], origin="key:shop")
    recorder = Recorder()
    recorder.refused = {"b"}
    line.consumer(recorder).run_once()
    (letter,) = latest_dead(line.client, limit=5)
    assert letter.entry == Entry(Stream.ORDERS, entry_id, b"b", "key:shop")
    assert (letter.group, letter.reason) == ("test", "b is bad")
