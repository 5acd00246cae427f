"""The purchase file of CDNOW, master or sample. Source: Fader and Hardie, Interfaces 31, 2001."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TextIO

from crm_core.imports.reading.items import BadLine, FileRecord, Item, make_record_id
from crm_core.imports.reading.limits import readable
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan

ORDERS = "orders"
COLUMNS = {"master": 4, "sample": 5}


def is_cdnow(line: str) -> bool:
    """Whether the first line of a file is one of numbers, four or five of them."""
    words = line.split()
    return len(words) in COLUMNS.values() and all(word.replace(".", "").isdigit() for word in words)


def plan_cdnow(source: FileSource, options: ImportOptions) -> ImportPlan:
    """Count the purchases. Raises InvalidInput when it is not UTF-8."""
    with source.text() as text:
        count = sum(1 for _ in readable(read_cdnow(text), source.name))
    faults = tuple(_faults(options))
    return ImportPlan("cdnow", options.kinds[ORDERS], count, (), faults, lambda: _read(source))


def read_cdnow(text: TextIO) -> Iterator[Item]:
    """Purchases as orders: customer id, [sample id,] YYYYMMDD, CDs, dollars."""
    seen: Counter[str] = Counter()
    for line, row in enumerate(text, start=1):
        if words := row.split():
            yield _read_line(line, words, seen)


def _read(source: FileSource) -> Iterator[Item]:
    with source.text() as text:
        yield from read_cdnow(text)


def _faults(options: ImportOptions) -> Iterator[str]:
    if options.kind_name not in {None, ORDERS}:
        yield f"A CDNOW file holds orders, not {options.kind_name}."
    if options.mapping:
        yield "A CDNOW file has no names of columns that --map could mean."


def _read_line(line: int, words: list[str], seen: Counter[str]) -> Item:
    if len(words) not in COLUMNS.values():
        return BadLine(line, f"Line {line} has {len(words)} columns; a CDNOW file has 4, its sample 5.")
    try:
        day = date.fromisoformat(words[-3])
        cds, dollars = int(words[-2]), Decimal(words[-1])
        amount = float(dollars)
        if not math.isfinite(amount):
            raise ValueError
    except (ValueError, InvalidOperation):
        return BadLine(line, f"Line {line} is no purchase: customer id, YYYYMMDD, CDs, dollars.")
    key = f"{words[0]}|{day}|{cds}|{dollars}"
    record = {
        "id": make_record_id("cdnow", key, seen),
        "customer_id": words[0],
        "amount": amount,
        "status": "delivered",
        "category": "Music",
        "items": [{"name": "CD", "quantity": cds}],
        "ordered_at": f"{day.isoformat()}T00:00:00Z",
    }
    return FileRecord(line, record)
