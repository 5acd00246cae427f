"""What the ingestion API accepts, one model a record, made from the schema. Absent means unchanged, null cleared."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, create_model
from pydantic.alias_generators import to_camel

from crm_core.channels.wire import ChannelName
from crm_core.infra.streams import Stream
from crm_core.ingest import scalars
from crm_core.schema import fields, kinds
from crm_core.schema.schema import SCHEMA, Schema

Consent = Literal["granted", "denied", "unknown"]


class WireModel(BaseModel):
    """Strict, closed, and read in snake_case or camelCase. rows: of the schema, by name."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )
    rows: ClassVar[Mapping[str, fields.Field]]


class RecordModels:
    """The models of a schema. Building one takes milliseconds: keep them."""

    def __init__(self, schema: Schema) -> None:
        self.models: Mapping[Stream, type[WireModel]] = {
            Stream(f"stream:{records.name}"): _build(records.model, records.about, records.on_wire)
            for records in schema
        }
        self.one = {stream: TypeAdapter[WireModel](model) for stream, model in self.models.items()}

    @cached_property
    def many(self) -> Mapping[Stream, TypeAdapter[list[WireModel]]]:
        """For arrays."""
        return {stream: TypeAdapter(list[model]) for stream, model in self.models.items()}  # type: ignore[valid-type]


def _build(name: str, about: str, rows: Sequence[fields.Field], *, is_item: bool = False) -> type[WireModel]:
    definitions: dict[str, Any] = {row.name: _definition(row, is_item=is_item) for row in rows}
    model = create_model(name, __base__=WireModel, __doc__=about, **definitions)
    model.rows = {row.name: row for row in rows}
    return model


def _definition(row: fields.Field, *, is_item: bool) -> Any:
    """Of a record, what is absent is unchanged; an item is replaced as a whole, so its defaults stand in for it."""
    kind, about = wire_type(row.kind), row.about or None
    if row.is_required:
        return kind, Field(description=about)
    if is_item and row.default is not None:
        return kind, Field(row.default, description=about)
    return kind | None, Field(None, description=about)


_PLAIN: Mapping[type[kinds.Kind], Any] = {
    kinds.Identifier: scalars.Id,
    kinds.Email: scalars.Email,
    kinds.Phone: scalars.Phone,
    kinds.TextList: Annotated[list[scalars.text_of(kinds.Text())], Field(max_length=kinds.MAX_ENTRIES)],  # type: ignore[misc]
    kinds.Flag: bool,
    kinds.Count: scalars.Count,
    kinds.OrderStatus: scalars.OrderStatus,
    kinds.Currency: scalars.Currency,
    kinds.Keyword: scalars.Keyword,
    kinds.Consent: dict[ChannelName, Consent],
}
"""Kinds without bounds of their own."""


def wire_type(kind: kinds.Kind) -> Any:
    """What Pydantic validates a value of that kind by."""
    match kind:
        case kinds.Text():
            return scalars.text_of(kind)
        case kinds.Number():
            return scalars.number_of(kind)
        case kinds.Money():
            return scalars.money_of(kind)
        case kinds.Moment():
            return scalars.instant_of(kind)
        case kinds.Values():
            return Annotated[scalars.Values, AfterValidator(scalars.check_declared)] if kind.by_name else scalars.Values
        case kinds.Items():
            item = _build(kind.name, kind.about, kind.fields, is_item=True)
            return Annotated[list[item], Field(max_length=kinds.MAX_ITEMS)]  # type: ignore[valid-type]
        case _:
            return _PLAIN[type(kind)]


MODELS = RecordModels(SCHEMA)
