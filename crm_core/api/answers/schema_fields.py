"""The fields of records as answers show them, made from the schema: what is declared there is documented here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.ingest.scalars import AttributeValue
from crm_core.schema import kinds
from crm_core.schema.fields import Field as Row
from crm_core.schema.fields import RecordSchema, Source
from crm_core.schema.statuses import STATUS_NAMES

RECORDED: Mapping[str, Any] = {
    "created_at": Annotated[datetime, Field(description="When the first record about it was accepted.")],
    "updated_at": datetime,
}
"""What every order and every event has beside its own fields."""
_JSON_TYPES: Mapping[type[kinds.Kind], Any] = {
    kinds.TextList: list[str],
    kinds.Flag: bool,
    kinds.Number: float,
    kinds.Money: float,
    kinds.Count: int,
    kinds.Moment: datetime,
    kinds.OrderStatus: Literal[STATUS_NAMES],
    kinds.Values: dict[str, AttributeValue],
}
"""Of the other kinds, the values are texts."""


def to_typed_dict(name: str, about: str, fields: Mapping[str, Any]) -> Any:
    made: Any = TypedDict(name, dict(fields))  # type: ignore[misc]  # made while the program runs
    made.__doc__ = about
    return made


def answer_fields(records: RecordSchema, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Field name to type, for a TypedDict. parts: types of fields whose answer has a form of its own."""
    whole = {row.name: _definition(row, parts) for row in records.fields if not row.is_hidden and not row.part}
    return whole | {name: NotRequired[_part_of(name, rows)] for name, rows in records.parts.items()}


def _part_of(name: str, rows: Sequence[Row]) -> Any:
    """Each of its fields may be missing."""
    described = {
        row.name.removeprefix(f"{name}."): NotRequired[
            Annotated[_JSON_TYPES.get(type(row.kind), str), Field(description=f"{row.label}. {row.about}")]
        ]
        for row in rows
    }
    return to_typed_dict(name.capitalize(), f"What is {name} of a customer.", described)


def _definition(row: Row, parts: Mapping[str, Any]) -> Any:
    described: Any = Annotated[parts.get(row.name) or _type_of(row), Field(description=row.about or row.label)]
    is_always_there = row.is_required or row.source is not Source.GIVEN or row.is_time
    return described if is_always_there or row.default is not None else NotRequired[described]


def _type_of(row: Row) -> Any:
    if isinstance(row.kind, kinds.Items):
        lines = {part.name: _definition(part, {}) for part in row.kind.fields}
        item: Any = to_typed_dict("OrderItem", "A line of an order.", lines)
        return list[item]
    kind = _JSON_TYPES.get(type(row.kind), str)
    is_of_orders = row.source is Source.DERIVED and isinstance(row.kind, kinds.Moment | kinds.Money)
    return kind | None if is_of_orders else kind
