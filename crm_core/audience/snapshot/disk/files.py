"""The file: arrays as they are in memory, behind them what they are in JSON, and a sum over each.

Nothing in it is code, and nothing of it is used before its sum is right. What is missing at the end is missed.
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = b"ClientNest snapshot, format 1\n"
ALIGNED = 64
END = struct.Struct(">QQI30s")
"""Where the JSON begins, its bytes, their sum, MAGIC."""
KINDS = "biuf"
"""Of NumPy: truth values, integers, doubles. No objects."""
LARGEST_READ = 1 << 26


class Damaged(Exception):
    """The file is not as it was written; says why."""


def write_file(file: BinaryIO, head: Mapping[str, Any], arrays: Sequence[NDArray[Any]]) -> None:
    """head: for JSON, with what is told of the arrays."""
    file.write(MAGIC)
    rows = [_write_array(file, array) for array in arrays]
    text = json.dumps({**head, "arrays": rows}, separators=(",", ":")).encode()
    start = file.tell()
    file.write(text)
    file.write(END.pack(start, len(text), zlib.crc32(text), MAGIC))


def _write_array(file: BinaryIO, array: NDArray[Any]) -> list[Any]:
    file.write(b"\0" * (-file.tell() % ALIGNED))
    start, held = file.tell(), np.ascontiguousarray(array)
    file.write(held.data)
    return [held.dtype.str, held.size, start, zlib.crc32(held.data)]


def read_head(file: BinaryIO) -> dict[str, Any]:
    """Raises Damaged, OSError."""
    size = file.seek(0, 2)
    if size < len(MAGIC) + END.size:
        raise Damaged("it is cut off")
    file.seek(size - END.size)
    start, length, expected, magic = END.unpack(file.read(END.size))
    if magic != MAGIC or start + length + END.size != size:
        raise Damaged("it is cut off, or of another format")
    file.seek(start)
    text = file.read(length)
    if zlib.crc32(text) != expected:
        raise Damaged("its description has another sum")
    head: dict[str, Any] = json.loads(text)
    return head


def read_arrays(file: BinaryIO, head: Mapping[str, Any]) -> list[NDArray[Any]]:
    """file: unbuffered. While one is read, the sum over the last is taken. Raises Damaged, OSError."""
    with ThreadPoolExecutor(1) as summing:
        read = [(array, summing.submit(zlib.crc32, array.data), row[3]) for array, row in _arrays(file, head["arrays"])]
    if not all(_is_right(found, expected) for _, found, expected in read):
        raise Damaged("an array has another sum")
    return [array for array, *_ in read]


def _is_right(found: "Future[int]", expected: int) -> bool:
    return found.result() == expected


def _arrays(file: BinaryIO, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[NDArray[Any], Sequence[Any]]]:
    for row in rows:
        kind, size, start, _ = row
        dtype = np.dtype(kind)
        if dtype.kind not in KINDS:
            raise Damaged("an array is of another kind")
        array = np.empty(size, dtype=dtype)
        file.seek(start)
        _fill(file, array.data.cast("B") if size else memoryview(b""))
        array.flags.writeable = False
        yield array, row


def _fill(file: BinaryIO, place: memoryview) -> None:
    done = 0
    while done < len(place):
        read: int = file.readinto(place[done : done + LARGEST_READ])  # type: ignore[attr-defined]
        if not read:
            raise Damaged("it is cut off")
        done += read
