"""The fields of a customer, one row each."""

from typing import Final

from crm_core.schema.fields import Field, Idle, InRules, RecordSchema, Source
from crm_core.schema.kinds import (
    Consent,
    Count,
    Email,
    Flag,
    Identifier,
    Moment,
    Money,
    Number,
    Phone,
    Text,
    TextList,
    Values,
)

PROFILE, ORDERS, BEHAVIOUR, CONSENT, PREDICTIONS = "Profile", "Orders", "Behaviour", "Consent", "Predictions"
AVERAGE: Final = "avg_order_value"
"""Not stored: the quotient of the total spend and the number of orders, never rounded where it is compared."""

CUSTOMER = RecordSchema(
    "customers",
    "CustomerRecord",
    "One customer of ``POST /customers``. visits, total_spend, order_count: the history before our data.",
    (
        Field("id", Identifier(), "Customer id", is_required=True, in_messages=True),
        Field(
            "name", Text(), "Name", "Without one of its own it is read as the first and the last name.",
            joins=("first_name", "last_name"), columns=("full_name",),
            rules=InRules(PROFILE, is_held=False), in_messages=True,
        ),
        Field(
            "first_name", Text(), "First name", columns=("given_name", "firstname"),
            rules=InRules(PROFILE, is_held=False), in_messages=True,
        ),
        Field(
            "last_name", Text(), "Last name", columns=("family_name", "surname", "lastname"),
            rules=InRules(PROFILE, is_held=False), in_messages=True,
        ),
        Field(
            "email", Email(), "E-mail", columns=("email_address", "e_mail"),
            rules=InRules(PROFILE, is_held=False), in_messages=True, on_profile=True,
        ),
        Field(
            "phone", Phone(), "Phone", columns=("phone_number",),
            rules=InRules(PROFILE, is_held=False), in_messages=True, on_profile=True,
        ),
        Field("city", Text(), "City", rules=InRules(PROFILE, has_options=True), in_messages=True, on_profile=True),
        Field(
            "country", Text(), "Country", rules=InRules(PROFILE, has_options=True), in_messages=True, on_profile=True
        ),
        Field(
            "category", Text(), "Favourite category",
            rules=InRules(PROFILE, ("favourite_category",), has_options=True), in_messages=True, on_profile=True,
        ),
        Field(
            "tags", TextList(), "Tags",
            rules=InRules(PROFILE, phrase="is tagged with {}", has_options=True), in_messages=True, on_profile=True,
        ),
        Field(
            "loyalty_member", Flag(), "Loyalty member",
            rules=InRules(PROFILE, yes_no=("is a loyalty member", "is no loyalty member")),
            in_messages=True, on_profile=True,
        ),
        Field(
            "abandoned_cart", Flag(), "Abandoned cart",
            rules=InRules(BEHAVIOUR, yes_no=("abandoned a cart", "abandoned no cart")),
            in_messages=True, on_profile=True,
        ),
        Field(
            "cart_value", Money(), "Cart value", rules=InRules(BEHAVIOUR, ("cart",), "has {} in the cart"),
            in_messages=True, on_profile=True,
        ),
        Field(
            "visits", Count(), "Visits", "Those before our data, plus the events of the type visit.", Source.BASELINE,
            rules=InRules(BEHAVIOUR, phrase="visited {} times", unit="visits"), in_messages=True,
        ),
        Field(
            "total_spend", Money(), "Total spend", "What was spent before our data, plus amount less refunded of the "
            "orders that count, less the amounts of returns; it may be below 0.", Source.BASELINE,
            rules=InRules(ORDERS, ("spend",), "spent {}"), in_messages=True,
        ),
        Field(
            "order_count", Count(), "Orders in total", "Those before our data, plus the orders that count.",
            Source.BASELINE, rules=InRules(ORDERS, phrase="ordered {} times", unit="orders"), in_messages=True,
        ),
        Field(
            AVERAGE, Money(), "Average order value", "Total spend by orders in total.", Source.DERIVED,
            rules=InRules(ORDERS, ("average_order",), "spent {} per order on average"), in_messages=True,
        ),
        Field(
            "last_order_at", Moment(), "Last order", "Of the orders that count.", Source.DERIVED,
            rules=InRules(
                ORDERS, ("last_order",), "last ordered {}", idle=Idle("inactive", "has not ordered for {}", "ordered")
            ), in_messages=True,
        ),
        Field(
            "first_order_at", Moment(), "First order", "Of the orders that count.", Source.DERIVED,
            rules=InRules(ORDERS, ("first_order",), "first ordered {}"), in_messages=True,
        ),
        Field(
            "categories", TextList(), "Categories bought", "Of the orders that count.", Source.DERIVED,
            rules=InRules(ORDERS, ("bought",), "bought {}", has_options=True), in_messages=True, on_profile=True,
        ),
        Field("attributes", Values("attribute", by_name=True), "Attributes", "Custom data, under names of your own."),
        Field(
            "consent", Consent(), "Consent", "Per channel; stored with its source and its time.",
            rules=InRules(CONSENT),
        ),
        Field(
            "created_at", Moment(), "Customer since", "When the first record that names the customer was accepted.",
            Source.DERIVED, rules=InRules(PROFILE, ("customer_since",), "became a customer {}"),
            in_messages=True, on_profile=True,
        ),
        Field(
            "updated_at", Moment(), "Last change", "When the last record that names the customer was accepted.",
            Source.DERIVED, on_profile=True,
        ),
        Field(
            "predicted.active", Count(), "Chance to be active in %", "That the customer has not left for good. Whoever "
            "ordered on one day only has none.", Source.DERIVED,
            rules=InRules(PREDICTIONS, phrase="is active with a chance of {} %"),
        ),
        Field(
            "predicted.orders_90d", Number(0, 90), "Orders expected in 90 days", "Days with orders.", Source.DERIVED,
            rules=InRules(PREDICTIONS, phrase="is expected to order {} times in 90 days", unit="orders"),
        ),
        Field(
            "predicted.order_value", Money(), "Order value expected", "Of a day with orders, less refunds and returns.",
            Source.DERIVED, rules=InRules(PREDICTIONS, phrase="is expected to spend {} per order"),
        ),
        Field(
            "predicted.value_1y", Money(), "Value expected in a year", "Orders expected in 365 days by their value.",
            Source.DERIVED, rules=InRules(PREDICTIONS, phrase="is expected to spend {} in a year"),
        ),
        Field(
            "predicted.churn_risk", Count(), "Churn risk in %", "The chance of no order in 365 days.", Source.DERIVED,
            rules=InRules(PREDICTIONS, phrase="has a churn risk of {} %"),
        ),
    ),
)  # fmt: skip
