"""What every answer tells the browser about itself."""

from collections.abc import Mapping
from typing import Final

from starlette.types import Message, Send

from crm_core.front_door.paths import DOCS
from crm_core.settings import Settings

_YEAR_S: Final = 31_536_000
_SHELL_SCRIPT: Final = "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='"
"""Of the one script that stands in Streamlit's index.html; another version may have another."""
COMMUNITY_CLOUD: Final = "https://share.streamlit.io"
"""Frames the app for its owner; what visitors see is framed by the app's own address."""

_PAGES: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "script-src": f"'self' blob: {_SHELL_SCRIPT}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
_DOCS: Final[Mapping[str, str]] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
}
_DATA: Final[Mapping[str, str]] = {"default-src": "'none'", "form-action": "'none'", "base-uri": "'none'"}


class AnswerHeaders:
    """Sets of headers, built once: for pages, for the documentation of the API, and for what is only data."""

    def __init__(self, settings: Settings) -> None:
        common = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
        ]
        if (settings.public_url or "").startswith("https://"):
            common.append((b"strict-transport-security", b"max-age=%d" % _YEAR_S))
        framed_by = "'self'"
        if settings.hosting == "community-cloud":
            framed_by += f" {COMMUNITY_CLOUD}"
        self._of_pages = _Adder([*common, _policy(_PAGES, framed_by)])
        self._of_docs = _Adder([*common, _policy(_DOCS, framed_by)])
        self._of_data = _Adder([*common, _policy(_DATA, "'none'")])
        self._without_policy = _Adder(common)

    def added_for_people(self, path: str, send: Send) -> Send:
        return (self._of_docs if path.startswith(DOCS) else self._of_pages).added(send)

    def added_beside_policy(self, send: Send) -> Send:
        """For who has a Content-Security-Policy of its own."""
        return self._without_policy.added(send)

    def added_to_data(self, send: Send) -> Send:
        return self._of_data.added(send)


class _Adder:
    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers
        self._names = frozenset(name for name, _ in headers)

    def added(self, send: Send) -> Send:
        """``send`` with the headers, in place of those of the same name."""
        names, ours = self._names, self._headers

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                theirs = [header for header in message.get("headers", ()) if header[0].lower() not in names]
                message["headers"] = theirs + ours
            await send(message)

        return send_on


def _policy(directives: Mapping[str, str], framed_by: str) -> tuple[bytes, bytes]:
    parts = {**directives, "frame-ancestors": framed_by}
    return b"content-security-policy", "; ".join(f"{name} {sources}" for name, sources in parts.items()).encode()
