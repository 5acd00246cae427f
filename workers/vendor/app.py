"""The vendor's HTTP side: takes messages, answers counters, runs the task that calls back."""

import asyncio
import hmac
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import structlog
from fastapi import APIRouter, FastAPI, Request

from crm_core.errors import Unavailable
from workers.vendor.callbacks import ReceiptSender
from workers.vendor.config import VendorConfig
from workers.vendor.counters import Counters, load_counters
from workers.vendor.inbox import accept_batch
from workers.vendor.problems import Problem, answer_problem, answer_unavailable
from workers.vendor.store import VendorStore
from workers.vendor.wire import MAX_BODY_BYTES, Results, parse_batch

_CALLBACK_TIMEOUT_S = 10.0
_LAST_CALLBACK_S = 0.8  # how long a stop waits for the callback in hand; SIGTERM promises 2 s in all

log = structlog.stdlib.get_logger(__name__)
router = APIRouter(prefix="/v1")


@dataclass(frozen=True, slots=True)
class Vendor:
    """What the routes need."""

    config: VendorConfig
    store: VendorStore
    sender: ReceiptSender


def create_app(config: VendorConfig) -> FastAPI:
    """Build the vendor; its file is opened and its sender started by the lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _run_vendor(config) as vendor:
            app.state.vendor = vendor
            yield

    app = FastAPI(title="Simulated vendor", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(Unavailable, answer_unavailable)
    app.include_router(router)
    return app


@router.post("/messages")
async def post_messages(request: Request) -> Results:
    """Accept a batch; a key that was seen before is answered as before and not sent again."""
    vendor = _vendor_of(request)
    _check_token(request, vendor.config.secret)
    batch = parse_batch(await _read_body(request))
    results = accept_batch(vendor.store, vendor.config, batch, int(time.time() * 1000))
    vendor.sender.wake()
    return results


@router.get("/counters")
def get_counters(request: Request, campaign: str | None = None) -> Counters:
    """Count what was done, for one campaign or for all. Not async: it may scan a large index."""
    return load_counters(_vendor_of(request).config.data_path, campaign)


@router.get("/health")
async def get_health(request: Request) -> dict[str, str | int]:
    """Say that the vendor runs and how many callbacks in a row have failed."""
    vendor = _vendor_of(request)
    return {"status": "ok", "callback_failures": vendor.sender.failures}


def _vendor_of(request: Request) -> Vendor:
    vendor: Vendor = request.app.state.vendor
    return vendor


def _check_token(request: Request, secret: str) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "Unauthorized", "the header Authorization: Bearer <token> is missing")
    if not hmac.compare_digest(token.encode(), secret.encode()):
        raise Problem(401, "Unauthorized", "the bearer token is wrong")


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Problem(413, "Too large", f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)


@asynccontextmanager
async def _run_vendor(config: VendorConfig) -> AsyncIterator[Vendor]:
    store = VendorStore(config.data_path)
    # trust_env=False: a proxy in the environment must not stand between two programs of one machine.
    client = httpx.AsyncClient(timeout=_CALLBACK_TIMEOUT_S, trust_env=False)
    sender = ReceiptSender(store, client, config.callback_url, config.secret)
    task = asyncio.create_task(sender.run())
    task.add_done_callback(_end_process_on_bug)
    try:
        yield Vendor(config, store, sender)
    finally:
        sender.stop()
        await asyncio.wait([task], timeout=_LAST_CALLBACK_S)
        task.cancel()
        await asyncio.wait([task])
        await client.aclose()
        store.close()


def _end_process_on_bug(task: asyncio.Task[None]) -> None:
    # A vendor that accepts and never calls back would look healthy; the supervisor starts it anew instead.
    if not task.cancelled() and (exc := task.exception()) is not None:
        log.error("sender died", exc_info=exc)
        os.kill(os.getpid(), signal.SIGTERM)
