"""Which cookies there are at which address, and what a browser is told to do with them."""

from datetime import timedelta

import pytest
from starlette.types import Scope
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

from crm_core.front_door.cookies import Cookies, cookies_at
from crm_core.settings import Settings

DAY = timedelta(days=1)


def request(host: str = "", cookie: str = "") -> Scope:
    return {"type": "http", "headers": [(b"host", host.encode()), (b"cookie", cookie.encode("latin-1"))]}


def at(public_url: str | None, host: str = "") -> Cookies:
    found = cookies_at(Settings(public_url=public_url), request(host))
    assert found
    return found


def test_https_cookies_are_secure_and_bound_to_the_host() -> None:
    cookies = at("https://crm.example.com", "crm.example.com")
    assert (cookies.session, cookies.nonce) == ("__Host-clientnest", "__Host-clientnest_nonce")
    for header in (cookies.set_session("s", DAY), cookies.set_nonce()):
        parts = header.split("; ")
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(parts)
        assert "Domain" not in header


@pytest.mark.parametrize(
    ("public_url", "host", "port"),
    [
        (None, "localhost:8501", 8501),
        (None, "127.0.0.1:8600", 8600),
        (None, "[::1]:8501", 8501),
        ("http://localhost:9000", "localhost:8501", 9000),
        ("http://127.0.0.1", "", 80),
    ],
)
def test_on_loopback_the_name_says_which_app(public_url: str | None, host: str, port: int) -> None:
    cookies = at(public_url, host)
    assert (cookies.session, cookies.nonce) == (f"clientnest_{port}", f"clientnest_nonce_{port}")
    assert "Secure" not in cookies.set_session("s", DAY)
    assert "HttpOnly" in cookies.set_session("s", DAY)


@pytest.mark.parametrize(
    ("public_url", "host"),
    [
        (None, "192.168.1.5:8501"),
        (None, "localhost.evil.example"),
        (None, "crm.example.com"),
        (None, ""),
        ("http://crm.example.com", "localhost:8501"),
    ],
)
def test_plain_http_over_a_network_has_no_cookies(public_url: str | None, host: str) -> None:
    assert cookies_at(Settings(public_url=public_url), request(host)) is None


def test_forwarded_headers_do_not_make_an_address_secure() -> None:
    scope = request("crm.example.com")
    scope["headers"] += [(b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"localhost")]
    assert cookies_at(Settings(), scope) is None


def test_on_community_cloud_cookies_have_names_that_its_proxy_passes_on() -> None:
    settings = Settings(public_url="https://our-crm.streamlit.app", hosting="community-cloud")
    cookies = cookies_at(settings, request("10.0.0.9:8501"))
    assert cookies
    assert (cookies.session, cookies.nonce) == (USER_COOKIE_NAME, TOKENS_COOKIE_NAME)
    assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(cookies.set_session("s", DAY).split("; "))


def test_a_session_cookie_ends_with_the_session_and_is_removed_by_an_empty_one() -> None:
    cookies = at(None, "localhost:8501")
    assert "Max-Age=86400" in cookies.set_session("s", DAY)
    assert 'clientnest_8501=""; ' in cookies.set_session("", timedelta())
    assert "Max-Age=0" in cookies.set_session("", timedelta())


def test_each_nonce_is_another() -> None:
    cookies = at(None, "localhost:8501")
    assert cookies.set_nonce() != cookies.set_nonce()


def test_strange_cookie_headers_are_read_without_a_crash() -> None:
    cookies = at(None, "localhost:8501")
    for header in ("", ";;;", "clientnest_8501", "=x", "clientnest_8501=\xff; a=b=c"):
        cookies.read(request("localhost:8501", header))
