"""From the cells of a row to a record of the API."""

from collections.abc import Sequence
from typing import Any

from crm_core.imports.formats.csv_rows import check_width
from crm_core.imports.reading.cells import TEXT
from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.reading.quoting import quote
from crm_core.imports.recognising.mapping import ColumnMapping
from crm_core.imports.recognising.targets import Target
from crm_core.infra.text import from_spreadsheet_text


class RowReader:
    """columns: of the file in its order, each with its type."""

    def __init__(self, columns: Sequence[ColumnMapping]) -> None:
        self._columns = columns

    def read(self, line: int, row: list[str]) -> Item:
        """The record; an empty cell says nothing, and a quote that keeps spreadsheets from taking a text for a formula
        is no part of it. A bad line when a cell is not what its column takes."""
        if isinstance(checked := check_width((line, row), len(self._columns)), BadLine):
            return checked
        record: dict[str, Any] = {}
        for column, cell in zip(self._columns, row, strict=True):
            if not column.target or not (text := from_spreadsheet_text(cell.strip())):
                continue
            kind = column.type or TEXT
            try:
                put(record, column.target, kind.convert(text))
            except ValueError:
                fault = f"{quote(text)} is not {kind.expected}."
                return BadLine(line, f"Line {line}, column {column.column}: {fault}")
        return FileRecord(line, record)


def put(record: dict[str, Any], target: Target, value: Any) -> None:
    """Set the field of a record, or the name within it."""
    if target.name:
        record.setdefault(target.field, {})[target.name] = value
    else:
        record[target.field] = value
