"""Tells Streamlit's pages where the app's root is, which they else find out by requests that fail."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATH: Final = "/app-root.js"
"""Beside every page: they have one segment, and Streamlit's own assets stand there too."""
_SCRIPT: Final = b'window.__streamlit = { BACKEND_BASE_URL: new URL(".", document.currentScript.src).href };\n'
_FIRST_OF_STREAMLIT: Final = b'<script type="module"'
_OURS: Final = f'<script src=".{PATH}"></script>\n    '.encode()
_NOT_PASSED_ON: Final = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
_STALE: Final = ("content-length", "etag", "last-modified")


class AppRoot:
    """ASGI middleware: a script of ours before Streamlit's in each page. What is no page passes as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            headers = {"cache-control": "no-cache"}
            await Response(_SCRIPT, media_type="text/javascript", headers=headers)(scope, receive, send)
        elif "." in scope["path"] or scope["path"].count("/") > 1:
            await self._app(scope, receive, send)
        else:
            await self._app(_afresh(scope), receive, _Page(send))


class _Page:
    """Sends on, with our script in what is HTML of Streamlit's, which is small."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        body = self._body.replace(_FIRST_OF_STREAMLIT, _OURS + _FIRST_OF_STREAMLIT, 1)
        headers = MutableHeaders(raw=start["headers"])
        for name in _STALE:
            del headers[name]
        if body:
            headers["content-length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    headers: Mapping[bytes, bytes] = dict(start["headers"])
    return start["status"] == 200 and headers.get(b"content-type", b"").startswith(b"text/html")


def _afresh(scope: Scope) -> Scope:
    """What is compressed cannot be added to, and what the browser has kept is not what is sent."""
    passed_on = [each for each in scope["headers"] if each[0] not in _NOT_PASSED_ON]
    return {**scope, "headers": passed_on}
