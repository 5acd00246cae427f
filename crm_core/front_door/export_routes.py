"""Where a browser takes the file of an export: piece by piece, for whoever may export at that moment."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from crm_core.access.actor import Actor
from crm_core.access.audit_counts import REFUSED
from crm_core.errors import Conflict, CrmError, Forbidden, NotFound, SignedOut, Unavailable
from crm_core.front_door.cookies import cookies_at
from crm_core.jobs.exports import ExportFile
from crm_core.services import Services
from crm_core.settings import Settings

PATH: Final = "/exports/"
_STATUSES: Final = {
    SignedOut: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}


class ExportRoutes:
    """ASGI middleware with one path of its own, ``/exports/ID``."""

    def __init__(self, app: ASGIApp, *, settings: Callable[[], Settings], services: Callable[[], Services]) -> None:
        self._app = app
        self._settings = settings
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "GET":
            answer = await run_in_threadpool(self._respond, Request(scope))
        else:
            answer = PlainTextResponse("Only GET.", HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET"})
        await answer(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        try:
            actor = self._actor(request)
            file = self._services().exports.open(request.url.path.removeprefix(PATH), actor=actor)
        except Forbidden as exc:
            self._services().audit_counts.note(actor, REFUSED, exc.permission or "")
            return _refusal(exc)
        except CrmError as exc:
            return _refusal(exc)
        return _streamed(file)

    def _actor(self, request: Request) -> Actor:
        """Who is at the browser. Raises SignedOut, and Unavailable."""
        cookies = cookies_at(self._settings(), request.scope)
        secret = cookies and cookies.read(request.scope).get(cookies.session)
        sign_in = self._services().sign_in
        session_id = sign_in.recognise(secret) if secret else None
        actor = sign_in.actor_of(session_id) if session_id else None
        if actor is None:
            raise SignedOut("Sign in to ClientNest first.")
        return replace(actor, origin=request.client.host if request.client else None)


def _streamed(file: ExportFile) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename=\"customers.csv\"; filename*=UTF-8''{quote(file.name)}",
        "Content-Length": str(file.size),
        **_NOT_KEPT,
    }
    return StreamingResponse(file.parts, headers=headers, media_type="text/csv; charset=utf-8")


def _refusal(exc: CrmError) -> Response:
    status = next((status for kind, status in _STATUSES.items() if isinstance(exc, kind)), HTTPStatus.BAD_REQUEST)
    return PlainTextResponse(str(exc), status, _NOT_KEPT)
