"""Customers, orders and events, for the type checker: the fields that code may read by name.

``crm_core.schema`` declares what there is, and a test holds each line here to its row. What goes over the rows reads by
``row.name`` and takes a mapping, so a new field needs a line here only when code is to read it by name.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Required, TypedDict, cast

from pymongo.collection import Collection

from crm_core.infra.mongo import Db, Doc


class ChannelConsent(TypedDict, total=False):
    """state: granted, denied or unknown. source: who told us. at: when, aware UTC. campaign_id: of the message whose
    link was followed."""

    state: str
    source: str
    at: datetime
    campaign_id: str


class CustomerFields(TypedDict, total=False):
    """Those that are stored as they are shown. Absent: never given, or not read. Times are aware UTC.

    first_order_at, last_order_at: None without an order.
    """

    name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    city: str
    country: str
    category: str
    tags: list[str]
    loyalty_member: bool
    abandoned_cart: bool
    attributes: dict[str, Any]
    consent: dict[str, ChannelConsent]
    order_count: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    categories: list[str]
    created_at: datetime
    updated_at: datetime


class Customer(CustomerFields, total=False):
    """As people see it. Amounts in major units."""

    id: Required[str]
    total_spend: Decimal
    cart_value: Decimal
    avg_order_value: Decimal | None


class StoredCustomer(CustomerFields, total=False):
    """As it is kept. Amounts in minor units. versions: of the entry that wrote it, by path. folded: of fold_texts.
    address_keys, refused: of reach_of. offers: consent as files told of it, by channel."""

    _id: Required[str]
    total_spend_minor: int
    cart_value_minor: int
    baseline: Doc
    folded: Doc
    address_keys: list[str]
    refused: list[str]
    offers: dict[str, ChannelConsent]
    versions: dict[str, int]


class OrderItem(TypedDict, total=False):
    """A line of an order."""

    name: Required[str]
    quantity: Required[int]


class Order(TypedDict, total=False):
    """As people see it. Amounts in major units, of a return positive as well."""

    id: Required[str]
    customer_id: str
    ordered_at: datetime
    amount: Decimal
    refunded: Decimal
    status: str
    category: str
    items: list[OrderItem]


class Event(TypedDict, total=False):
    """As people see it."""

    id: Required[str]
    type: str
    at: datetime
    properties: dict[str, Any]


def stored_customer(document: Mapping[str, Any]) -> StoredCustomer:
    return cast("StoredCustomer", document)


def customers_in(db: Db) -> Collection[StoredCustomer]:
    return cast("Collection[StoredCustomer]", db.customers)
