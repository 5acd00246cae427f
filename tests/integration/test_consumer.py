"""The worker loop: nothing is lost, nothing blocks the rest, and what cannot be handled is kept with its reason."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm_core.errors import Permanent, Unavailable
from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.dead_letters import latest_dead
from crm_core.infra.embedded.folder import free_port
from crm_core.infra.samples import read_samples
from crm_core.infra.streams import Entry, Publisher, Stream, connect_redis
from crm_core.settings import Settings

HOUR_MS = 3_600_000


class Crash(BaseException):
    """What ends a worker in the middle of a batch."""


class Recorder:
    """A handler that keeps what it got and does what the test says with it."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.refused: set[str] = set()
        self.poison: set[str] = set()
        self.deadly: set[str] = set()
        self.outage: BaseException | None = None

    def __call__(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        texts = [entry.data.decode() for entry in entries]
        self.batches.append(texts)
        if self.outage:
            raise self.outage
        if self.deadly & set(texts):
            raise Crash
        if self.poison & set(texts):
            raise ZeroDivisionError(texts)
        return {entry.id: f"{entry.data.decode()} is bad" for entry in entries if entry.data.decode() in self.refused}

    @property
    def handled(self) -> list[str]:
        return [text for batch in self.batches for text in batch]


class Line:
    """Streams with consumers of one group."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.publisher = Publisher(client)

    def publish(self, *texts: str, stream: Stream = Stream.ORDERS) -> list[str]:
        return self.publisher.publish(stream, [text.encode() for text in texts])

    def consumer(
        self, handler: Any, name: str = "a", streams: Sequence[Stream] = (Stream.ORDERS,), **how: int
    ) -> Consumer:
        policy = ConsumerPolicy(**{"block_ms": 1, "claim_idle_ms": HOUR_MS, "max_tries": 3} | how)
        return Consumer(self.client, streams=streams, group="test", name=name, handler=handler, policy=policy)

    def waiting(self, stream: Stream = Stream.ORDERS) -> int:
        """Entries that are not acknowledged."""
        return self.publisher.backlog(stream)

    def dead(self) -> list[dict[str, str]]:
        rows: Any = self.client.xrange(Stream.DEAD)
        return [{name.decode(): value.decode() for name, value in fields.items()} for _, fields in rows]


@pytest.fixture
def line(servers: Settings) -> Iterator[Line]:
    assert servers.redis_url
    client = connect_redis(servers.redis_url)
    client.flushdb()
    yield Line(client)
    client.flushdb()
    client.close()


def crash(consumer: Consumer, recorder: Recorder) -> None:
    """Let it read a batch and end before it can say that it is done."""
    recorder.outage = Crash()
    with pytest.raises(Crash):
        consumer.run_once()
    recorder.outage = None


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


def test_a_refused_entry_is_kept_with_reason_origin_and_data_and_the_others_are_done(line: Line) -> None:
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
    recorder.outage = None
    consumer.run_once()
    assert recorder.batches == [["a", "b"]] * 11
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


def test_an_entry_that_somebody_else_wrote_is_handed_over_empty_for_the_handler_to_refuse(line: Line) -> None:
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
    assert done.wait(30)
    consumer.stop()
    loop.join(30)
    assert not loop.is_alive()
    assert line.waiting() == 0
    assert tries == [1, 1, 1]


def test_an_entry_that_ends_its_worker_again_and_again_is_buried_and_the_others_are_done(line: Line) -> None:
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


def run_until_idle(consumer: Consumer) -> None:
    for _ in range(10):
        consumer.run_once()


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
