"""Signing in with one click; what keeps a reader signed in, and what ends it in every tab."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from crm_core.access.permissions import Role
from crm_core.access.scopes import Scope
from crm_core.hosting.ports import free_port
from crm_core.rules.tree import EVERYONE
from tests.actors import TEST
from tests.browser.screen import AS_ADMIN, AS_VISITOR, Screen, give_session
from tests.running_app import RunningApp, start_app

DEMO = "Everybody who opens this address shares this workspace, as a marketer."


@pytest.fixture
def second(desk: Screen) -> Screen:
    """Another tab of the same browser."""
    return Screen(desk.page.context.new_page(), has_signed_in=True)


@pytest.fixture
def member(app: RunningApp, desk: Screen) -> Iterator[str]:
    """The browser's reader is an analyst; returns the user's id."""
    with app.services() as services:
        user = services.users.invite("asha@example.com", Role.ANALYST, actor=TEST)
        give_session(desk.page.context, app, services.sessions.open(user.id))
        yield user.id


def signed_out(page: Page) -> None:
    expect(page.get_by_role("button", name=AS_ADMIN)).to_be_visible()
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)


def test_a_sign_in_outlives_refresh_and_restart_and_holds_in_a_second_tab(
    tmp_path: Path, desk: Screen, second: Screen
) -> None:
    port = free_port()
    with start_app(tmp_path, port=port) as running:
        desk.open(f"{running.url}/segments")
        expect(desk.heading("Segments")).to_be_visible()
        desk.page.reload()
        expect(desk.heading("Segments")).to_be_visible()
        second.open(f"{running.url}/campaigns")
        expect(second.heading("Campaigns")).to_be_visible()
        second.check_health()
    with start_app(tmp_path, port=port) as running:
        desk.page.reload()
        expect(desk.heading("Segments")).to_be_visible()


def test_signing_out_shows_the_sign_in_page_in_every_tab(app: RunningApp, desk: Screen, second: Screen) -> None:
    desk.open(app.url)
    second.open(f"{app.url}/segments")
    desk.button("Sign out").click()
    signed_out(desk.page)
    signed_out(second.page)
    for each in (desk, second):
        each.check_health()
    assert second.page.url == f"{app.url}/segments"


def test_a_visitor_of_the_demo_comes_in_with_one_click_as_a_marketer(app: RunningApp, desk: Screen) -> None:
    desk.page.goto(f"{app.url}/settings")
    expect(desk.button(AS_ADMIN)).to_be_visible()
    desk.sign_in(AS_VISITOR)
    expect(desk.page.get_by_text(DEMO)).to_be_visible()
    expect(desk.page.get_by_text("· marketer")).to_be_visible()
    desk.check_health()


def test_a_changed_role_ends_the_open_page(app: RunningApp, member: str, second: Screen) -> None:
    second.open(f"{app.url}/customers")
    expect(second.heading("Customers")).to_be_visible()
    with app.services() as services:
        services.users.change_role(member, Role.VIEWER, actor=TEST)
        signed_out(second.page)
        give_session(second.page.context, app, services.sessions.open(member))
    second.open(f"{app.url}/customers")
    expect(second.page.get_by_text("is a viewer; to see customers takes the role")).to_be_visible()
    second.check_health()


def test_what_open_pages_still_offer_is_refused_once_the_role_is_lowered(
    app: RunningApp, desk: Screen, second: Screen
) -> None:
    """By a callback, by the fragment that a dialog is, and to a key; the session itself goes on here."""
    with app.services() as services:
        mara = services.users.invite("mara@example.com", Role.MARKETER, actor=TEST)
        give_session(desk.page.context, app, services.sessions.open(mara.id))
        key = services.keys.create("Mara's", [Scope.CAMPAIGNS_WRITE], owner_id=mara.id, actor=TEST)
        segment = services.segments.save("Everybody", EVERYONE, actor=TEST)
        campaign = services.campaigns.create(name="Spring", channel="in_app", message="Hi", rule=EVERYONE, actor=TEST)
        second.open(f"{app.url}/campaign?campaign={campaign['_id']}")
        expect(second.button("Archive")).to_be_visible()
        third = Screen(desk.page.context.new_page(), has_signed_in=True)
        third.open(f"{app.url}/segments")
        third.button("Delete …").click()
        expect(third.button("Delete segment")).to_be_visible()
        services.db.users.update_one({"_id": mara.id}, {"$set": {"role": Role.VIEWER}})
        fourth = Screen(desk.page.context.new_page(), has_signed_in=True)
        fourth.open(f"{app.url}/customers")
        while not fourth.page.get_by_text("is a viewer; to see customers").is_visible():  # at most 2 s later
            fourth.open(f"{app.url}/customers")

        second.button("Archive").click()
        expect(second.page.get_by_text("is a viewer; to change campaigns takes the role")).to_be_visible()
        third.button("Delete segment").click()
        expect(third.page.get_by_text("is a viewer; to change segments takes the role")).to_be_visible()
        with app.client(key) as client:
            assert client.post(f"/campaigns/{campaign['_id']}/launch").status_code == 403
        now = services.campaigns.get(campaign["_id"])
        assert (now["state"], now.get("archived_at")) == (campaign["state"], None)
        assert services.segments.get(segment["_id"])
    for each in (second, third):
        each.check_health()


def test_the_sign_in_page_fits_a_phone(app: RunningApp, phone: Screen) -> None:
    phone.page.goto(app.url)
    button = phone.button(AS_ADMIN)
    expect(button).to_be_visible()
    box = button.bounding_box()
    assert box
    assert box["x"] >= 16
    assert box["x"] + box["width"] <= 390 - 16
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.check_health()
