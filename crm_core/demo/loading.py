"""Puts the demo data on the streams, as the API would, and reports how far it is."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
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

    def load(
        self, *, customers: int, seed: int, progress: Progress, end: datetime | None = None, done: int = 0
    ) -> tuple[int, int]:
        """Publish a seeded shop's two years. Return the number of customers and of orders.

        end: of the two years; now, if None. done: records that an earlier load with the same arguments has published.
        Raises InvalidInput, Unavailable.
        """
        context = self._context({})
        data = generate_demo(customers=customers, seed=seed, now=end or context.now)
        in_all = data.customer_count + data.order_count
        for stream, earlier, records in (
            (Stream.CUSTOMERS, 0, data.customer_records()),
            (Stream.ORDERS, data.customer_count, data.order_records()),
        ):
            for rows in _chunks(islice(records, max(0, done - earlier), None)):
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
