"""Errors as RFC 9457 problem documents, from one table."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from crm_core.errors import Conflict, CrmError, Forbidden, InvalidInput, NotFound, Unavailable

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2
STATUSES: tuple[tuple[type[CrmError], int, str], ...] = (
    (InvalidInput, 422, "Not valid"),
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (Forbidden, 403, "Forbidden"),
    (Unavailable, 503, "Unavailable"),
)


class Problem(Exception):
    """An answer of the HTTP border itself: no key, a body too large."""

    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.title, self.detail, self.more = status, title, detail, more


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:
    """``more``: further members, such as ``field`` or ``errors``."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def install_problems(api: FastAPI) -> None:
    handlers: dict[Any, Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        CrmError: _on_crm_error,
        Problem: _on_problem,
        RequestValidationError: _on_validation_error,
        HTTPException: _on_http_error,
        Exception: _on_bug,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


async def _on_crm_error(_: Request, exc: CrmError) -> JSONResponse:
    for kind, status, title in STATUSES:
        if isinstance(exc, kind):
            field = {"field": exc.field} if isinstance(exc, InvalidInput) and exc.field else {}
            return problem(status, title, str(exc), **field)
    log.error("unmapped error kind=%s", type(exc).__name__, exc_info=exc)
    return problem(500, "Server error", str(exc))


async def _on_problem(_: Request, exc: Problem) -> JSONResponse:
    return problem(exc.status, exc.title, exc.detail, **exc.more)


async def _on_validation_error(_: Request, exc: RequestValidationError) -> JSONResponse:
    errors = [
        {
            "field": ".".join(str(part) for part in error["loc"][1:]) or str(error["loc"][0]),
            "message": error["msg"],
        }
        for error in exc.errors()
    ]
    return problem(422, "Not valid", f"{errors[0]['field']}: {errors[0]['message']}", errors=errors)


async def _on_http_error(_: Request, exc: HTTPException) -> JSONResponse:
    return problem(exc.status_code, "Request refused", str(exc.detail))


async def _on_bug(_: Request, exc: Exception) -> JSONResponse:
    return problem(500, "Server error", "Something went wrong on our side; nothing was changed by this request.")
