"""The two cookies: the session's secret, and before a sign-in the browser's nonce. No script can read either.

Browsers drop a cookie with the prefix ``__Host-`` or the attribute ``Secure`` that came over plain http, which is
allowed on this machine only. They keep cookies by host and not by port: there the name tells two apps apart.

The proxy of Streamlit Community Cloud passes on only cookies that it knows, those of Streamlit itself, so ours take two
of their names there, of ``st.login``, which is not used. Source: Streamlit, ``starlette_server_config.py``.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import Scope

from crm_core.settings import Settings

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
NEEDS_HTTPS = (
    "Signing in needs an https address: over plain http, others on the network could read along. Whoever runs this app "
    "sets CRM_PUBLIC_URL to the https address that people open; on its own machine, open it at http://localhost."
)


@dataclass(frozen=True)
class Cookies:
    """Their names at one address, and how they are set there."""

    session: str
    nonce: str
    is_secure: bool

    def read(self, scope: Scope) -> dict[str, str]:
        """What a request carries: any of ``session`` and ``nonce`` by name."""
        return cookie_parser("; ".join(Headers(scope=scope).getlist("cookie")))

    def set_session(self, secret: str, lifetime: timedelta) -> str:
        """As a ``Set-Cookie`` header; an empty secret with no lifetime removes it."""
        return self._header(self.session, secret, lifetime)

    def set_nonce(self) -> str:
        """A new one, until the browser is closed."""
        return self._header(self.nonce, secrets.token_urlsafe(32), None)

    def _header(self, name: str, value: str, lifetime: timedelta | None) -> str:
        cookie: SimpleCookie = SimpleCookie({name: value})
        morsel = cookie[name]
        morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
        if self.is_secure:
            morsel["secure"] = True
        if lifetime is not None:
            morsel["max-age"] = int(lifetime.total_seconds())
        return morsel.OutputString()


def cookies_at(settings: Settings, scope: Scope) -> Cookies | None:
    """The cookies at the address that people use, or None where none would be safe: plain http over a network."""
    if settings.hosting == "community-cloud":
        return Cookies("_streamlit_user", "_streamlit_user_tokens", is_secure=True)
    address = urlsplit(settings.public_url or f"http://{Headers(scope=scope).get('host', '')}")
    if address.scheme == "https":
        return Cookies("__Host-clientnest", "__Host-clientnest_nonce", is_secure=True)
    if address.hostname not in LOOPBACK:
        return None
    port = address.port or 80
    return Cookies(f"clientnest_{port}", f"clientnest_nonce_{port}", is_secure=False)
