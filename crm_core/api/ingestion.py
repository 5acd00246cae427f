"""POST /customers and /orders: validated per record, accepted when they are on their stream."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Security
from fastapi.responses import JSONResponse

from crm_core.access.keys import ApiKey, Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.bodies import documented, read_body
from crm_core.api.problems import problem
from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import MAX_RECORDS, Batch, parse_records
from crm_core.ingest.wire import CustomerRecord, OrderRecord
from crm_core.services import Services

router = APIRouter(tags=["Ingestion"])
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.INGEST_WRITE])]


ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "Accepted; rejected records are listed with their errors.",
        "content": {
            "application/json": {
                "example": {
                    "accepted": 1,
                    "rejected": [{"index": 1, "errors": [{"field": "amount", "message": "is required"}]}],
                }
            }
        },
    },
    401: {"description": "No API key, or an unknown one."},
    403: {"description": "The key lacks the scope ingest:write."},
    413: {"description": "The body is too large."},
    422: {"description": "Every record is bad, or the body is no JSON."},
    503: {"description": "Nothing was accepted; try again after Retry-After seconds."},
}


@router.post(
    "/customers", status_code=202, responses=ANSWERS, openapi_extra=documented(CustomerRecord, up_to=MAX_RECORDS)
)
async def post_customers(request: Request, found: ServicesDep, key: Writer) -> JSONResponse:
    """Create or change customers. An absent field stays as it is, null clears it."""
    return await _accept(Stream.CUSTOMERS, found, await read_body(request))


@router.post("/orders", status_code=202, responses=ANSWERS, openapi_extra=documented(OrderRecord, up_to=MAX_RECORDS))
async def post_orders(request: Request, found: ServicesDep, key: Writer) -> JSONResponse:
    """Create or change orders. An order for an unknown customer makes a profile with only the id."""
    return await _accept(Stream.ORDERS, found, await read_body(request))


async def _accept(stream: Stream, found: Services, body: bytes) -> JSONResponse:
    batch = parse_records(stream, body, now=found.clock(), digits=found.settings.currency_digits)
    rejected = _rejected(batch)
    if not batch.payloads:
        first = rejected[0]
        error = first["errors"][0]
        fault = f"{error['field']} {error['message']}".lstrip()
        detail = f"No record was accepted. Record {first['index']}: {fault}."
        return problem(422, "Not valid", detail, accepted=0, rejected=rejected)
    await found.async_publisher.publish(stream, batch.payloads)
    return JSONResponse({"accepted": len(batch.payloads), "rejected": rejected}, 202)


def _rejected(batch: Batch) -> list[dict[str, Any]]:
    return [
        {
            "index": rejection.index,
            "errors": [{"field": error.field, "message": error.message} for error in rejection.errors],
        }
        for rejection in batch.rejected
    ]
