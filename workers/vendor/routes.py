"""The vendor's HTTP calls."""

import asyncio
import hmac
import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from crm_core.vendor_behaviour import Behaviour, parse_behaviour
from workers.vendor.answers import render_results
from workers.vendor.callbacks import ReceiptSender
from workers.vendor.calls import ANSWERED, CallPlan, plan_call
from workers.vendor.closing import close_connection
from workers.vendor.config import VendorConfig
from workers.vendor.counters import Counters, load_counters
from workers.vendor.gate import RateGate
from workers.vendor.inbox import accept_batch
from workers.vendor.live_behaviour import LiveBehaviour
from workers.vendor.problems import Problem
from workers.vendor.reading import MessagePage, load_messages
from workers.vendor.store import CALL, LAST_ERROR, VendorStore
from workers.vendor.wire import MAX_BODY_BYTES, Batch, Result, parse_batch

router = APIRouter(prefix="/v1")


@dataclass(slots=True)
class Vendor:
    """What the routes need. calls: how many have come, also before a restart; it numbers them for their plan."""

    config: VendorConfig
    store: VendorStore
    behaviour: LiveBehaviour
    sender: ReceiptSender
    calls: int
    gate: RateGate = field(default_factory=RateGate)

    def plan_next_call(self) -> CallPlan:
        """Plan the answer to the call that has just come."""
        self.calls += 1
        return plan_call(self.calls, self.behaviour.now, is_out=self.behaviour.is_out())

    def accept(self, batch: Batch, plan: CallPlan) -> list[Result]:
        """Accept a batch as planned. Raises Problem 429 above the rate."""
        behaviour = self.behaviour.now
        if wait_s := self.gate.wait_s(len(batch.messages), behaviour.max_per_second):
            detail = f"more than {behaviour.max_per_second} messages per second"
            raise Problem(429, "Too many requests", detail, retry_after_s=max(wait_s, behaviour.retry_after_s))
        outcome = ANSWERED if plan.answer == "well" else plan.answer
        results = accept_batch(self.store, behaviour, batch, int(time.time() * 1000), outcome)
        self.sender.wake()
        return results


@router.post("/messages")
async def post_messages(request: Request) -> Response:
    """Accept a batch; a key that was seen before is answered as before and not sent again."""
    vendor = _vendor_of(request)
    _check_token(request, vendor)
    plan = vendor.plan_next_call()
    try:
        results = _handle(vendor, plan, await _read_body(request))
    except Problem as problem:
        vendor.store.count(f"{CALL}{problem.status}", {LAST_ERROR: f"{problem.status}: {problem.detail}"})
        await _wait(plan.late_ms)
        raise
    await _wait(plan.late_ms)
    if results is None or plan.answer == "unanswered":
        await close_connection(request)
        return Response()
    return render_results(results, plan.answer)


@router.get("/messages")
def get_messages(
    request: Request,
    campaign: str | None = None,
    to: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    cursor: str | None = None,
) -> MessagePage:
    """Show what was accepted, so that anybody can read what somebody got."""
    vendor = _vendor_of(request)
    _check_token(request, vendor)
    return load_messages(vendor.config.data_path, campaign=campaign, to=to, limit=limit, cursor=cursor)


@router.get("/counters")
def get_counters(request: Request, campaign: str | None = None) -> Counters:
    """Count what was done, for one campaign or for all. Not async: it may scan a large index."""
    return load_counters(_vendor_of(request).config.data_path, campaign)


@router.get("/behaviour")
async def get_behaviour(request: Request) -> Behaviour:
    """Say how the vendor behaves."""
    vendor = _vendor_of(request)
    _check_token(request, vendor)
    return vendor.behaviour.now


@router.patch("/behaviour")
async def patch_behaviour(request: Request) -> Behaviour:
    """Change the named fields from now on."""
    vendor = _vendor_of(request)
    _check_token(request, vendor)
    return vendor.behaviour.change(parse_behaviour(await _read_body(request)))


@router.get("/health")
async def get_health(request: Request) -> dict[str, str | int | bool]:
    """Say that the vendor runs, whether an outage is rehearsed, and how many callbacks in a row have failed."""
    vendor = _vendor_of(request)
    return {"status": "ok", "callback_failures": vendor.sender.failures, "outage": vendor.behaviour.is_out()}


def _handle(vendor: Vendor, plan: CallPlan, body: bytes) -> list[Result] | None:
    """Do what was planned; None when the connection is to be closed instead. Raises Problem for a refusal."""
    if isinstance(plan.refusal, Problem):
        raise plan.refusal
    if plan.refusal == "closed":
        vendor.store.count(f"{CALL}closed", {LAST_ERROR: "closed the connection without an answer"})
        return None
    return vendor.accept(parse_batch(body), plan)


async def _wait(milliseconds: int) -> None:
    if milliseconds:
        await asyncio.sleep(milliseconds / 1000)


def _vendor_of(request: Request) -> Vendor:
    vendor: Vendor = request.app.state.vendor
    return vendor


def _check_token(request: Request, vendor: Vendor) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "Unauthorized", "the header Authorization: Bearer <token> is missing")
    if not hmac.compare_digest(token.encode(), vendor.config.secret.encode()):
        raise Problem(401, "Unauthorized", "the bearer token is wrong")


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Problem(413, "Too large", f"the body is larger than {MAX_BODY_BYTES} bytes")
    return bytes(body)
