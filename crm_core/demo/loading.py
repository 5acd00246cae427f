"""Puts the demo data on the streams, as the API would, and reports how far it is."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from crm_core.demo.generator import generate_demo
from crm_core.infra.streams import Publisher, Stream
from crm_core.ingest.parsing import MAX_RECORDS, parse_rows
from crm_core.ingest.scalars import MakeContext

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""


class DemoLoader:
    def __init__(self, publisher: Publisher, context: MakeContext) -> None:
        self._publisher = publisher
        self._context = context

    def load(self, *, customers: int, seed: int, progress: Progress) -> tuple[int, int]:
        """Publish a seeded shop's two years; returns the customers and orders. Raises InvalidInput, Unavailable."""
        context = self._context({})
        data = generate_demo(customers=customers, seed=seed, now=context.now)
        in_all, done = data.customer_count + data.order_count, 0
        for stream, records in (
            (Stream.CUSTOMERS, data.customer_records()),
            (Stream.ORDERS, data.order_records()),
        ):
            for rows in _chunks(records):
                batch = parse_rows(stream, rows, context)
                assert not batch.rejected, batch.rejected[0]
                self._publisher.publish(stream, batch.payloads, origin="demo")
                done += len(rows)
                progress(done, in_all)
        return data.customer_count, data.order_count


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(records)
    while chunk := list(islice(iterator, MAX_RECORDS)):
        yield chunk
