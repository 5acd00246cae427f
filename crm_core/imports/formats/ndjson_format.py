"""NDJSON files: one record of the API a line, in snake_case or camelCase, passed on as it is."""

from collections.abc import Iterator, Sequence

from crm_core.imports.formats.json_lines import can_send, read_objects
from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.reading.limits import check_columns, readable
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.faults import find_key_faults
from crm_core.imports.recognising.key_mapping import KeyMapper, map_keys
from crm_core.imports.recognising.kinds import Kind, guess_kind, kind_named
from crm_core.imports.recognising.mapping import ColumnMapping, field_names
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan


def plan_ndjson(source: FileSource, options: ImportOptions) -> ImportPlan:
    """Read the whole file once: how many lines, which keys. Raises InvalidInput when it is not UTF-8."""
    count, keys, first = 0, dict[str, None](), list[str]()
    for item in readable(read_objects(source), source.name):
        count += 1
        if isinstance(item, FileRecord):
            keys |= dict.fromkeys(item.record)
            check_columns(source.name, len(keys), "different keys")
            first = first or list(item.record)
    kind = _kind(first, options)
    columns = map_keys(keys, options.mapping, kind)
    faults = tuple(find_key_faults(source.name, columns, options.mapping, kind))
    return ImportPlan("ndjson", kind, count, columns, faults, lambda: _read(source, columns))


def _kind(first: Sequence[str], options: ImportOptions) -> Kind:
    if options.kind_name:
        return kind_named(options.kind_name, options.kinds)
    return guess_kind(field_names(first, options.mapping), options.kinds) or options.kinds["customers"]


def _read(source: FileSource, columns: Sequence[ColumnMapping]) -> Iterator[Item]:
    mapper = KeyMapper(columns)
    for item in read_objects(source):
        yield _check(mapper.read(item)) if isinstance(item, FileRecord) else item


def _check(item: Item) -> Item:
    if isinstance(item, FileRecord) and not can_send(item.record):
        fault = "it has a number beyond 1.8e308 or half of a surrogate pair"
        return BadLine(item.line, f"Line {item.line} cannot be sent as JSON: {fault}.")
    return item
