"""The custom attributes of customers over HTTP: which there are, and declaring their types."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Security

from crm_core.access.keys import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.bodies import Body, body_of, documented
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.customers.attributes import Attribute, AttributeType
from crm_core.schema.kinds import KEYWORD

router = APIRouter(prefix="/v1", tags=["Customers"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CUSTOMERS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.CUSTOMERS_WRITE])]
Name = Annotated[str, Path(pattern=KEYWORD)]


class AttributeBody(Body):
    """type: what values must be from now on; null takes the declaration back."""

    type: AttributeType | None


@router.get("/attributes", responses=to_responses())
def list_attributes(found: ServicesDep, key: Reader) -> dict[str, Any]:
    """By name. type: the declared one, or the one that all values have; null when they differ."""
    return {"items": [_shown(attribute) for attribute in found.attributes.all()]}


@router.put(
    "/attributes/{name}",
    openapi_extra=documented(AttributeBody),
    responses=to_responses({**OF_A_BODY, 404: "Nothing was declared.", 422: "No such type, or no such name."}),
)
def declare_attribute(
    name: Name, found: ServicesDep, key: Writer, body: Annotated[AttributeBody, Depends(body_of(AttributeBody))]
) -> dict[str, Any]:
    """Declare its type: records whose value is of another type are rejected from then on (within 5 s)."""
    return _shown(found.attributes.declare(name, body.type, actor=key.actor))


def _shown(attribute: Attribute) -> dict[str, Any]:
    return {
        "name": attribute.name,
        "type": attribute.type,
        "declared": attribute.declared is not None,
        "seen": sorted(attribute.seen),
    }
