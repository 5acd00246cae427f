"""Stored documents as people see them: ``id``, money in major units, defaults in place, nothing of our bookkeeping."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from crm_core.customers.document import REACH_PARTS
from crm_core.customers.fields import read_joined
from crm_core.customers.merge import OFFERS
from crm_core.infra.mongo import Doc
from crm_core.money import Digits, to_major
from crm_core.schema.fields import Field, RecordSchema, Source
from crm_core.schema.kinds import Items, Money
from crm_core.schema.schema import Schema

Show: TypeAlias = Callable[[Any], Any]
BOOKKEEPING = ("versions", "folded", "is_undated", OFFERS, *REACH_PARTS)


class Forms:
    """digits: asked for the minor digits of the workspace's currency."""

    def __init__(self, schema: Schema, *, digits: Digits) -> None:
        self.customers, self.orders, self.events = (RecordForm(records, digits=digits) for records in schema)


class RecordForm:
    def __init__(self, records: RecordSchema, *, digits: Digits) -> None:
        self._records = records
        self._shown = {row.stored_name: (row.name, _show(row, digits)) for row in records.fields}
        self._shown |= {"baseline": ("baseline", _show_baseline(records, digits))}
        self._shown |= {part: (part, _show_part(rows, digits)) for part, rows in records.parts.items()}
        folded = {f"{row.stored_name}_folded" for row in records.folded}
        hidden = {row.stored_name for row in records.fields if row.is_hidden}
        self._hidden = frozenset({"_id", *BOOKKEEPING, *folded, *hidden})

    def to_record(self, row: Mapping[str, Any]) -> Any:
        """A mapping, whose type the caller knows. What the schema does not know, such as the time of the first record,
        is shown as it is."""
        record: Doc = {"id": row["_id"]}
        for name, value in row.items():
            if name in self._hidden:
                continue
            if known := self._shown.get(name):
                shown, show = known
                record[shown] = show(value) if show and value is not None else value
            else:
                record[name] = value
        return record | read_joined(row, self._records)


def _show(row: Field, digits: Digits) -> Show | None:
    """None for what is shown as it is stored."""
    if isinstance(row.kind, Money):
        return lambda value: to_major(value, digits())
    if isinstance(row.kind, Items):
        return _show_items(row.kind, digits)
    return None


def _show_items(kind: Items, digits: Digits) -> Show:
    parts = {part.stored_name: (part.name, _show(part, digits)) for part in kind.fields}
    defaults = {part.name: part.default for part in kind.fields if part.default is not None}
    return lambda items: [{**defaults, **_named(item, parts)} for item in items]


def _show_part(rows: Sequence[Field], digits: Digits) -> Show:
    parts = {_last(row.stored_name): (_last(row.name), _show(row, digits)) for row in rows}
    return lambda stored: _named(stored, parts)


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _show_baseline(records: RecordSchema, digits: Digits) -> Show:
    rows = [row for row in records.fields if row.source is Source.BASELINE]
    parts = {row.stored_name: (row.name, _show(row, digits)) for row in rows}
    return lambda baseline: _named(baseline, parts)


def _named(stored: Mapping[str, Any], parts: Mapping[str, tuple[str, Show | None]]) -> Doc:
    return {
        parts[name][0]: show(value) if (show := parts[name][1]) else value
        for name, value in stored.items()
        if name in parts
    }
