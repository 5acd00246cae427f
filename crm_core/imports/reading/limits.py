"""Files that hold no records, or more columns than anybody maps: refused as soon as that is seen."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from crm_core.errors import InvalidInput
from crm_core.imports.reading.items import BadLine, FileRecord

MAX_COLUMNS = 500
MAX_HEADER_LENGTH = 100_000
"""Characters of the first line of a CSV file."""
MAX_BLANK_LINES = 100_000
"""One after the other."""
MIN_BAD_LINES = 1_000
MIN_GOOD_SHARE = 0.01
"""A file of which fewer lines can be read is another than it is taken for."""

Line = TypeVar("Line")


def check_columns(file_name: str, count: int, what: str = "columns") -> None:
    """Raises InvalidInput."""
    if count > MAX_COLUMNS:
        raise InvalidInput(
            f"{file_name} has {count:,} {what}; up to {MAX_COLUMNS} can be imported. Save it with those that you need."
        )


def check_header(file_name: str, line: str) -> None:
    """Raises InvalidInput."""
    if len(line) > MAX_HEADER_LENGTH:
        raise InvalidInput(
            f"The first line of {file_name} has more than {MAX_HEADER_LENGTH:,} characters: it is no header of a table."
        )


class BlankLines:
    """Counts those that follow each other."""

    def __init__(self, file_name: str) -> None:
        self._file_name = file_name
        self._count = 0

    def see(self, line: int, *, is_blank: bool) -> None:
        """Raises InvalidInput."""
        self._count = self._count + 1 if is_blank else 0
        if self._count > MAX_BLANK_LINES:
            raise InvalidInput(
                f"{self._file_name} has more than {MAX_BLANK_LINES:,} empty lines, up to line {line:,}. Remove them."
            )


def readable(lines: Iterable[Line], file_name: str) -> Iterator[Line]:
    """Pass on the lines of a file. Raises InvalidInput once nearly all of very many hold no record."""
    good = bad = 0
    reason = ""
    for line in lines:
        if fault := _fault_of(line):
            bad += 1
            reason = reason or fault
            if bad >= MIN_BAD_LINES and good < bad * MIN_GOOD_SHARE:
                raise InvalidInput(
                    f"Of the first {good + bad:,} lines of {file_name}, {bad:,} hold no record. {reason}"
                )
        else:
            good += 1
        yield line


def _fault_of(line: object) -> str:
    """Why it holds no record; empty for one that does."""
    match line:
        case BadLine():
            return line.reason
        case FileRecord() if not line.record:
            return f"Line {line.line} is an empty object."
        case _:
            return ""
