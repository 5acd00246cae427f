"""Feeds records to the core as the ingest worker reads them, at the moments that a test chooses."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.parsing import parse_rows
from crm_core.ingest.scalars import ValidationContext
from crm_core.services import Services

STORED = ("customers", "orders", "events")
START = datetime(2026, 6, 1, tzinfo=UTC)
"""When the first entry of a test was accepted, unless it says otherwise."""


def make_entry(stream: Stream, record: dict[str, Any], *, at: datetime = START) -> Entry:
    """The stream entry of a record that the API accepted at that moment."""
    batch = parse_rows(stream, [record], ValidationContext(datetime(2026, 6, 15, 12, tzinfo=UTC), 2, "USD"))
    assert not batch.rejected, batch.rejected
    return Entry(stream, f"{int(at.timestamp() * 1000)}-0", batch.payloads[0])


def make_entries(*records: tuple[Stream, dict[str, Any]]) -> list[Entry]:
    """An entry a second, in this order."""
    return [
        make_entry(stream, record, at=START + number * timedelta(seconds=1))
        for number, (stream, record) in enumerate(records)
    ]


def store(services: Services, entries: Iterable[Entry]) -> None:
    """Each entry by itself, in this order."""
    for entry in entries:
        assert services.persister.store([entry]) == {}


def store_customers(services: Services, *records: dict[str, Any]) -> None:
    """All in one batch."""
    entries = make_entries(*((Stream.CUSTOMERS, record) for record in records))
    assert services.persister.store(entries) == {}


def store_orders(services: Services, *records: dict[str, Any]) -> None:
    """All in one batch."""
    entries = make_entries(*((Stream.ORDERS, record) for record in records))
    assert services.persister.store(entries) == {}


def read_state(services: Services) -> dict[str, list[Doc]]:
    """All customers, orders and events as they are stored."""
    return {name: list(services.db[name].find().sort("_id", 1)) for name in STORED}


def read_bytes(services: Services) -> dict[str, list[bytes]]:
    """The same, each as the bytes that the database keeps of it."""
    raw = services.db.with_options(codec_options=CodecOptions(RawBSONDocument))
    return {name: [bytes(doc.raw) for doc in raw[name].find().sort("_id", 1)] for name in STORED}
