"""Customers with their orders and events, as answers show them. A field is absent until somebody has given it."""

from datetime import datetime
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.api.answers.messages import MessagePage
from crm_core.channels.wire import ChannelName
from crm_core.customers.attributes import AttributeType
from crm_core.ingest.scalars import AttributeValue
from crm_core.ingest.wire import Consent, OrderStatus


class History(TypedDict, total=False):
    """What was given as the customer's history before the first record."""

    visits: int
    total_spend: float
    order_count: int


class ChannelConsent(TypedDict):
    """Whether the customer may be messaged over a channel, who told us, and when."""

    state: Consent
    source: str
    at: datetime


class Customer(TypedDict):
    """A customer. Totals count the given history and all orders that are not cancelled."""

    id: str
    total_spend: float
    order_count: int
    avg_order_value: Annotated[float | None, Field(description="Null without an order.")]
    first_order_at: datetime | None
    last_order_at: datetime | None
    categories: Annotated[list[str], Field(description="Of the orders that count.")]
    visits: int
    created_at: Annotated[datetime, Field(description="When the first record about the customer was accepted.")]
    updated_at: datetime
    name: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    city: NotRequired[str]
    country: NotRequired[str]
    category: NotRequired[str]
    tags: NotRequired[list[str]]
    loyalty_member: NotRequired[bool]
    abandoned_cart: NotRequired[bool]
    cart_value: NotRequired[float]
    baseline: NotRequired[History]
    attributes: NotRequired[dict[str, AttributeValue]]
    consent: NotRequired[dict[ChannelName, ChannelConsent]]


class CustomerPage(TypedDict):
    """Customers, ordered by id."""

    items: list[Customer]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]


class OrderItem(TypedDict):
    """A line of an order."""

    name: str
    quantity: NotRequired[int]
    sku: NotRequired[str]
    price: NotRequired[float]


class Order(TypedDict):
    """An order of a customer."""

    id: str
    customer_id: str
    amount: float
    status: OrderStatus
    ordered_at: datetime
    created_at: Annotated[datetime, Field(description="When the first record about the order was accepted.")]
    updated_at: datetime
    category: NotRequired[str]
    items: NotRequired[list[OrderItem]]


class OrderPage(TypedDict):
    """Orders of one customer, the newest first."""

    items: list[Order]
    next: str | None


class Event(TypedDict):
    """Something that a customer did."""

    id: str
    customer_id: str
    type: str
    at: datetime
    created_at: Annotated[datetime, Field(description="When the first record about the event was accepted.")]
    updated_at: datetime
    properties: NotRequired[dict[str, AttributeValue]]


class EventPage(TypedDict):
    """Events of one customer, the newest first."""

    items: list[Event]
    next: str | None


class CustomerDetails(TypedDict):
    """A customer with the first page of each kind of record, or the page that a cursor names."""

    customer: Customer
    orders: OrderPage
    events: EventPage
    messages: MessagePage


class Attribute(TypedDict):
    """A custom attribute of customers."""

    name: str
    type: Annotated[
        AttributeType | None,
        Field(description="The declared type, or the type of all values; null when they differ."),
    ]
    declared: Annotated[bool, Field(description="Whether somebody has declared the type.")]
    seen: Annotated[list[AttributeType], Field(description="The types of the values so far.")]


class AttributePage(TypedDict):
    """Custom attributes, ordered by name."""

    items: list[Attribute]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]
