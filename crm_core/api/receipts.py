"""POST /receipts: what the vendor reports, signed."""

import time

from fastapi import Request
from fastapi.responses import JSONResponse

from crm_core.api.access import SIGNED, ServicesDep
from crm_core.api.answers.operations import AcceptedReceipts
from crm_core.api.bodies import documented, read_body
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.routing import Router
from crm_core.campaigns.messages.receipts import Receipt, ReceiptBatch, parse_receipts
from crm_core.campaigns.messages.signature import HEADER as SIGNATURE_HEADER
from crm_core.campaigns.messages.signature import verify
from crm_core.infra.streams import Stream

router = Router(prefix="/v1", tags=["Receipts"])


@router.post(
    "/receipts",
    status_code=202,
    openapi_extra={**documented(Receipt, ReceiptBatch), **SIGNED},
    responses={
        202: {"model": AcceptedReceipts},
        **to_responses(
            {
                **OF_A_BODY,
                403: "The signature is missing, wrong or too old.",
                503: "Nothing was accepted: a server is away, or too many receipts wait to be booked.",
            },
            keyed=False,
        ),
    },
)
async def post_receipts(request: Request, services: ServicesDep) -> JSONResponse:
    """Report what became of messages. For the message vendor, which signs the body."""
    body = await read_body(request)
    verify(request.headers.get(SIGNATURE_HEADER), body, services.receipt_secrets, int(time.time()))
    receipts = parse_receipts(body)
    await services.backlog_gate.check(Stream.RECEIPTS)
    await services.async_publisher.publish(Stream.RECEIPTS, [receipts])
    return JSONResponse({"accepted": True}, 202)
