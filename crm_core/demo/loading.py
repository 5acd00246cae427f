"""Puts the demo data on the streams, as the API would, and reports how far it is."""

import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from crm_core.demo.generator import DemoData, generate_demo
from crm_core.errors import Unavailable
from crm_core.infra.streams import Publisher, Stream
from crm_core.ingest.parsing import MAX_RECORDS, parse_rows
from crm_core.ingest.scalars import MakeContext

MAX_AHEAD = 50_000
"""Records that wait on a stream at most: more would fill the memory of Valkey, and the API would refuse others'."""
POLL_S = 0.1
PATIENCE_S = 60.0

Progress = Callable[[int, int], None]
"""Called with records done and records in all, messages of past campaigns included; also while it waits."""


class DemoLoader:
    def __init__(self, publisher: Publisher, context: MakeContext) -> None:
        self._publisher = publisher
        self._context = context

    def load(self, *, customers: int, seed: int, progress: Progress) -> DemoData:
        """Make up a shop's two years until now and publish them; returns the shop. Raises InvalidInput, Unavailable."""
        data = generate_demo(customers=customers, seed=seed, now=self._context({}).now)
        self.publish(data, progress)
        return data

    def publish(self, data: DemoData, progress: Progress, *, done: int = 0) -> None:
        """Its customers and orders; its past campaigns are for ``PastLoader``, once these are stored.

        done: records that an earlier call with the same shop has published. Raises Unavailable.
        """
        context = self._context({})
        for stream, earlier, records in (
            (Stream.CUSTOMERS, 0, data.customer_records()),
            (Stream.ORDERS, data.customer_count, data.order_records()),
        ):
            for rows in _chunks(islice(records, max(0, done - earlier), None)):
                batch = parse_rows(stream, rows, context)
                assert not batch.rejected, batch.rejected[0]
                for _ in self._waits_for_room(stream):
                    progress(done, data.record_count)
                self._publisher.publish(stream, batch.payloads, origin="demo")
                done += len(rows)
                progress(done, data.record_count)

    def _waits_for_room(self, stream: Stream) -> Iterator[None]:
        """Yields each time that workers have not caught up yet."""
        deadline = time.monotonic() + PATIENCE_S
        while self._publisher.backlog(stream) >= MAX_AHEAD:
            if time.monotonic() > deadline:
                late = f"For {PATIENCE_S:.0f} s no more {stream.label} are taken; none is lost."
                raise Unavailable(f"{late} Is the ingest worker running?")
            yield
            time.sleep(POLL_S)


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, MAX_RECORDS)):
        yield chunk
