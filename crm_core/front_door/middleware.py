"""What every request passes before the API and Streamlit see it."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from crm_core.front_door.paths import is_open_api
from crm_core.services import Services


class FrontDoor:
    """ASGI middleware around everything that the app serves.

    services: gives those of the process. Raises Unavailable before and after the lifespan.
    """

    def __init__(self, app: ASGIApp, *, services: Callable[[], Services]) -> None:
        self._services = services
        self._open_api = app
        self._for_people = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_open_api(scope["path"]):
            await self._open_api(scope, receive, send)
        else:
            await self._for_people(scope, receive, send)
