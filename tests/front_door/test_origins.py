"""Where from, as the audit log has it: the address of the connection, or of whom a trusted proxy says it brings."""

import pytest

from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.access.sign_in.tickets import Tickets
from crm_core.front_door.session_routes import BEGIN
from tests import plain_http
from tests.front_door.browser import Browser, run
from tests.front_door.conftest import CLOUD_URL
from tests.running_app import RunningApp

FORGED = ("6.6.6.6", "6.6.6.6, 127.0.0.1", "::1", "localhost")


def signed_in_from(app: RunningApp, host: str, cookie: str, **headers: str) -> str:
    """The address that the audit log has of a sign-in with these headers."""
    with app.services() as services:
        ticket = Tickets(services.redis).issue(LOCAL_ADMIN, hash_secret("the nonce"))
        sent = {"Host": host, "Cookie": f"{cookie}=the nonce", **headers}
        assert plain_http.post(f"{app.url}{BEGIN}", content=ticket, headers=sent).status_code == 204
        (entry,) = services.audit.latest("session.begin", limit=1)
        return str(entry["origin"])


@pytest.mark.parametrize("forged", FORGED)
def test_nobody_says_of_himself_where_he_is_from(app: RunningApp, forged: str) -> None:
    host = app.url.removeprefix("http://")
    headers = {"X-Forwarded-For": forged, "Forwarded": f"for={forged}", "X-Real-IP": forged}
    assert signed_in_from(app, host, f"clientnest_nonce_{host.partition(':')[2]}", **headers) == "127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("6.6.6.6, 2001:db8::1", "2001:db8::1"),
        ("", "127.0.0.1"),
    ],
)
def test_a_trusted_proxy_says_whom_it_brings(public_app: RunningApp, forwarded: str, origin: str) -> None:
    """What stands before the last address that is no proxy of ours has come with the request."""
    headers = {"X-Forwarded-For": forwarded}
    assert signed_in_from(public_app, "crm.example.com", "__Host-clientnest_nonce", **headers) == origin


def test_a_sign_in_on_community_cloud_uses_cookies_that_its_proxy_passes_on(cloud_app: RunningApp) -> None:
    browser = Browser(cloud_app)
    browser.http.get("/_stcore/health")  # Streamlit reads its cookies of a connection that has its token
    nonce = browser.http.cookies["_streamlit_user_tokens"]
    with cloud_app.services() as services:
        ticket = Tickets(services.redis).issue(LOCAL_ADMIN, hash_secret(nonce))
    headers = {"Cookie": f"_streamlit_user_tokens={nonce}"}  # a secure one, which the client would not send over http
    assert browser.http.post(BEGIN, content=ticket, headers=headers).status_code == 204
    assert browser.http.cookies["_streamlit_user"]
    with browser.page(origin=CLOUD_URL) as socket:
        assert "local admin" in run(socket)[1]
    assert "Error parsing" not in (cloud_app.data_dir / "app.log").read_text()
