"""The custom attributes of customers over HTTP: which there are, and declaring their types."""

from typing import Annotated

from fastapi import Depends, Path, Query, Security

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import records
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.routing import Router
from crm_core.customers.attributes import Attribute
from crm_core.customers.seen_types import AttributeType
from crm_core.schema.kinds import KEYWORD

router = Router(prefix="/v1", tags=["Customers"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CUSTOMERS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.CUSTOMERS_WRITE])]
Name = Annotated[str, Path(pattern=KEYWORD)]


class AttributeBody(Body):
    """The type that values must have."""

    type: AttributeType | None
    """Null withdraws the declaration."""


@router.get("/attributes", responses=to_responses({422: "A parameter is not valid."}))
def list_attributes(
    services: ServicesDep,
    key: Reader,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    cursor: Annotated[str | None, Query(max_length=40)] = None,
) -> records.AttributePage:
    """List the custom attributes of customers by name, with their types."""
    items, after = services.attributes.page(limit=limit, after=cursor)
    return {"items": [_shown(attribute) for attribute in items], "next": after}


@router.put(
    "/attributes/{name}",
    openapi_extra=documented(AttributeBody),
    responses=to_responses({**OF_A_BODY, 404: "Nothing was declared.", 422: "No such type, or no such name."}),
)
def declare_attribute(
    name: Name, services: ServicesDep, key: Writer, body: Annotated[AttributeBody, Depends(body_of(AttributeBody))]
) -> records.Attribute:
    """Declare the type of an attribute. Within 5 s, records with a value of another type are rejected."""
    return _shown(services.attributes.declare(name, body.type, actor=key.actor))


def _shown(attribute: Attribute) -> records.Attribute:
    return {
        "name": attribute.name,
        "type": attribute.type,
        "declared": attribute.declared is not None,
        "seen": sorted(attribute.seen),
    }
