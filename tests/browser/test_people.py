"""Users, API keys and the audit log as an admin works with them, and what others do not see of the app."""

from playwright.sync_api import expect

from crm_core.access.permissions import Role
from tests.actors import TEST
from tests.browser.screen import Screen, give_session
from tests.running_app import RunningApp

ADMINS_ONLY = {"Users", "API keys", "Audit log"}


def check_navigation(screen: Screen, *, shown: set[str], hidden: set[str]) -> None:
    navigation = screen.page.get_by_test_id("stSidebarNav")
    for title in shown:
        expect(navigation.get_by_role("link", name=title, exact=True)).to_be_visible()
    for title in hidden:
        expect(navigation.get_by_role("link", name=title, exact=True)).to_have_count(0)


def test_an_admin_invites_makes_a_key_and_finds_both_in_the_log(app: RunningApp, desk: Screen) -> None:
    desk.open(f"{app.url}/users")
    check_navigation(desk, shown=ADMINS_ONLY | {"Customers"}, hidden=set())
    desk.button("Invite").click()
    desk.fill("E-mail address", "ada@example.com")
    desk.page.get_by_role("dialog").get_by_role("button", name="Invite", exact=True).click()
    expect(desk.page.get_by_text("ada@example.com", exact=True)).to_be_visible()
    desk.go_to("API keys")
    desk.button("New key").click()
    desk.fill("Name", "Till 7")
    desk.page.get_by_text("Send customers, orders and events").click()
    desk.button("Create key").click()
    expect(desk.page.get_by_text("it is not shown again")).to_be_visible()
    secret = desk.page.get_by_test_id("stDialog").get_by_test_id("stCode").inner_text().strip()
    assert secret.startswith("cn_")
    desk.button("Done").click()
    expect(desk.page.get_by_text("Till 7", exact=True)).to_be_visible()
    expect(desk.page.get_by_text(secret)).to_have_count(0)
    desk.go_to("Audit log")
    expect(desk.page.get_by_role("link", name="Invited a user")).to_be_visible()
    desk.page.get_by_role("link", name="Created an API key").click()
    expect(desk.page.get_by_role("dialog").get_by_text("Till 7")).to_be_visible()
    desk.check_health()


def test_a_viewer_sees_no_page_of_admins_and_none_of_customers(app: RunningApp, desk: Screen) -> None:
    with app.services() as services:
        viewer = services.users.invite("vic@example.com", Role.VIEWER, actor=TEST)
        give_session(desk.page.context, app, services.sessions.open(viewer.id))
    seen = Screen(desk.page.context.new_page(), has_signed_in=True)
    seen.open(app.url)
    check_navigation(seen, shown={"Segments", "Campaigns", "Settings"}, hidden=ADMINS_ONLY | {"Customers"})
    seen.open(f"{app.url}/users")
    expect(seen.page.get_by_text("is a viewer; to manage users takes the role admin.")).to_be_visible()
    seen.check_health()
