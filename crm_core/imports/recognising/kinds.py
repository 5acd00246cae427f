"""The kinds of records that a file can hold: their fields as columns, and how a kind is known by them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput
from crm_core.imports.reading.cells import BOOLEAN, LIST, NUMBER, TEXT, WHOLE, CellType


@dataclass(frozen=True)
class Kind:
    """name: also the API path. fields: one column each. custom: the field that takes columns ``custom.NAME``.

    required: columns without which no record is complete. nested: fields that only NDJSON can give whole.
    makes_ids: whether a line of a CSV file without an id gets one.
    """

    name: str
    fields: Mapping[str, CellType]
    required: tuple[str, ...]
    nested: tuple[str, ...]
    custom: str | None = None
    makes_ids: bool = True

    @property
    def has_consent(self) -> bool:
        return "consent" in self.nested

    @property
    def columns(self) -> list[str]:
        """All that a column may be called, for people."""
        consent = [f"consent.{channel}" for channel in CHANNELS] if self.has_consent else []
        return [*self.fields, *([f"{self.custom}.NAME"] if self.custom else []), *consent]


CUSTOMERS = Kind(
    "customers",
    {
        **dict.fromkeys(("id", "name", "email", "phone", "city", "country", "category"), TEXT),
        **dict.fromkeys(("cart_value", "total_spend"), NUMBER),
        **dict.fromkeys(("visits", "order_count"), WHOLE),
        **dict.fromkeys(("loyalty_member", "abandoned_cart"), BOOLEAN),
        "tags": LIST,
    },
    required=("id",),
    nested=("attributes", "consent"),
    custom="attributes",
    makes_ids=False,
)
ORDERS = Kind(
    "orders",
    {**dict.fromkeys(("id", "customer_id", "status", "category", "ordered_at"), TEXT), "amount": NUMBER},
    required=("customer_id", "amount"),
    nested=("items",),
)
EVENTS = Kind(
    "events",
    dict.fromkeys(("id", "customer_id", "type", "at"), TEXT),
    required=("customer_id", "type"),
    nested=("properties",),
    custom="properties",
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (CUSTOMERS, ORDERS, EVENTS)}


def kind_named(name: str) -> Kind:
    """Raises InvalidInput for a kind that does not exist."""
    if name not in KINDS:
        raise InvalidInput(f"There is no kind {name!r}; allowed are {', '.join(KINDS)}.", field="kind")
    return KINDS[name]


def guess_kind(fields: Collection[str]) -> Kind | None:
    """The kind of records with these fields: those of events and orders name their customer."""
    if "customer_id" in fields:
        return EVENTS if "type" in fields else ORDERS
    return CUSTOMERS if "id" in fields else None


def nearest_kind(fields: Collection[str]) -> Kind:
    """The kind that has most of these fields, where none is certain."""
    return max((ORDERS, EVENTS, CUSTOMERS), key=lambda kind: len(kind.fields.keys() & set(fields)))
