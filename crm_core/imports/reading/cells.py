"""How the text of a cell becomes a value: one type, its rule and its words, each."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from crm_core.ingest.scalars import ISO_START, MAX_INTEGER, MIN_INTEGER
from crm_core.ingest.wire import Consent

LIST_SEPARATOR = ";"
EXACT_DIGITS = 15
"""Decimal digits that every float keeps. Source: IEEE 754 binary64."""

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_CANONICAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)


@dataclass(frozen=True)
class CellType:
    """expected: what a cell must be, in words. convert: raises ValueError for one that is not."""

    name: str
    expected: str
    convert: Callable[[str], Any]


def is_canonical_number(cell: str) -> bool:
    """Whether it is surely a number and loses nothing as one: not 007, which is a code, and not +49, a phone."""
    if not _CANONICAL.fullmatch(cell):
        return False
    if "." in cell:
        return sum(map(str.isdigit, cell)) <= EXACT_DIGITS
    return len(cell) <= len(str(MIN_INTEGER)) and MIN_INTEGER <= int(cell) <= MAX_INTEGER


def _whole(cell: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise ValueError
    return int(cell)


def _number(cell: str) -> int | float:
    if _WHOLE.fullmatch(cell):
        return int(cell)
    if not _NUMBER.fullmatch(cell) or not math.isfinite(number := float(cell)):
        raise ValueError
    return number


def _boolean(cell: str) -> bool:
    word = cell.lower()
    if word in {"true", "yes", "1"}:
        return True
    if word in {"false", "no", "0"}:
        return False
    raise ValueError


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(LIST_SEPARATOR) if part.strip()]


def _date(cell: str) -> str:
    if not ISO_START.match(cell):
        raise ValueError
    datetime.fromisoformat(cell)
    return cell


def _consent(cell: str) -> str:
    if (word := cell.lower()) not in get_args(Consent):
        raise ValueError
    return word


TEXT = CellType("text", "a text", str)
NUMBER = CellType("number", "a number such as 29.33", _number)
WHOLE = CellType("whole number", "a whole number", _whole)
BOOLEAN = CellType("boolean", "true or false", _boolean)
DATE = CellType("date", "an ISO 8601 date or time such as 2026-01-31 or 2026-01-31T18:00:00Z", _date)
LIST = CellType("list", "texts with ; between them", _list)
CONSENT = CellType("consent", "granted, denied or unknown", _consent)

CUSTOM_TYPES: Mapping[str, CellType] = {kind.name: kind for kind in (TEXT, NUMBER, BOOLEAN, DATE, LIST)}
"""What ``attributes.NAME:type`` may say."""


class TypeFinder:
    """Finds the one type of a column from all its cells: number, boolean, or else text."""

    def __init__(self) -> None:
        self._left = {NUMBER.name, BOOLEAN.name}
        self._is_empty = True

    def see(self, cell: str) -> None:
        """Take one cell into account; an empty one says nothing."""
        if not (text := cell.strip()):
            return
        self._is_empty = False
        if not self._left:
            return
        if not is_canonical_number(text):
            self._left.discard(NUMBER.name)
        if text.lower() not in {"true", "false"}:
            self._left.discard(BOOLEAN.name)

    @property
    def found(self) -> CellType:
        return TEXT if self._is_empty or not self._left else CUSTOM_TYPES[next(iter(self._left))]
