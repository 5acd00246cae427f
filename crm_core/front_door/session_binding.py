"""Binds each connection of a page to the browser's session, and asks for a sign-in before files and documents.

Streamlit's own session id stands in addresses, and whoever sends it would get that session. It gives it only to a
connection with the same user information, which is the header that is set here (``server.trustedUserHeaders``). An
upload for it is taken from the same browser session only, by what that header says of the page that is open.
"""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.connection import Connection, ConnectionKind
from crm_core.errors import Unavailable
from crm_core.front_door.cookies import Cookies, cookies_at
from crm_core.front_door.paths import is_upload, needs_sign_in, session_in
from crm_core.front_door.refusals import Refusal, refuse
from crm_core.front_door.revocable import RerunOf, RevocableSocket
from crm_core.front_door.session_watch import SessionWatch
from crm_core.services import Services
from crm_core.settings import Settings

HEADER: Final = b"x-clientnest-connection"
_SIGNED_OUT: Final = Refusal(401, "signed out", "Sign in to ClientNest first.")
_NOT_THEIRS: Final = Refusal(
    403, "upload for another session", "This file is not for a page that you have open. Reload the page and try again."
)


class SessionBinding:
    """ASGI middleware. connection_of: what ``HEADER`` says of the page that has a Streamlit session open, if any has.
    rerun_of: from what a browser said last, the message by which it has that page run again."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Callable[[], Settings],
        services: Callable[[], Services],
        connection_of: Callable[[str], str | None],
        rerun_of: RerunOf,
    ) -> None:
        self._app = app
        self._settings = settings
        self._connection_of = connection_of
        self._rerun_of = rerun_of
        self._services = services
        self._watch = SessionWatch(lambda session_ids: services().identities.ended(session_ids))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(_without_header(scope), receive, send)
        elif scope["type"] == "websocket":
            await self._connect(_without_header(scope), receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        cookies = self._cookies(scope)
        if needs_sign_in(scope["path"]) and (refusal := await self._check_sign_in(cookies, scope)):
            await refuse(refusal, scope, send)
            return
        if cookies and _is_document(scope) and cookies.nonce not in cookies.read(scope):
            send = _setting_cookie(send, cookies.set_nonce())
        await self._app(scope, receive, send)

    async def _check_sign_in(self, cookies: Cookies | None, scope: Scope) -> Refusal | None:
        try:
            session_id = await self._session_id(cookies, scope)
        except Unavailable as exc:
            return Refusal(503, "unavailable", str(exc))
        if session_id is None:
            return _SIGNED_OUT
        own = str(Connection(ConnectionKind.SESSION, session_id))
        if is_upload(scope["path"]) and self._connection_of(session_in(scope["path"])) != own:
            return _NOT_THEIRS
        return None

    async def _connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = await self._connection(scope)
        scope["headers"].append((HEADER, str(connection).encode()))
        session_id = connection.session_id
        with self._watch.watching(session_id) if session_id else nullcontext(asyncio.Event()) as ended:
            socket = RevocableSocket(receive, ended, self._rerun_of)
            try:
                await self._app(scope, socket.receive, send)
            finally:
                socket.close()

    async def _connection(self, scope: Scope) -> Connection:
        cookies = self._cookies(scope)
        if cookies is None:
            return Connection.unbound(ConnectionKind.INSECURE)
        try:
            session_id = await self._session_id(cookies, scope)
        except Unavailable:  # the page says so, and comes back by itself
            session_id = hash_secret(cookies.read(scope)[cookies.session])
        if session_id:
            return Connection(ConnectionKind.SESSION, session_id)
        return Connection.of_nonce(cookies.read(scope).get(cookies.nonce))

    async def _session_id(self, cookies: Cookies | None, scope: Scope) -> str | None:
        """Of the session that the request's cookie belongs to, unless it has ended. Raises Unavailable."""
        secret = cookies and cookies.read(scope).get(cookies.session)
        return await run_in_threadpool(self._services().sign_in.recognise, secret) if secret else None

    def _cookies(self, scope: Scope) -> Cookies | None:
        return cookies_at(self._settings(), scope)


def _without_header(scope: Scope) -> Scope:
    """Nobody but us sets it."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() != HEADER]}


def _is_document(scope: Scope) -> bool:
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")


def _setting_cookie(send: Send, cookie: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return sending
