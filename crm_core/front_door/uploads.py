"""How much one session, and all of them together, may upload: Streamlit keeps uploads in memory."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from crm_core.front_door.paths import is_upload, session_in
from crm_core.front_door.refusals import Refusal, refuse

MAX_SESSION_MB: Final = 60
MAX_TOTAL_MB: Final = 600
_MB: Final = 1_000_000


class UploadLimit:
    """ASGI middleware. stored: bytes that are kept already, by session."""

    def __init__(self, app: ASGIApp, stored: Callable[[], Mapping[str, int]]) -> None:
        self._app = app
        self._stored = stored
        self._coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or not is_upload(scope["path"]):
            await self._app(scope, receive, send)
            return
        session, size = session_in(scope["path"]), _declared_size(scope)
        if refusal := self._check(session, size):
            await refuse(refusal, scope, send)
            return
        self._coming[session] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._coming[session] -= size
            self._coming += Counter()  # without those at 0

    def _check(self, session: str, size: int) -> Refusal | None:
        if size < 0:
            return Refusal(411, "upload without length", "An upload says its size in Content-Length.")
        stored = self._stored()
        if stored.get(session, 0) + self._coming[session] + size > MAX_SESSION_MB * _MB:
            return Refusal(
                413,
                "upload limit of a session",
                f"Uploads of one visit may have {MAX_SESSION_MB} MB together: remove one, or reload the page.",
            )
        if sum(stored.values()) + self._coming.total() + size > MAX_TOTAL_MB * _MB:
            return Refusal(503, "upload limit of all", "Too many files are being uploaded: try again in a minute.")
        return None


def _declared_size(scope: Scope) -> int:
    """In bytes; negative when the request does not say."""
    given = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(given[0]) if len(given) == 1 and given[0].isdigit() else -1
