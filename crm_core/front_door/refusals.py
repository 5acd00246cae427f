"""How the front door says no, in words, to a request or a WebSocket."""

import json
from dataclasses import dataclass

import structlog
from starlette.types import Scope, Send

from crm_core.front_door.paths import API

log = structlog.stdlib.get_logger(__name__)

_POLICY_VIOLATION = 1008


@dataclass(frozen=True)
class Refusal:
    """why: in a word, for the log."""

    status: int
    why: str
    text: str


async def refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    """Answer with the refusal; a WebSocket is not accepted."""
    log.info("refused at the front door", why=refusal.why, status=refusal.status)
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal.text[:100]})
        return
    media_type, body = b"text/plain; charset=utf-8", refusal.text.encode()
    if scope["path"].startswith(API):
        media_type, body = b"application/problem+json", _problem(refusal)
    headers = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),  # what else the client has to send is not read
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _problem(refusal: Refusal) -> bytes:
    """As the API's own errors are."""
    title = refusal.why.capitalize()
    return json.dumps(
        {"type": "about:blank", "title": title, "status": refusal.status, "detail": refusal.text}
    ).encode()
