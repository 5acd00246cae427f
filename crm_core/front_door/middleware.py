"""What every request passes before the API and Streamlit see it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final, cast

from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from crm_core.front_door.app_root import AppRoot
from crm_core.front_door.connections import bound_connections
from crm_core.front_door.export_routes import ExportRoutes
from crm_core.front_door.headers import AnswerHeaders
from crm_core.front_door.hosts import Addresses
from crm_core.front_door.paths import is_metrics, is_open, is_unsubscribing
from crm_core.front_door.refusals import refuse
from crm_core.front_door.revocable import RerunOf
from crm_core.front_door.session_binding import SessionBinding
from crm_core.front_door.session_routes import SessionRoutes
from crm_core.front_door.unsubscribe_routes import UnsubscribeRoutes
from crm_core.front_door.uploads import UploadLimit
from crm_core.services import Services
from crm_core.settings import Settings

_BEARER: Final = b"Bearer "


@dataclass(frozen=True)
class _House:
    """What is known once the process has its settings. port: that the app listens on."""

    settings: Settings
    port: int

    @cached_property
    def addresses(self) -> Addresses:
        return Addresses(self.settings.public_url, self.port, checks_host=self.settings.hosting is None)

    @cached_property
    def headers(self) -> AnswerHeaders:
        return AnswerHeaders(self.settings)


class FrontDoor:
    """ASGI middleware around everything that the app serves.

    settings: of the process, from its start on. services: raises Unavailable before and after the lifespan. uploaded:
    the bytes of uploads that Streamlit holds, by its session. connection_of: what our private header said of the page
    that has a Streamlit session open, if any has. rerun_of: from what a browser said last, the message by which it has
    that page run again.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Callable[[], Settings],
        services: Callable[[], Services],
        uploaded: Callable[[], Mapping[str, int]],
        connection_of: Callable[[str], str | None],
        rerun_of: RerunOf,
    ) -> None:
        bound = SessionBinding(
            UploadLimit(AppRoot(app), uploaded),
            settings=settings,
            services=services,
            connection_of=connection_of,
            rerun_of=rerun_of,
        )
        self._app = app
        self._settings = settings
        exports = ExportRoutes(bound, settings=settings, services=services)
        self._for_people = SessionRoutes(exports, settings=settings, services=services)
        self._unsubscribing = UnsubscribeRoutes(services)
        self._entrance: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            bound_connections(receive)
            await self._app(scope, receive, send)
            return
        entrance = self._entrance or self._open(scope)
        await entrance(scope, receive, send)

    async def _receive(self, house: _House, scope: Scope, receive: Receive, send: Send) -> None:
        if is_open(scope["path"]) and scope["type"] == "http":
            await self._app(scope, receive, house.headers.added_to_data(send))
            return
        bare, send = send, house.headers.added_for_people(scope["path"], send)
        if refusal := house.addresses.check(scope["headers"]):
            await refuse(refusal, scope, send)
        elif is_unsubscribing(scope["path"]) and scope["type"] == "http":
            await self._unsubscribing(scope, receive, house.headers.added_beside_policy(bare))
        elif is_metrics(scope["path"]) and _has_token(scope, house.settings.metrics_token):
            await self._app(scope, receive, send)
        else:
            await self._for_people(scope, receive, send)

    def _open(self, scope: Scope) -> ASGIApp:
        """The way in, where trusted proxies, if there are any, say whom they bring."""
        house = _House(self._settings(), scope["server"][1])
        entrance: Any = partial(self._receive, house)
        if trusted := house.settings.trusted_proxies:
            entrance = ProxyHeadersMiddleware(entrance, trusted)
        self._entrance = entrance
        return cast("ASGIApp", entrance)


def _has_token(scope: Scope, token: SecretStr | None) -> bool:
    if token is None:
        return False
    given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return secrets.compare_digest(given, _BEARER + token.get_secret_value().encode())
