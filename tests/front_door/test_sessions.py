"""Signing in and out as a browser does it, and what somebody gets who has stolen a part of it."""

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.connection import Connection, ConnectionKind
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.front_door.session_routes import BEGIN, END
from tests.front_door.browser import PATIENCE_S, RERUN, Browser, run
from tests.running_app import RunningApp

REFUSED = "This sign-in has expired or was used already. Reload the page and sign in again."
SIGN_IN = "Continue as admin of this machine"
FOR_THE_SIGNED_IN = (
    "/api/docs",
    "/api/docs/start.js",
    "/api/openapi.json",
    "/api/metrics",
    "/_stcore/metrics",
    "/media/0000.png",
)


@pytest.fixture
def browser(app: RunningApp) -> Browser:
    return Browser(app)


@pytest.fixture
def reader(app: RunningApp) -> Iterator[Browser]:
    """Somebody who has signed in."""
    made = Browser(app)
    made.sign_in()
    yield made
    made.http.close()


def cookie_of(answer: httpx.Response, name: str) -> str:
    (found,) = [each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{name}=")]
    return found


def test_opening_the_app_sets_a_nonce_that_no_script_can_read(app: RunningApp) -> None:
    answer = httpx.get(app.url, headers={"accept": "text/html"}, trust_env=False)
    cookie = cookie_of(answer, f"clientnest_nonce_{httpx.URL(app.url).port}")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))


def test_a_nonce_is_kept_while_the_browser_sends_it(browser: Browser) -> None:
    assert "set-cookie" not in browser.http.get("/segments", headers={"accept": "text/html"}).headers


def test_a_ticket_is_traded_for_a_session_and_a_new_nonce(browser: Browser, app: RunningApp) -> None:
    before = browser.nonce
    answer = browser.begin(browser.ticket())
    assert answer.status_code == 204
    attributes = cookie_of(answer, f"clientnest_{httpx.URL(app.url).port}").split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"} <= set(attributes)
    assert browser.nonce != before
    with app.services() as services:
        session = services.sessions.find(browser.secret)
    assert session
    assert session.user_id == LOCAL_ADMIN


def test_a_ticket_is_good_once(browser: Browser) -> None:
    ticket, nonce = browser.ticket(), browser.nonce
    assert browser.begin(ticket).status_code == 204
    browser.http.cookies.set(f"clientnest_nonce_{browser.http.base_url.port}", nonce, domain="127.0.0.1", path="/")
    answer = browser.begin(ticket)
    assert (answer.status_code, answer.text) == (403, REFUSED)


def test_a_ticket_of_another_browser_is_refused_and_used_up(browser: Browser, app: RunningApp) -> None:
    thief, ticket = Browser(app), browser.ticket()
    for each in (thief, browser):
        answer = each.begin(ticket)
        assert (answer.status_code, answer.text) == (403, REFUSED)
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("ticket", ["", "x", "x" * 300, "é", "\x00", '{"user_id": "local-admin"}'])
def test_what_is_no_ticket_is_refused(browser: Browser, ticket: str) -> None:
    assert browser.begin(ticket).status_code == 403


def test_without_a_nonce_no_ticket_is_good(app: RunningApp, browser: Browser) -> None:
    ticket = browser.ticket()
    assert httpx.post(f"{app.url}{BEGIN}", content=ticket, trust_env=False).status_code == 403


@pytest.mark.parametrize("path", [BEGIN, END])
def test_a_link_neither_signs_in_nor_out(reader: Browser, path: str) -> None:
    assert reader.http.get(path).status_code == 405
    assert reader.http.get("/api/docs").status_code == 200


def test_a_user_whom_this_mode_does_not_know_is_refused(browser: Browser) -> None:
    assert browser.begin(browser.ticket("somebody")).status_code == 403


@pytest.mark.parametrize("path", FOR_THE_SIGNED_IN)
def test_files_and_documents_are_for_the_signed_in(browser: Browser, reader: Browser, path: str) -> None:
    answer = browser.http.get(path)
    assert answer.status_code == 401
    assert "Sign in to ClientNest first." in answer.text
    assert reader.http.get(path).status_code in {200, 404}


def test_an_upload_asks_for_a_sign_in(browser: Browser, reader: Browser) -> None:
    path = "/_stcore/upload_file/some-session/some-file"
    assert browser.http.put(path, files={"file": b"x"}).status_code == 401
    assert browser.http.delete(path).status_code == 401
    assert reader.http.put(path, files={"file": b"x"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/api/healthz", "/_stcore/host-config"])
def test_the_sign_in_page_and_health_are_open(browser: Browser, path: str) -> None:
    assert browser.http.get(path).status_code == 200


def test_the_rest_api_never_takes_the_cookie(reader: Browser) -> None:
    assert reader.http.get("/api/v1/customers").status_code == 401


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(reader: Browser) -> None:
    secret, name = reader.secret, f"clientnest_{reader.http.base_url.port}"
    answer = reader.http.post(END, content=hash_secret(secret))
    assert answer.status_code == 204
    assert "Max-Age=0" in cookie_of(answer, name)
    assert reader.http.get("/api/docs").status_code == 401
    reader.http.cookies.set(name, secret, domain="127.0.0.1", path="/")
    assert reader.http.get("/api/docs").status_code == 401


def test_a_late_sign_out_does_not_end_the_session_that_came_after(reader: Browser) -> None:
    before = reader.secret
    reader.sign_in()
    assert "set-cookie" not in reader.http.post(END, content=hash_secret(before)).headers
    assert reader.http.get("/api/docs").status_code == 200


def test_a_page_shows_the_sign_in_until_the_browser_has_signed_in(browser: Browser) -> None:
    with browser.page() as socket:
        assert SIGN_IN in run(socket)[1]
    browser.sign_in()
    with browser.page() as socket:
        _, shown = run(socket)
    assert SIGN_IN not in shown
    assert "local admin" in shown


def test_a_browser_without_cookies_is_told_so(app: RunningApp) -> None:
    browser = Browser(app)
    browser.http.cookies.clear()
    with browser.page() as socket:
        assert "This browser keeps no cookies" in run(socket)[1]


def test_a_stolen_streamlit_session_resumes_nothing(reader: Browser, app: RunningApp) -> None:
    with reader.page() as socket:
        streamlit_session, _ = run(socket)
    with reader.page(streamlit_session) as socket:
        assert run(socket)[0] == streamlit_session
    thief, other = Browser(app), Browser(app)
    other.sign_in()
    for each in (thief, other):
        with each.page(streamlit_session) as socket:
            assert run(socket)[0] != streamlit_session
    with thief.page(streamlit_session) as socket:
        assert SIGN_IN in run(socket)[1]


def test_a_streamlit_session_of_before_the_sign_in_is_not_resumed_after_it(browser: Browser) -> None:
    with browser.page() as socket:
        streamlit_session, _ = run(socket)
    browser.sign_in()
    with browser.page(streamlit_session) as socket:
        assert run(socket)[0] != streamlit_session


def test_the_private_header_cannot_be_sent_from_outside(reader: Browser, app: RunningApp) -> None:
    forged = str(Connection(ConnectionKind.SESSION, hash_secret(reader.secret)))
    for name in ("X-ClientNest-Connection", "x-clientnest-connection"):
        with Browser(app).page(headers={name: forged}) as socket:
            assert SIGN_IN in run(socket)[1]


def until_closed(socket: ClientConnection, says: bytes = b"") -> str:
    """What the server sends until it closes the connection. says: the answer to each of its messages."""
    shown = b""
    with suppress(ConnectionClosed):
        while True:
            message = socket.recv(PATIENCE_S)
            assert isinstance(message, bytes)
            shown += message
            if says:
                socket.send(says)
    return shown.decode("utf-8", "ignore")


def test_an_open_page_says_that_its_session_has_ended_and_is_cut_off(reader: Browser, app: RunningApp) -> None:
    with reader.page() as socket:
        assert "Sign out" in run(socket)[1]
        with app.services() as services:
            services.sessions.end(hash_secret(reader.secret))
        _, said, afterwards = until_closed(socket, says=RERUN).partition("Signing out")
    assert said
    assert "Sign out" not in afterwards


def test_an_open_page_of_another_session_goes_on(reader: Browser, app: RunningApp) -> None:
    ended = Browser(app)
    ended.sign_in()
    with reader.page() as socket, ended.page() as other:
        for each in (socket, other):
            run(each)
        ended.http.post(END, content=hash_secret(ended.secret))
        until_closed(other)
        assert "local admin" in run(socket)[1]
