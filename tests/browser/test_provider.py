"""Signing in with an OpenID provider, in its own window; what a page forges in its place is refused."""

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import expect

from crm_core.access.permissions import Role
from tests.actors import TEST
from tests.browser.screen import AS_VISITOR, Screen
from tests.running_app import RunningApp, start_app

COMPONENT = 'iframe[title*="streamlit_oauth"]'
PEOPLE = (
    User(sub="ada", claims={"email": "Ada@Example.com", "email_verified": True, "name": "Ada Lovelace"}),
    User(sub="eve", claims={"email": "eve@example.org", "email_verified": True, "name": "Eve"}),
    User(sub="later", claims={"email": "eve@example.org", "email_verified": True, "name": "Another Eve"}),
    User(sub="unverified", claims={"email": "ada@example.com", "email_verified": False}),
)
ANSWER = """(value) => window.parent.postMessage(
    {isStreamlitMessage: true, type: "streamlit:setComponentValue", value, dataType: "json"}, "*")"""


@dataclass
class Provider:
    """asked: the queries of its sign-in form. exchanged: what was posted to it for a token."""

    url: str
    asked: list[dict[str, str]] = field(default_factory=list)
    exchanged: list[dict[str, str]] = field(default_factory=list)

    def note(self) -> None:
        if flask.request.path == "/oauth2/authorize" and flask.request.method == "GET":
            self.asked.append(flask.request.args.to_dict())
        if flask.request.path == "/oauth2/token":
            self.exchanged.append(flask.request.form.to_dict())


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(os.environ, "AUTHLIB_INSECURE_TRANSPORT", "1")
        with run_server_in_thread(user_claims=PEOPLE) as server:
            made = Provider(f"http://localhost:{server.server_port}")
            server.app.before_request(made.note)
            yield made


@pytest.fixture(scope="module")
def app(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """With that provider, and nothing but it and the demo to sign in by."""
    with start_app(
        tmp_path_factory.mktemp("provider"),
        CRM_SIGN_IN_ISSUER=provider.url,
        CRM_SIGN_IN_CLIENT_ID="clientnest",
        CRM_SIGN_IN_CLIENT_SECRET="the client's secret",
        CRM_FIRST_ADMIN="ada@example.com",
        CRM_LOCAL_ADMIN="",
    ) as running:
        yield running


@pytest.fixture
def sign_in_page(app: RunningApp, desk: Screen) -> Screen:
    desk.page.goto(app.url)
    expect(provider_button(desk)).to_be_visible()
    return desk


def provider_button(screen: Screen) -> Any:
    return screen.page.frame_locator(COMPONENT).get_by_role("button", name="Continue with localhost")


def sign_in_as(screen: Screen, person: str) -> None:
    with screen.page.expect_popup() as popup:
        provider_button(screen).click()
    popup.value.get_by_role("button", name=person, exact=True).click()


def test_somebody_signs_in_with_the_provider_and_stays(
    app: RunningApp, provider: Provider, sign_in_page: Screen
) -> None:
    sign_in_as(sign_in_page, "ada")
    expect(sign_in_page.page.get_by_text("Ada Lovelace · admin")).to_be_visible()
    asked, exchanged = provider.asked[-1], provider.exchanged[-1]
    digest = hashlib.sha256(exchanged["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert asked["nonce"]
    assert asked["state"]
    with app.services() as services:
        user = services.users.find_by_email("ada@example.com")
    assert user
    assert user.role is Role.ADMIN

    page = sign_in_page.page
    page.reload()
    expect(page.get_by_text("Ada Lovelace · admin")).to_be_visible()
    second = page.context.new_page()
    second.goto(f"{app.url}/users")
    expect(second.get_by_text("ada@example.com").first).to_be_visible()
    sign_in_page.check_health()
    sign_in_page.button("Sign out").click()
    for tab in (page, second):
        expect(tab.get_by_role("button", name=AS_VISITOR)).to_be_visible()


def test_who_may_not_come_in_is_told_so_and_may_try_another_account(app: RunningApp, sign_in_page: Screen) -> None:
    alert = sign_in_page.page.get_by_role("alert")
    sign_in_as(sign_in_page, "eve")
    expect(alert.filter(has_text="eve@example.org may not sign in here.")).to_be_visible()
    sign_in_as(sign_in_page, "unverified")
    expect(alert.filter(has_text="has not verified the e-mail address")).to_be_visible()
    with app.services() as services:
        services.users.invite("eve@example.org", Role.VIEWER, actor=TEST)
        sign_in_as(sign_in_page, "eve")
        expect(sign_in_page.page.get_by_text("Eve · viewer")).to_be_visible()
        sign_in_page.button("Sign out").click()
        sign_in_as(sign_in_page, "later")
        expect(alert.filter(has_text="eve@example.org now belongs to another account")).to_be_visible()
        eve = services.users.find_by_email("eve@example.org")
        assert eve
        services.users.remove(eve.id, actor=TEST)
        services.users.invite("eve@example.org", Role.ANALYST, actor=TEST)
    sign_in_as(sign_in_page, "later")
    expect(sign_in_page.page.get_by_text("Another Eve · analyst")).to_be_visible()
    sign_in_page.check_health()


@pytest.mark.parametrize(
    "forged",
    [
        {"token": {"access_token": "a", "id_token": "e30.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSJ9."}},
        {"id_token": "e30.eyJlbWFpbCI6ImFkYUBleGFtcGxlLmNvbSJ9."},
        {"code": "stolen"},
        {"code": "stolen", "state": "of another attempt"},
        {"error": "access_denied"},
        "code",
    ],
)
def test_a_forged_answer_is_refused_before_anything_is_exchanged(
    app: RunningApp, provider: Provider, sign_in_page: Screen, forged: Any
) -> None:
    before = len(provider.exchanged)
    frame = sign_in_page.page.query_selector(COMPONENT)
    assert frame
    content = frame.content_frame()
    assert content
    content.evaluate(ANSWER, forged)
    expect(sign_in_page.page.get_by_role("alert").filter(has_text="Try again")).to_be_visible()
    expect(provider_button(sign_in_page)).to_be_visible()
    assert len(provider.exchanged) == before
    names = {cookie["name"] for cookie in sign_in_page.page.context.cookies()}
    assert f"clientnest_{app.url.rpartition(':')[2]}" not in names


def test_a_replayed_answer_is_refused(provider: Provider, sign_in_page: Screen) -> None:
    """The code and the state that somebody else's window has brought back."""
    sign_in_as(sign_in_page, "unverified")
    expect(sign_in_page.page.get_by_role("alert").filter(has_text="not verified")).to_be_visible()
    sign_in_page.settle()  # the alert stands before the frame is drawn anew, which would not hear
    answer = {"code": provider.exchanged[-1]["code"], "state": provider.asked[-1]["state"]}
    before = len(provider.exchanged)
    frame = sign_in_page.page.query_selector(COMPONENT)
    assert frame
    content = frame.content_frame()
    assert content
    content.evaluate(ANSWER, answer)
    expect(sign_in_page.page.get_by_role("alert").filter(has_text="belongs to another attempt")).to_be_visible()
    assert len(provider.exchanged) == before


def test_a_provider_that_is_away_leaves_the_other_ways_in(
    tmp_path_factory: pytest.TempPathFactory, desk: Screen
) -> None:
    with start_app(
        tmp_path_factory.mktemp("away"),
        CRM_SIGN_IN_ISSUER="http://127.0.0.1:1",
        CRM_SIGN_IN_CLIENT_ID="clientnest",
        CRM_SIGN_IN_CLIENT_SECRET="the client's secret",
    ) as running:
        desk.page.goto(running.url)
        expect(desk.page.get_by_text("cannot be reached for signing in")).to_be_visible()
        desk.sign_in(AS_VISITOR)
        desk.check_health()
