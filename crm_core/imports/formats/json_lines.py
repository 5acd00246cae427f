"""The lines of an NDJSON file as JSON objects."""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.reading.limits import BlankLines
from crm_core.imports.reading.quoting import quote
from crm_core.imports.reading.sources import FileSource, not_utf8

MAX_LINE_BYTES = 1_000_000
"""The API takes records of up to 100,000 bytes, which are six times as long with an escape for each character."""


def read_objects(source: FileSource) -> Iterator[Item]:
    """The object of each line that is not blank, or why there is none. Raises InvalidInput when it is not UTF-8."""
    blank = BlankLines(source.name)
    with source.binary() as file:
        for line, raw in enumerate(_lines(file), start=1):
            blank.see(line, is_blank=raw.isspace())
            if line == 1:
                raw = raw.removeprefix(codecs.BOM_UTF8)
            if raw.strip():
                yield _read_line(source.name, line, raw)


def can_send(record: Any) -> bool:
    """Whether it can be written as JSON: no number beyond floats (1e999), no half of a surrogate pair."""
    try:
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while raw := file.readline(MAX_LINE_BYTES):
        end = raw
        while len(end) == MAX_LINE_BYTES and not end.endswith(b"\n"):
            end = file.readline(MAX_LINE_BYTES)  # the rest of a line that is too long; only its beginning is kept
        yield raw


def _read_line(file_name: str, line: int, raw: bytes) -> Item:
    if len(raw) == MAX_LINE_BYTES:
        return BadLine(line, f"Line {line} is longer than {MAX_LINE_BYTES:,} bytes.")
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        raise not_utf8(file_name, line) from None
    try:
        found = _decoder.decode(text)
    except (ValueError, RecursionError) as exc:
        return BadLine(line, f"Line {line} is no JSON: {_reason(exc)}. It begins {quote(text)}.")
    if not isinstance(found, dict):
        return BadLine(line, f"Line {line} is no JSON object but {quote(text)}; one record a line is allowed.")
    return FileRecord(line, found)


def _reason(exc: Exception) -> str:
    match exc:
        case json.JSONDecodeError():
            return f"{exc.msg} at character {exc.pos + 1}"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(exc)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number in JSON")


_decoder = json.JSONDecoder(parse_constant=_refuse)
