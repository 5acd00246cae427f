"""From a stream entry's JSON to the change that is stored, field by field as the schema declares it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pydantic_core import from_json

from crm_core.customers.merge import OFFERS, Patch
from crm_core.customers.storing import Store, to_stored
from crm_core.errors import Permanent
from crm_core.infra.streams import Entry, Stream
from crm_core.infra.text import fold
from crm_core.ingest.applying import Change
from crm_core.money import Digits
from crm_core.schema.fields import Field, RecordSchema, Source
from crm_core.schema.kinds import Consent, Values
from crm_core.schema.schema import Schema

Put: TypeAlias = Callable[[dict[str, Any], Any, Entry], None]
"""Writes what a record says of one field into its patch."""


class ChangeReader:
    """What entries say. digits: asked for the minor digits of the workspace's currency."""

    def __init__(self, schema: Schema, *, digits: Digits) -> None:
        self._readers = {Stream(f"stream:{records.name}"): _PatchReader(records, digits) for records in schema}

    def read(self, entry: Entry) -> Change:
        """Raises Permanent when it is no record: somebody else wrote to the stream."""
        try:
            record = from_json(entry.data)
        except ValueError as exc:
            raise Permanent(f"no valid JSON: {exc}") from None
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            raise Permanent("no record: an object with an id is needed")
        try:
            return Change(record["id"], self._readers[entry.stream].read(record, entry), entry.version)
        except (TypeError, ValueError, KeyError, ArithmeticError, AttributeError) as exc:
            raise Permanent(f"no record of this kind: {type(exc).__name__}") from None


class _PatchReader:
    """required: what validation has made sure of; an entry that somebody else wrote may lack it."""

    def __init__(self, records: RecordSchema, digits: Digits) -> None:
        self._required = tuple(name for name in records.required if name != "id")
        self._puts = {row.name: _put(row, records, digits) for row in records.on_wire if row.name != "id"}
        if any(isinstance(row.kind, Consent) for row in records.on_wire):
            self._puts[OFFERS] = _put_consent(OFFERS, to_stored(Consent(), digits=digits))

    def read(self, record: Mapping[str, Any], entry: Entry) -> Patch:
        if missing := [name for name in self._required if record.get(name) is None]:
            lacks = " and ".join(missing) + (" is" if len(missing) == 1 else " are")
            raise Permanent(f"no record of this kind: {lacks} missing")
        patch: dict[str, Any] = {}
        for name, value in record.items():
            if name == "id":
                continue
            if name not in self._puts:
                raise Permanent("no record of this kind: it has a field that is not declared")  # logged, so not quoted
            self._puts[name](patch, value, entry)
        return patch


def _put(row: Field, records: RecordSchema, digits: Digits) -> Put:
    store = to_stored(row.kind, digits=digits)
    if isinstance(row.kind, Consent):
        return _put_consent(row.name, store)
    if isinstance(row.kind, Values) and row.kind.by_name:
        return _put_values(row.name, store)
    path = f"baseline/{row.stored_name}" if row.source is Source.BASELINE else row.stored_name
    if row.is_folded and records.belongs_to_customer:
        return _put_folded(path, store)  # the copies of a customer's texts follow from the whole profile

    def put(patch: dict[str, Any], value: Any, entry: Entry) -> None:
        patch[path] = None if value is None else store(value)

    return put


def _put_folded(path: str, store: Store) -> Put:
    def put(patch: dict[str, Any], value: Any, entry: Entry) -> None:
        patch[path] = None if value is None else store(value)
        patch[f"{path}_folded"] = fold(value) if value else None

    return put


def _put_values(name: str, store: Store) -> Put:
    def put(patch: dict[str, Any], value: Any, entry: Entry) -> None:
        if value is None:
            patch[f"{name}/"] = None
        else:
            patch |= {f"{name}/{key}": part for key, part in store(value).items()}

    return put


def _put_consent(name: str, store: Store) -> Put:
    """Consent keeps who told us, such as ``key:shop``, and when."""

    def put(patch: dict[str, Any], value: Any, entry: Entry) -> None:
        if value is None:
            patch[f"{name}/"] = None
        else:
            told = {"source": entry.origin or "api", "at": entry.at}
            patch |= {f"{name}/{key}": {"state": state, **told} for key, state in store(value).items()}

    return put
