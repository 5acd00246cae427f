"""Customers over HTTP: listed, and one with all records."""

from typing import Annotated, cast

from fastapi import Query, Security

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import records
from crm_core.api.problems import to_responses
from crm_core.api.routing import Router
from crm_core.api.shapes import to_json_values
from crm_core.campaigns.messages.rows import MAX_ROW_ID
from crm_core.schema.kinds import MAX_ID_LENGTH

router = Router(prefix="/v1", tags=["Customers"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CUSTOMERS_READ])]


@router.get("/customers", responses=to_responses({422: "A parameter is not valid."}))
def get_customers(
    services: ServicesDep,
    key: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=MAX_ID_LENGTH)] = None,
) -> records.CustomerPage:
    """List customers by id."""
    items, after = services.customers.page(limit=limit, after=cursor, actor=key.actor)
    return {"items": to_json_values(items), "next": after}


@router.get(
    "/customers/{customer_id:path}",
    responses=to_responses({404: "No customer has this id.", 422: "A parameter is not valid."}),
)
def get_customer(
    customer_id: str,
    services: ServicesDep,
    key: Reader,
    orders_cursor: Annotated[str | None, Query(max_length=MAX_ID_LENGTH)] = None,
    events_cursor: Annotated[str | None, Query(max_length=MAX_ID_LENGTH)] = None,
    messages_cursor: Annotated[str | None, Query(max_length=MAX_ROW_ID)] = None,
) -> records.CustomerDetails:
    """Return a customer with orders, events and messages, the newest first.

    Percent-encode an id that has `/`, `?` or `#` in it. To read on, send the `next` of a list as its cursor.
    """
    actor = key.actor
    customer = services.customers.customer(customer_id, actor=actor)
    orders, more_orders = services.customers.orders(customer_id, actor=actor, after=orders_cursor)
    events, more_events = services.customers.events(customer_id, actor=actor, after=events_cursor)
    messages, more_messages = services.message_log.of_customer(customer_id, actor=actor, after=messages_cursor)
    details = {
        "customer": to_json_values(customer),
        "orders": {"items": to_json_values(orders), "next": more_orders},
        "events": {"items": to_json_values(events), "next": more_events},
        "messages": {"items": messages, "next": more_messages},
    }
    return cast("records.CustomerDetails", details)
