"""Where a browser trades a ticket for its session cookie, and where it gives the cookie back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from crm_core.access.sessions import LONGEST, hash_secret
from crm_core.errors import Forbidden, Unavailable
from crm_core.front_door.cookies import NEEDS_HTTPS, Cookies, cookies_at
from crm_core.services import Services
from crm_core.settings import Settings

BEGIN: Final = "/session/begin"
END: Final = "/session/end"
ALLOW: Final = {"Allow": "POST"}
MAX_BODY_BYTES: Final = 256


class SessionRoutes:
    """ASGI middleware with two paths of its own; both are for POST only, which no link and no image can make."""

    def __init__(self, app: ASGIApp, *, settings: Callable[[], Settings], services: Callable[[], Services]) -> None:
        self._app = app
        self._settings = settings
        self._services = services
        self._actions = {BEGIN: self._begin, END: self._end}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        action = self._actions.get(scope["path"]) if scope["type"] == "http" else None
        if action is None:
            await self._app(scope, receive, send)
            return
        is_post = scope["method"] == "POST"
        answer = await action(Request(scope, receive)) if is_post else PlainTextResponse("Only POST.", 405, ALLOW)
        await answer(scope, receive, send)

    async def _begin(self, request: Request) -> Response:
        """The body is the ticket, and nothing else."""
        cookies = self._cookies(request)
        if cookies is None:
            return PlainTextResponse(NEEDS_HTTPS, 403)
        nonce = cookies.read(request.scope).get(cookies.nonce, "")
        ticket, origin = await _body_of(request), _origin(request)
        try:
            secret = await run_in_threadpool(lambda: self._services().sign_in.exchange(ticket, nonce, origin=origin))
        except Forbidden as exc:
            return PlainTextResponse(str(exc), 403)
        except Unavailable as exc:
            return PlainTextResponse(str(exc), 503)
        answer = Response(status_code=204)
        answer.headers.append("set-cookie", cookies.set_session(secret, LONGEST))
        answer.headers.append("set-cookie", cookies.set_nonce())
        return answer

    async def _end(self, request: Request) -> Response:
        """The body is the id of the session; the cookie of another one stays: somebody has signed in again."""
        cookies = self._cookies(request)
        answer = Response(status_code=204)
        session_id, origin = await _body_of(request), _origin(request)
        secret = cookies and cookies.read(request.scope).get(cookies.session)
        if cookies and secret and hash_secret(secret) == session_id:
            try:
                await run_in_threadpool(lambda: self._services().sign_in.sign_out(session_id, origin=origin))
            except Unavailable as exc:
                return PlainTextResponse(str(exc), 503)
            answer.headers.append("set-cookie", cookies.set_session("", timedelta()))
        return answer

    def _cookies(self, request: Request) -> Cookies | None:
        return cookies_at(self._settings(), request.scope)


async def _body_of(request: Request) -> str:
    """Empty when the body is longer than any ticket or id."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return ""
    return body.decode("ascii", "replace")


def _origin(request: Request) -> str | None:
    """The address that the request comes from, as far as this server sees."""
    return request.client.host if request.client else None
