"""Errors as RFC 9457 problem documents, from one table."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from crm_core.access.audit_counts import REFUSED
from crm_core.errors import BadRuleText, Conflict, CrmError, Forbidden, InvalidInput, NotFound, Unavailable
from crm_core.plain_messages import plain_message
from crm_core.services import current
from crm_core.upgrades.progress import TITLE, Upgrading

log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S, UPGRADE_RETRY_AFTER_S = 2, 10
STATUSES: tuple[tuple[type[CrmError], int, str], ...] = (
    (InvalidInput, 422, "Not valid"),
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (Forbidden, 403, "Forbidden"),
    (Upgrading, 503, TITLE),
    (Unavailable, 503, "Unavailable"),
)


class Problem(Exception):
    """An error that the API answers itself, before any service is asked: no key, a body too large."""

    def __init__(self, status: int, title: str, detail: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.retry_after_s = status, title, detail, retry_after_s


def problem(status: int, title: str, detail: str, *, retry_after_s: int | None = None, **more: Any) -> JSONResponse:
    """``more``: further members, such as ``field`` or ``errors``."""
    wait_s = retry_after_s or (RETRY_AFTER_S if status == 503 else None)
    headers = {"Retry-After": str(wait_s)} if wait_s else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


OF_EVERY_KEY = {401: "No API key, or an unknown one.", 403: "The key lacks the scope.", 429: "Too many requests."}
AWAY = {503: "A server is away."}
OF_A_BODY = {413: "The body is too large.", 422: "The body is not valid."}


def to_responses(own: Mapping[int, str] = AWAY, *, keyed: bool = True) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of the problems of an endpoint: its own, and if it needs a key those that all of these have."""
    every = {**AWAY, **OF_EVERY_KEY} if keyed else AWAY
    retry = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    return {
        status: {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
            **({"headers": retry} if status in {429, 503} else {}),
        }
        for status, text in sorted({**every, **own}.items())
    }


def install_problems(api: FastAPI) -> None:
    handlers: dict[Any, Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        CrmError: _on_crm_error,
        Problem: _on_problem,
        RequestValidationError: _on_validation_error,
        HTTPException: _on_http_error,
        ClientDisconnect: _on_disconnect,
        Exception: _on_bug,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


async def _on_crm_error(request: Request, exc: CrmError) -> JSONResponse:
    if isinstance(exc, Forbidden) and exc.permission and (actor := getattr(request.state, "actor", None)):
        current().audit_counts.note(actor, REFUSED, exc.permission)
    for kind, status, title in STATUSES:
        if isinstance(exc, kind):
            retry_after_s = UPGRADE_RETRY_AFTER_S if isinstance(exc, Upgrading) else None
            return problem(status, title, str(exc), retry_after_s=retry_after_s, **_place(exc))
    log.error("unmapped error", exc_info=exc)
    return problem(500, "Server error", str(exc))


def _place(exc: CrmError) -> dict[str, Any]:
    place: dict[str, Any] = {"field": exc.field} if isinstance(exc, InvalidInput) and exc.field else {}
    return place | ({"line": exc.line, "column": exc.column} if isinstance(exc, BadRuleText) else {})


async def _on_problem(_: Request, exc: Problem) -> JSONResponse:
    return problem(exc.status, exc.title, exc.detail, retry_after_s=exc.retry_after_s)


async def _on_validation_error(_: Request, exc: RequestValidationError) -> JSONResponse:
    errors = [
        {
            "field": ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0]),
            "message": plain_message(error),
        }
        for error in exc.errors()
    ]
    return problem(422, "Not valid", f"{errors[0]['field']} {errors[0]['message']}.", errors=errors)


async def _on_http_error(request: Request, exc: HTTPException) -> JSONResponse:
    """Such as an unknown path, or a method that the path does not have."""
    answer = problem(exc.status_code, "Request refused", str(exc.detail))
    answer.headers.update(exc.headers or {})
    if exc.status_code == 405 and (operations := _operations_at(request)):
        answer.headers["Allow"] = ", ".join(sorted(method.upper() for method in operations))
    return answer


def _operations_at(request: Request) -> Collection[str]:
    """All methods of the path: a route knows only its own. Empty for a path that the document does not have."""
    path = getattr(request.scope.get("route"), "path_format", "")
    found: Collection[str] = request.app.openapi()["paths"].get(path, ())
    return found


async def _on_disconnect(_: Request, exc: ClientDisconnect) -> JSONResponse:
    """Nobody reads it: for the log and the metrics."""
    return problem(400, "Request refused", "The connection ended before the body did.")


async def _on_bug(_: Request, exc: Exception) -> JSONResponse:
    return problem(500, "Server error", "Something went wrong on our side; nothing was changed by this request.")
