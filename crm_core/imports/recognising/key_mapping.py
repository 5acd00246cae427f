"""The keys of NDJSON records: which of them are fields, and what becomes of those that the user maps."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic.alias_generators import to_camel

from crm_core.imports.reading.cells import TEXT
from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.reading.quoting import quote
from crm_core.imports.recognising.kinds import Kind
from crm_core.imports.recognising.mapping import ColumnMapping, find_chosen, map_columns
from crm_core.imports.recognising.targets import Target


def map_keys(keys: Iterable[str], mapping: Mapping[str, str], kind: Kind) -> list[ColumnMapping]:
    """Each key with its target. One that nobody mapped is passed on as it is, and judged by the API."""
    fields = {form: name for name in (*kind.fields, *kind.nested) for form in (to_camel(name), name)}
    found = []
    for key in keys:
        if find_chosen(key, mapping) is not None:
            found += map_columns([key], mapping, kind)
        elif key in fields:
            found.append(ColumnMapping(key, Target(fields[key])))
        else:
            fault = f"There is a key {key!r} that {kind.name} do not have."
            found.append(ColumnMapping(key, fault=fault))
    return found


class KeyMapper:
    """Moves the mapped keys of a record to their targets; a text there is read as a cell would be."""

    def __init__(self, columns: Sequence[ColumnMapping]) -> None:
        self._by_key = {column.column: column for column in columns if column.is_mapped}

    def read(self, item: FileRecord) -> Item:
        """The record as the API takes it, or a bad line when a value has no place there."""
        if not self._by_key:
            return item
        record = {key: value for key, value in item.record.items() if key not in self._by_key}
        for key, value in item.record.items():
            column = self._by_key.get(key)
            if column and column.target:
                try:
                    _move(record, column.target, _convert(value, column))
                except ValueError as exc:
                    return BadLine(item.line, f"Line {item.line}, key {key}: {exc}.")
        return FileRecord(item.line, record)


def _convert(value: Any, column: ColumnMapping) -> Any:
    if column.type == TEXT and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if column.type is None or not isinstance(value, str):
        return value
    try:
        return column.type.convert(value.strip())
    except ValueError:
        raise ValueError(f"{quote(value)} is not {column.type.expected}") from None


def _move(record: dict[str, Any], target: Target, value: Any) -> None:
    if not target.name:
        record[target.field] = value
        return
    within = record.setdefault(target.field, {})
    if not isinstance(within, dict):
        raise ValueError(f"{target.field} of the record is no object")
    if target.name in within:
        raise ValueError(f"the record has {target.path} already")
    within[target.name] = value
