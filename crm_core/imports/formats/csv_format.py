"""CSV files in UTF-8 with a header: one pass counts the rows and finds types, another reads the records."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from crm_core.errors import InvalidInput
from crm_core.imports.formats.csv_records import RowReader
from crm_core.imports.formats.csv_rows import Row, check_width, read_header, read_rows
from crm_core.imports.reading.cells import TypeFinder
from crm_core.imports.reading.items import BadLine, FileRecord, Item, make_record_id
from crm_core.imports.reading.limits import readable
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.faults import find_absent, find_faults, list_names
from crm_core.imports.recognising.kinds import Kind, guess_kind, kind_named
from crm_core.imports.recognising.mapping import ColumnMapping, field_names, map_columns
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan


def plan_csv(source: FileSource, options: ImportOptions) -> ImportPlan:
    """Read the whole file once, so that a broken one is refused before anything is sent. Raises InvalidInput."""
    with source.text() as text:
        rows = read_rows(text, source.name)
        names = read_header(rows, source.name)
        kind = _kind(names, source.name, options)
        count, columns = _survey(_fitting(rows, source.name, len(names)), map_columns(names, options.mapping, kind))
    faults = tuple(find_faults(source.name, columns, options.mapping, kind))
    return ImportPlan("csv", kind, count, columns, faults, lambda: _read(source, columns, kind))


def _kind(names: Sequence[str], file_name: str, options: ImportOptions) -> Kind:
    if options.kind_name:
        return kind_named(options.kind_name, options.kinds)
    kind = guess_kind(field_names(names, options.mapping), options.kinds)
    if kind is None:
        absent = [*find_absent(file_name, names, options.mapping)]
        neither = f"{file_name} has neither a column customer_id (orders; with type: events) nor id (customers)."
        has = f"It has {list_names(names)}." if names else "It has no columns."
        raise InvalidInput(" ".join([*absent, neither, has, "Name one with --map COLUMN=FIELD, or say --kind."]))
    return kind


def _fitting(rows: Iterable[Row | BadLine], file_name: str, width: int) -> Iterator[Row | BadLine]:
    """Pass on the rows, those of another width as bad lines. Raises InvalidInput when nearly all are bad."""
    return readable((check_width(row, width) if isinstance(row, tuple) else row for row in rows), file_name)


def _survey(rows: Iterable[Row | BadLine], columns: Sequence[ColumnMapping]) -> tuple[int, list[ColumnMapping]]:
    """How many rows there are, and the columns with the types that their cells say."""
    finders = {index: TypeFinder() for index, column in enumerate(columns) if column.target and not column.type}
    count = 0
    for row in rows:
        count += 1
        if isinstance(row, tuple):
            for index, finder in finders.items():
                finder.see(row[1][index])
    typed = (
        replace(column, type=finders[index].found) if index in finders else column
        for index, column in enumerate(columns)
    )
    return count, list(typed)


def _read(source: FileSource, columns: Sequence[ColumnMapping], kind: Kind) -> Iterator[Item]:
    reader = RowReader(columns)
    seen: Counter[str] = Counter()
    with source.text() as text:
        rows = read_rows(text, source.name)
        next(rows, None)
        for row in rows:
            item = row if isinstance(row, BadLine) else reader.read(*row)
            if isinstance(row, tuple) and isinstance(item, FileRecord) and kind.makes_ids and "id" not in item.record:
                made = make_record_id("csv", "|".join(row[1]), seen)
                item = FileRecord(item.line, {"id": made, **item.record})
            yield item
