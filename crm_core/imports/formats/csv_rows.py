"""The rows of a CSV file, as RFC 4180 has them; the delimiter is the one that its first line uses most."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import TextIO

from crm_core.errors import InvalidInput
from crm_core.imports.reading.items import BadLine

DELIMITERS = (",", ";", "\t")
Row = tuple[int, list[str]]


def read_rows(text: TextIO, file_name: str) -> Iterator[Row | BadLine]:
    """Those that are not blank, the header first, each with its last line.

    A line with a quote out of place is a bad line; one that leaves a quote open swallows those after it, so it
    raises InvalidInput.
    """
    first = text.readline()
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
            if any(cell.strip() for cell in row):
                yield reader.line_num, row


def read_header(rows: Iterator[Row | BadLine], file_name: str) -> list[str]:
    """Take the first row: the names of the columns, none for an empty file. Raises InvalidInput."""
    match next(rows, (0, [])):
        case BadLine(reason=reason):
            raise InvalidInput(f"The header of {file_name} cannot be read. {reason}")
        case (_, names):
            return [name.strip() for name in names]
