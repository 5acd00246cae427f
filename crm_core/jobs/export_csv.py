"""Customers as lines of a CSV file (RFC 4180) with the columns and the cells that our own import reads."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crm_core.channels.registry import CHANNELS
from crm_core.customers.attributes import Attribute
from crm_core.customers.seen_types import common_type
from crm_core.imports.reading.cells import LIST_SEPARATOR
from crm_core.infra.mongo import Doc
from crm_core.infra.text import spreadsheet_text
from crm_core.schema.fields import Field, RecordSchema
from crm_core.schema.kinds import Consent, Values


def columns_of(customers: RecordSchema, attributes: Iterable[Attribute]) -> list[str]:
    """Every field that people see, and the custom attributes.

    An attribute whose values have one type names it, as in ``attributes.zip:text``: an import would take texts of
    digits alone for numbers.
    """
    known = [each for each in attributes if each.is_known]
    return [name for row in customers.fields if not row.is_hidden for name in _columns(row, known)]


def _columns(row: Field, attributes: Sequence[Attribute]) -> Iterator[str]:
    match row.kind:
        case Values():
            for each in attributes:
                kind = common_type(each.seen) or (None if each.seen else each.declared)
                yield f"{row.name}.{each.name}:{kind}" if kind else f"{row.name}.{each.name}"
        case Consent():
            yield from (f"{row.name}.{channel}" for channel in CHANNELS)
        case _:
            yield row.name


class CustomerLines:
    """columns: as ``columns_of`` names them."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._paths = [_path(column) for column in columns]

    def header(self) -> str:
        return _line(self._columns)

    def line(self, record: Doc) -> str:
        """record: a customer as people see it."""
        return _line([to_cell(_value_at(record, path)) for path in self._paths])


def to_cell(value: Any) -> str:
    """Times in UTC, amounts in major units as they are; only texts can be formulas."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Decimal():
            return format(value, "f")
        case list():
            return spreadsheet_text(LIST_SEPARATOR.join(value))
        case str():
            return spreadsheet_text(value)
        case _:
            return repr(value)


def _path(column: str) -> tuple[str, ...]:
    """Where a record has it."""
    path = tuple(column.partition(":")[0].split("."))
    return (*path, "state") if path[0] == "consent" else path


def _value_at(record: Doc, path: Sequence[str]) -> Any:
    value: Any = record
    for name in path:
        if value is None:
            return None
        value = value.get(name)
    return value


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
