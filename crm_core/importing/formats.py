"""The files that ``import`` reads, each as a stream of API records with their place in the file."""

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TextIO

from crm_core.errors import InvalidInput
from crm_core.importing.columns import ColumnReader, read_columns

CDNOW_COLUMNS = {"master": 4, "sample": 5}


@dataclass(frozen=True)
class FileRecord:
    """line: in the file, from 1. record: as the API takes it."""

    line: int
    record: dict[str, Any]


@dataclass(frozen=True)
class ImportFile:
    """path: the API path that takes the records, ``orders`` or ``customers``. header_lines: before the first record."""

    path: str
    records: Iterable[FileRecord]
    header_lines: int = 0


def open_import(file: Path, format_name: str) -> ImportFile:
    """Look at the file and say what it holds; its records are read later, one at a time. Raises InvalidInput."""
    match format_name:
        case "cdnow":
            return ImportFile("orders", _lines(file, read_cdnow))
        case "csv":
            columns = read_columns(file)
            return ImportFile(columns.path, _lines(file, lambda text: _read_csv(text, columns)), header_lines=1)
        case _:
            raise InvalidInput(f"There is no format {format_name!r}; allowed are csv and cdnow.", field="format")


def guess_format(file: Path) -> str:
    """csv for ``.csv``, cdnow for lines of four or five columns of numbers. Raises InvalidInput."""
    if file.suffix.lower() == ".csv":
        return "csv"
    with file.open(encoding="utf-8", errors="replace") as text:
        words = text.readline().split()
    if len(words) in CDNOW_COLUMNS.values() and all(word.replace(".", "").isdigit() for word in words):
        return "cdnow"
    raise InvalidInput(f"{file.name} is neither a CSV nor a CDNOW file; say --format csv or --format cdnow.")


def read_cdnow(text: TextIO) -> Iterator[FileRecord]:
    """Purchases of the CDNOW file, master or sample: customer id, [sample id,] YYYYMMDD, CDs, dollars.

    Source: Fader and Hardie, Interfaces 31, 2001. Raises InvalidInput that names the line.
    """
    seen: Counter[str] = Counter()
    for line, row in enumerate(text, start=1):
        words = row.split()
        if not words:
            continue
        if len(words) not in CDNOW_COLUMNS.values():
            raise InvalidInput(f"Line {line} has {len(words)} columns; a CDNOW file has 4, its sample 5.")
        try:
            day = date.fromisoformat(words[-3])
            cds, dollars = int(words[-2]), Decimal(words[-1])
            amount = float(dollars)
            if not math.isfinite(amount):
                raise ValueError
        except (ValueError, InvalidOperation):
            raise InvalidInput(f"Line {line} is no purchase: customer id, YYYYMMDD, CDs, dollars.") from None
        record = {
            "customer_id": words[0],
            "amount": amount,
            "status": "delivered",
            "category": "Music",
            "items": [{"name": "CD", "quantity": cds}],
            "ordered_at": f"{day.isoformat()}T00:00:00Z",
        }
        key = f"{words[0]}|{day}|{cds}|{dollars}"
        yield FileRecord(line, {"id": make_order_id("cdnow", key, seen), **record})


def make_order_id(prefix: str, key: str, seen: Counter[str]) -> str:
    """An id for a purchase that has none: the same for the same line of the same file at every import.

    key: all that the line says. seen: lines so far; equal lines are told apart by their number.
    """
    seen[key] += 1
    digest = hashlib.sha256(f"{key}|{seen[key]}".encode()).hexdigest()
    return f"{prefix}-{digest[:24]}"


def _read_csv(text: TextIO, columns: ColumnReader) -> Iterator[FileRecord]:
    seen: Counter[str] = Counter()
    for line, row in _rows(text):
        record = columns.read(row, line)
        if columns.path == "orders" and "id" not in record:
            record["id"] = make_order_id("csv", "|".join(row), seen)
        yield FileRecord(line, record)


def _rows(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header that are not empty, each with its line."""
    reader = csv.reader(text)
    try:
        next(reader, None)
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as exc:
        raise InvalidInput(f"Line {reader.line_num} cannot be read as CSV: {exc}.") from None


def _lines(file: Path, read: Any) -> Iterator[FileRecord]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            yield from read(text)
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{file.name} is not UTF-8: byte {exc.start}. Save it as UTF-8.") from None
    except csv.Error as exc:
        raise InvalidInput(f"{file.name} cannot be read as CSV: {exc}. Is a quote left open?") from None
