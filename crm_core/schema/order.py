"""The fields of an order and of its items, one row each."""

from crm_core.schema.fields import Field, InRules, RecordSchema, Source
from crm_core.schema.kinds import Count, Currency, Identifier, Items, Moment, Money, OrderStatus, Text

ITEM = Items(
    "OrderItem",
    "A line of an order. quantity: pieces.",
    (
        Field("name", Text(), "Name", is_required=True),
        Field("sku", Text(), "Article number"),
        Field("quantity", Count(), "Pieces", default=1),
        Field("price", Money(), "Price of one piece"),
    ),
)

ORDER = RecordSchema(
    "orders",
    "OrderRecord",
    "One order of ``POST /orders``. ordered_at: when absent, the moment it was accepted. refunded: of the amount; what "
    "is spent is the rest.",
    (
        Field("id", Identifier(), "Order id", is_required=True),
        Field("customer_id", Identifier(), "Customer id", is_required=True),
        Field("amount", Money(), "Amount", "Of a return it is positive as well.", is_required=True),
        Field(
            "refunded", Money(at_most="amount"), "Refunded", "At most the amount.",
            columns=("amount_refunded", "refunded_amount"),
        ),
        Field(
            "currency", Currency(), "Currency", "That of the workspace; another is refused.",
            columns=("currency_code",),
        ),
        Field("status", OrderStatus(), "Status", "See below.", default="confirmed", columns=("order_status",)),
        Field("category", Text(), "Category", rules=InRules()),
        Field("items", ITEM, "Items"),
        Field("ordered_at", Moment(), "Time of the order", columns=("order_date",), is_time=True),
        Field(
            "net", Money(), "What it counts for", "Stored where that is not the amount.", Source.DERIVED,
            is_hidden=True,
        ),
    ),
)  # fmt: skip
