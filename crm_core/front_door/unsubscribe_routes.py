"""Answers the unsubscribe links of messages: open to whoever has one, since it is signed."""

import re
from asyncio import Semaphore
from collections.abc import Callable
from threading import Lock
from typing import Final

from cachetools import TTLCache
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from crm_core.campaigns.unsubscribing.links import PATH
from crm_core.campaigns.unsubscribing.service import Choices, Unsubscriptions
from crm_core.errors import NotFound, Unavailable
from crm_core.front_door.unsubscribe_page import ALLOW, NO_SOURCES, STOP, Look, Page, choices_page, message_page
from crm_core.services import Services

AT_ONCE: Final = 4
MAX_WAITING: Final = 100
"""Requests, for one of the AT_ONCE that are answered; one more is sent away."""
MAX_USES: Final = 30
"""Of one link, looks and clicks each, until it has rested for a minute."""
REST_S: Final = 60
MAX_LINKS: Final = 10_000
_ROUTE: Final = re.compile(rf"{PATH}(?P<token>[^/]+)(?:/(?P<channel>[a-z0-9_]+)/(?P<act>{STOP}|{ALLOW}))?")
_METHODS: Final = "GET, HEAD, POST"
_OURS: Final = Look("ClientNest", "#4F46E5")
_UNKNOWN: Final = (
    "This link does not work",
    "It is incomplete, or the customer that it was made for is not kept any more, and gets no messages. If you copied "
    "it from a message, copy all of it; else answer the message and ask to be left out.",
)
_BUSY: Final = ("Please try again in a minute", "Nothing was changed: there were too many requests.")


class UnsubscribeRoutes:
    """ASGI. A GET changes nothing: programs that look for harmful links open each link of a mail. A POST to the link is
    the one click of RFC 8058, whatever its body says, and is not redirected."""

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services
        self._uses: TTLCache[tuple[str, bool], int] = TTLCache(MAX_LINKS, REST_S)
        self._lock = Lock()
        self._turns = Semaphore(AT_ONCE)
        self._asking = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._answer(scope["path"], scope["method"])
        answer.headers["Cache-Control"] = "no-store"
        await answer(scope, receive, send)

    async def _answer(self, path: str, method: str) -> Response:
        if method not in _METHODS.split(", "):
            return Response(status_code=405, headers={"Allow": _METHODS, "Content-Security-Policy": NO_SOURCES})
        if self._asking >= AT_ONCE + MAX_WAITING:
            return _to_response(message_page(_OURS, *_BUSY), 503)
        self._asking += 1
        try:
            async with self._turns:
                return await run_in_threadpool(self._respond, path, is_post=method == "POST")
        finally:
            self._asking -= 1

    def _respond(self, path: str, *, is_post: bool) -> Response:
        try:
            services = self._services()
            settings = services.workspace.current()
            look = Look(settings.workspace_name, settings.accent_colour)
            return self._respond_as(look, services.unsubscriptions, path, is_post=is_post)
        except Unavailable as exc:
            return _to_response(message_page(_OURS, "Please try again in a minute", str(exc)), 503)

    def _respond_as(self, look: Look, service: Unsubscriptions, path: str, *, is_post: bool) -> Response:
        found = _ROUTE.fullmatch(path)
        if found is None or not service.knows(token := found["token"]) or (found["act"] and not is_post):
            return _to_response(message_page(look, *_UNKNOWN), 404)
        if self._is_overused(token, is_post=is_post):
            return _to_response(message_page(look, *_BUSY), 429)
        try:
            choices = _act(service, found) if is_post else service.choices(token)
        except NotFound:
            return _to_response(message_page(look, *_UNKNOWN), 404)
        return _to_response(choices_page(look, token, choices), 200)

    def _is_overused(self, token: str, *, is_post: bool) -> bool:
        """Whoever only looks, as mail programs do again and again, takes no click from who unsubscribes."""
        with self._lock:
            count = self._uses[token, is_post] = self._uses.get((token, is_post), 0) + 1
        return count > MAX_USES


def _act(service: Unsubscriptions, found: re.Match[str]) -> Choices:
    act = service.allow if found["act"] == ALLOW else service.stop
    return act(found["token"], found["channel"])


def _to_response(page: Page, status: int) -> Response:
    headers = {"Content-Security-Policy": page.policy} | ({"Retry-After": str(REST_S)} if status in (429, 503) else {})
    return HTMLResponse(page.html, status, headers)
