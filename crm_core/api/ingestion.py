"""POST /customers, /orders and /events: validated per record, accepted when they are on their stream."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import structlog
from fastapi import Request, Security
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize, authorize_directly, keyed
from crm_core.api.answers.operations import AcceptedRecords, Ingestion
from crm_core.api.bodies import documented, read_body
from crm_core.api.metrics import RECORDS
from crm_core.api.problems import problem, to_responses
from crm_core.api.routing import DirectRoute, Router
from crm_core.customers.seen_types import AttributeType
from crm_core.infra.database_identity import read_workspace_id
from crm_core.infra.streams import INGESTED, Stream
from crm_core.ingest.offers import as_offers
from crm_core.ingest.parsing import MAX_RECORDS, Batch, parse_records
from crm_core.ingest.wire import MODELS
from crm_core.services import Services, current

log = structlog.stdlib.get_logger(__name__)
router = Router(prefix="/v1", tags=["Ingestion"])
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.INGEST_WRITE])]

POSITION = "X-Stream-Position"
KEEP_DENIALS = "keep_denials"
ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "model": AcceptedRecords,
        "description": "Accepted. Rejected records are listed with their errors.",
        "headers": {
            POSITION: {
                "description": "The position of the last record on its stream; see GET /ingestion.",
                "schema": {"type": "string"},
            }
        },
        "content": {
            "application/json": {
                "example": {
                    "accepted": 1,
                    "rejected": [{"index": 1, "errors": [{"field": "amount", "message": "is required"}]}],
                }
            }
        },
    },
    **to_responses(
        {
            413: "The body is too large.",
            422: "Every record was rejected, or the body is not JSON.",
            503: "Nothing was accepted: a server is away, or too many records wait to be stored.",
        }
    ),
}


KEEPING: dict[str, Any] = {
    "parameters": [
        {
            "name": KEEP_DENIALS,
            "in": "query",
            "description": "Whether consent that a record grants lifts no denial on record.",
            "schema": {"type": "boolean", "default": False},
        }
    ]
}


async def post_customers(request: Request) -> JSONResponse:
    """Create or change customers. A field that is absent stays as it is, null clears it.

    With `keep_denials=true`, as imports of files ask, consent that a record grants lifts no denial on record;
    `denials_kept` says how many it would have lifted.
    """
    return await _accept(Stream.CUSTOMERS, request)


async def post_orders(request: Request) -> JSONResponse:
    """Create or change orders. An order of an unknown customer creates a profile with only the id."""
    return await _accept(Stream.ORDERS, request)


async def post_events(request: Request) -> JSONResponse:
    """Record what customers did. Events of the type `visit` count as visits."""
    return await _accept(Stream.EVENTS, request)


for stream, endpoint in (
    (Stream.CUSTOMERS, post_customers),
    (Stream.ORDERS, post_orders),
    (Stream.EVENTS, post_events),
):
    router.add_api_route(
        f"/{stream.label}",
        endpoint,
        methods=["POST"],
        status_code=202,
        responses=ANSWERS,
        route_class_override=DirectRoute,
        openapi_extra={
            **documented(MODELS.models[stream], up_to=MAX_RECORDS),
            **keyed(Scope.INGEST_WRITE),
            **(KEEPING if stream is Stream.CUSTOMERS else {}),
        },
    )


@router.get("/ingestion", responses=to_responses())
def get_ingestion(services: ServicesDep, key: Writer) -> Ingestion:
    """Say which accepted records are not stored yet.

    A record is stored once `oldest` of its stream is null or beyond the position that its request answered.
    """
    states = services.monitor.streams(INGESTED)
    return {
        "workspace": read_workspace_id(services.db),
        "streams": {state.stream.label: {"waiting": state.waiting, "oldest": state.oldest} for state in states},
    }


async def _accept(stream: Stream, request: Request) -> JSONResponse:
    found = current()
    key = await authorize_directly(found, request, Scope.INGEST_WRITE)
    body = await read_body(request)
    await found.backlog_gate.check(stream)
    declared = await _declared(found) if stream is Stream.CUSTOMERS else {}
    settings = found.workspace.remembered() or await run_in_threadpool(found.workspace.current)
    batch = parse_records(stream, body, found.validation_context(declared, settings))
    RECORDS.labels(stream.label, "rejected").inc(len(batch.rejected))
    rejected = _rejected(batch)
    if not batch.payloads:
        first = rejected[0]
        error = first["errors"][0]
        fault = f"{error['field']} {error['message']}".lstrip()
        detail = f"No record was accepted. Record {first['index']}: {fault}."
        return problem(422, "Not valid", detail, accepted=0, rejected=rejected)
    payloads, told = await _offered(found, request, stream, batch.payloads)
    position = await found.async_publisher.publish(stream, payloads, origin=key.actor.label)
    RECORDS.labels(stream.label, "accepted").inc(len(batch.payloads))
    log.debug("accepted", stream=stream, records=len(batch.payloads), rejected=len(rejected), last=position)
    answer = {"accepted": len(batch.payloads), "rejected": rejected, **told}
    return JSONResponse(answer, 202, headers={POSITION: position})


async def _offered(
    services: Services, request: Request, stream: Stream, payloads: Sequence[bytes]
) -> tuple[Sequence[bytes], Mapping[str, int]]:
    """What is to be published, and what else is to be said of it."""
    if stream is not Stream.CUSTOMERS or request.query_params.get(KEEP_DENIALS) != "true":
        return payloads, {}
    offered = as_offers(payloads)
    kept = await run_in_threadpool(services.customers.count_denials, offered.grants) if offered.grants else 0
    return offered.payloads, {"denials_kept": kept}


async def _declared(services: Services) -> Mapping[str, AttributeType]:
    known = services.attributes.remembered()
    return await run_in_threadpool(services.attributes.declared) if known is None else known


def _rejected(batch: Batch) -> list[dict[str, Any]]:
    return [
        {
            "index": rejection.index,
            "errors": [{"field": error.field, "message": error.message} for error in rejection.errors],
        }
        for rejection in batch.rejected
    ]
