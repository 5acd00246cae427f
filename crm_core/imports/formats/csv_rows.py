"""The rows of a CSV file, as RFC 4180 has them; the delimiter is the one that its first line uses most."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import TextIO

from crm_core.errors import InvalidInput
from crm_core.imports.reading.items import BadLine
from crm_core.imports.reading.limits import MAX_HEADER_LENGTH, BlankLines, check_columns, check_header

DELIMITERS = (",", ";", "\t")
Row = tuple[int, list[str]]


def read_rows(text: TextIO, file_name: str) -> Iterator[Row | BadLine]:
    """Those that are not blank, the header first, each with its last line.

    A line with a quote out of place is a bad line; one that leaves a quote open swallows those after it, so it
    raises InvalidInput.
    """
    first = text.readline(MAX_HEADER_LENGTH + 1)
    check_header(file_name, first)
    blank = BlankLines(file_name)
    reader = csv.reader(chain([first], text), delimiter=max(DELIMITERS, key=first.count), strict=True)
    while True:
        begun = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            if "expected after" not in str(exc) or reader.line_num > begun:
                place = f"The header of {file_name}" if begun == 1 else f"Line {begun}"
                raise InvalidInput(f"{place} cannot be read as CSV: {exc}. Is a quote left open?") from None
            yield BadLine(begun, f"Line {begun} cannot be read as CSV: {exc}. A quote within quotes is doubled.")
        else:
            is_blank = not any(cell.strip() for cell in row)
            blank.see(reader.line_num, is_blank=is_blank)
            if not is_blank:
                yield reader.line_num, row


def read_header(rows: Iterator[Row | BadLine], file_name: str) -> list[str]:
    """Take the first row: the names of the columns, none for an empty file. Raises InvalidInput."""
    names = _read_names(rows, file_name)
    check_columns(file_name, len(names))
    return names


def _read_names(rows: Iterator[Row | BadLine], file_name: str) -> list[str]:
    match next(rows, (0, [])):
        case BadLine(reason=reason):
            raise InvalidInput(f"The header of {file_name} cannot be read. {reason}")
        case (_, names):
            return [name.strip() for name in names]


def check_width(row: Row, width: int) -> Row | BadLine:
    """The row, or why it is none of a table with so many columns."""
    line, cells = row
    return row if len(cells) == width else BadLine(line, f"Line {line} has {len(cells)} cells; the header has {width}.")
