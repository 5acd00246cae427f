"""Wraps every API request: its id, its place in the metrics, and a log line that names neither person nor body."""

import itertools
import re
import secrets
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_core.api.metrics import REQUESTS, SECONDS
from crm_core.infra.logs import REQUEST

log = structlog.stdlib.get_logger(__name__)

HEADER = b"x-request-id"
_PROCESS, _NUMBERS = secrets.token_hex(4).encode(), itertools.count(1)
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Measuring:
    """Pure ASGI, since it stands in the way of every request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _id_of(scope)
        status = 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (HEADER, request_id)]
            await send(message)

        started = time.perf_counter()
        REQUEST.set(request_id.decode())  # seen by this request alone: each runs in a context of its own
        try:
            await self._app(scope, receive, send_on)
        except Exception as exc:  # answered with 500; the server would log its text, which may quote a record
            log.error("bug", exc_info=exc)
        finally:
            _note(scope, status, time.perf_counter() - started)


def _note(scope: Scope, status: int, seconds: float) -> None:
    """route: the template, such as ``/v1/customers/{customer_id}``; one that does not exist has none."""
    method, route = scope["method"], getattr(scope.get("route"), "path_format", "none")
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(seconds)
    facts: dict[str, Any] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
    if status >= 500:
        log.error("request", **facts)
    elif status >= 400:
        log.info("request", **facts)
    else:
        log.debug("request", **facts)


def _id_of(scope: Scope) -> bytes:
    """The caller's, so that its logs and ours can be read together, or one of our own."""
    for name, value in scope["headers"]:
        if name == HEADER and _ID.fullmatch(value):
            return bytes(value)
    return b"%s-%d" % (_PROCESS, next(_NUMBERS))
