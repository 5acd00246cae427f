"""POST /receipts: what the vendor reports, signed."""

import time

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from crm_core.api.access import ServicesDep
from crm_core.api.bodies import read_body
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.campaigns.messages.receipts import parse_receipts
from crm_core.campaigns.messages.signature import verify
from crm_core.infra.streams import Stream

router = APIRouter(prefix="/v1", tags=["Receipts"])


@router.post(
    "/receipts",
    status_code=202,
    responses=to_responses(
        {
            **OF_A_BODY,
            403: "The signature is missing, wrong or too old.",
            503: "Nothing was accepted: a server is away, or too much waits to be stored.",
        },
        keyed=False,
    ),
)
async def post_receipts(request: Request, found: ServicesDep) -> JSONResponse:
    """One receipt or ``{"receipts": [...]}``, with ``X-Signature: t=<unix>,v1=<HMAC-SHA256 of "t.body">``."""
    body = await read_body(request)
    verify(request.headers.get("x-signature"), body, found.vendor_secret, int(time.time()))
    receipts = parse_receipts(body)
    await found.backlog_gate.check(Stream.RECEIPTS)
    await found.async_publisher.publish(Stream.RECEIPTS, [receipts])
    return JSONResponse({"accepted": True}, 202)
