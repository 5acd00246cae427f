"""Customers with their orders and events, as answers show them. A field is absent until somebody has given it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypeAlias

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.api.answers.messages import MessagePage
from crm_core.api.answers.schema_fields import RECORDED, answer_fields, to_typed_dict
from crm_core.channels.wire import ChannelName
from crm_core.customers.seen_types import AttributeType
from crm_core.ingest.wire import Consent
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.event import EVENT
from crm_core.schema.order import ORDER


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
    campaign_id: NotRequired[Annotated[str, Field(description="Of the message whose unsubscribe link was followed.")]]


if TYPE_CHECKING:
    Customer: TypeAlias = dict[str, Any]
    Order: TypeAlias = dict[str, Any]
    Event: TypeAlias = dict[str, Any]
else:
    _PARTS = {"consent": dict[ChannelName, ChannelConsent]}
    _CUSTOMER = answer_fields(CUSTOMER, _PARTS)
    _BASELINE = {"baseline": NotRequired[History]}
    Customer = to_typed_dict(
        "Customer", "A customer. A field is absent until somebody has given it.", _CUSTOMER | _BASELINE
    )
    Order = to_typed_dict("Order", "An order of a customer.", {**answer_fields(ORDER, {}), **RECORDED})
    Event = to_typed_dict("Event", "Something that a customer did.", {**answer_fields(EVENT, {}), **RECORDED})


class CustomerPage(TypedDict):
    """Customers, ordered by id."""

    items: list[Customer]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]


class OrderPage(TypedDict):
    """Orders of one customer, the newest first."""

    items: list[Order]
    next: str | None


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
