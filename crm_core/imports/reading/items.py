"""What a file is read as: records for the API and lines that are none, each with its place."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileRecord:
    """line: in the file, from 1. record: as the API takes it."""

    line: int
    record: Mapping[str, Any]


@dataclass(frozen=True)
class BadLine:
    """A line that makes no record. reason: a sentence that names the line, the value and what is allowed."""

    line: int
    reason: str


Item = FileRecord | BadLine


def make_record_id(prefix: str, key: str, seen: Counter[str]) -> str:
    """An id for a record that has none: the same for the same line of the same file at every import.

    key: all that the line says. seen: lines so far; equal lines are told apart by their number.
    """
    seen[key] += 1
    digest = hashlib.sha256(f"{key}|{seen[key]}".encode()).hexdigest()
    return f"{prefix}-{digest[:24]}"
