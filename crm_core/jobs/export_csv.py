"""Customers as lines of a CSV file (RFC 4180) with the columns and the cells that our own import reads."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, Final

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


def stored_names(customers: RecordSchema) -> list[str]:
    """What is read of a customer for these columns: nothing of what is kept for searches and merges."""
    return [*(row.stored_name for row in customers.fields if not row.part), *customers.parts]


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
    return _CELLS.get(type(value), repr)(value)


_CELLS: Final[Mapping[type, Callable[[Any], str]]] = {
    NoneType: lambda _: "",
    bool: lambda value: "true" if value else "false",
    datetime: lambda value: value.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    Decimal: lambda value: format(value, "f"),
    list: lambda value: spreadsheet_text(LIST_SEPARATOR.join(value)),
    str: spreadsheet_text,
}


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
