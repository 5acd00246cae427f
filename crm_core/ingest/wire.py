"""What the ingestion API accepts, one model a record. Absent means unchanged, null means cleared."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from crm_core.channels.wire import ChannelName
from crm_core.ingest.scalars import (
    MAX_ENTRIES,
    AttributeValue,
    Count,
    Email,
    Id,
    Instant,
    Money,
    Phone,
    Text,
    check_declared,
)

Consent = Literal["granted", "denied", "unknown"]
OrderStatus = Literal["pending", "confirmed", "shipped", "delivered", "cancelled"]
ATTRIBUTE_NAME = r"^[a-z][a-z0-9_]{0,39}$"
AttributeName = Annotated[str, Field(pattern=ATTRIBUTE_NAME)]
Values = Annotated[
    dict[AttributeName, AttributeValue],
    Field(max_length=MAX_ENTRIES, json_schema_extra={"additionalProperties": False}),
]


class WireModel(BaseModel):
    """Strict, closed, and read in snake_case or camelCase."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )


class CustomerRecord(WireModel):
    """One customer of ``POST /customers``. visits, total_spend, order_count: the history before our data."""

    id: Id
    name: Text | None = None
    email: Email | None = None
    phone: Phone | None = None
    city: Text | None = None
    country: Text | None = None
    category: Text | None = None
    tags: Annotated[list[Text], Field(max_length=MAX_ENTRIES)] | None = None
    loyalty_member: bool | None = None
    abandoned_cart: bool | None = None
    cart_value: Money | None = None
    visits: Count | None = None
    total_spend: Money | None = None
    order_count: Count | None = None
    attributes: Annotated[Values, AfterValidator(check_declared)] | None = None
    consent: dict[ChannelName, Consent] | None = None


class OrderItem(WireModel):
    """A line of an order. quantity: pieces."""

    name: Text
    sku: Text | None = None
    quantity: Count = 1
    price: Money | None = None


class OrderRecord(WireModel):
    """One order of ``POST /orders``. ordered_at: when absent, the moment it was accepted."""

    id: Id
    customer_id: Id
    amount: Money
    status: OrderStatus | None = None
    category: Text | None = None
    items: Annotated[list[OrderItem], Field(max_length=200)] | None = None
    ordered_at: Instant | None = None


class EventRecord(WireModel):
    """One event of ``POST /events``; those of the type ``visit`` count as visits. at: when absent, the moment it was
    accepted."""

    id: Id
    customer_id: Id
    type: Annotated[str, Field(pattern=ATTRIBUTE_NAME, examples=["visit", "cart_abandoned"])]
    at: Instant | None = None
    properties: Values | None = None


Record = CustomerRecord | OrderRecord | EventRecord
