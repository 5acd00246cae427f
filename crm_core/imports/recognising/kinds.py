"""The kinds of records that a file can hold: their fields as columns, and how a kind is known by them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput
from crm_core.imports.reading.cells import BOOLEAN, LIST, NUMBER, TEXT, WHOLE, CellType
from crm_core.schema import kinds
from crm_core.schema.fields import RecordSchema, Source
from crm_core.schema.schema import SCHEMA, Schema


@dataclass(frozen=True)
class Kind:
    """name: also the API path. fields: one column each. custom: the field that takes columns ``custom.NAME``.

    required: columns without which no record is complete. nested: fields that only NDJSON can give whole.
    aliases: further names of columns, each with its field. makes_ids: whether a line of a CSV file without an id gets
    one. derived: fields that follow from others, which are never read. totals: what stands for the history before our
    data.
    """

    name: str
    fields: Mapping[str, CellType]
    required: tuple[str, ...]
    nested: tuple[str, ...]
    aliases: Mapping[str, str]
    custom: str | None
    makes_ids: bool
    derived: frozenset[str] = frozenset()
    totals: frozenset[str] = frozenset()

    @property
    def has_consent(self) -> bool:
        return "consent" in self.nested

    @property
    def columns(self) -> list[str]:
        """All that a column may be called, for people."""
        consent = [f"consent.{channel}" for channel in CHANNELS] if self.has_consent else []
        return [*self.fields, *([f"{self.custom}.NAME"] if self.custom else []), *consent]


Kinds: TypeAlias = Mapping[str, Kind]


def build_kinds(schema: Schema) -> Kinds:
    """One for each kind of records of the schema, by name."""
    return {records.name: _build(records) for records in schema}


def _build(records: RecordSchema) -> Kind:
    """Customers are told apart by their ids alone, so that none is made for them."""
    cells = {row.name: cell for row in records.on_wire if (cell := cell_type(row.kind))}
    return Kind(
        records.name,
        cells,
        tuple(name for name in records.required if name != "id" or not records.belongs_to_customer),
        tuple(row.name for row in records.on_wire if row.name not in cells),
        {alias: row.name for row in records.on_wire for alias in row.columns},
        next((row.name for row in records.on_wire if isinstance(row.kind, kinds.Values)), None),
        makes_ids=records.belongs_to_customer,
        derived=frozenset(row.name for row in records.fields if not row.is_on_wire and not row.is_hidden),
        totals=frozenset(row.name for row in records.fields if row.source is Source.BASELINE),
    )


def cell_type(kind: kinds.Kind) -> CellType | None:
    """None for a value that no single cell can give."""
    match kind:
        case (
            kinds.Identifier() | kinds.Text() | kinds.Email() | kinds.Phone() | kinds.Keyword() | kinds.OrderStatus()
            | kinds.Currency() | kinds.Moment()
        ):  # fmt: skip
            return TEXT
        case kinds.TextList():
            return LIST
        case kinds.Flag():
            return BOOLEAN
        case kinds.Money() | kinds.Number():
            return NUMBER
        case kinds.Count():
            return WHOLE
        case kinds.Values() | kinds.Consent() | kinds.Items():
            return None
        case _:
            assert_never(kind)


KINDS = build_kinds(SCHEMA)


def kind_named(name: str, known: Kinds = KINDS) -> Kind:
    """Raises InvalidInput for a kind that does not exist."""
    if name not in known:
        raise InvalidInput(f"There is no kind {name!r}; allowed are {', '.join(known)}.", field="kind")
    return known[name]


def guess_kind(fields: Collection[str], known: Kinds = KINDS) -> Kind | None:
    """The kind of records with these fields: those of events and orders name their customer."""
    if "customer_id" in fields:
        return known["events"] if "type" in fields else known["orders"]
    return known["customers"] if "id" in fields else None


def nearest_kind(fields: Collection[str], known: Kinds = KINDS) -> Kind:
    """The kind that has most of these fields, where none is certain."""
    return max(
        (known[name] for name in ("orders", "events", "customers")),
        key=lambda kind: len(kind.fields.keys() & set(fields)),
    )
