"""The Users page: who may sign in, found by name, given a role, signed out, removed; for admins only."""

import pytest

from crm_core.access.permissions import Permission, Role
from crm_core.services import Services
from pages._ui.links import PAGES
from tests.actors import ACCOUNT, ASHA, person
from tests.ui.page import Page

EMAIL = "E-mail address"


@pytest.fixture
def team(workspace: Services) -> Services:
    for name, role in (("ada", Role.ADMIN), ("ben", Role.MARKETER)):
        workspace.users.invite(f"{name}@example.com", role, actor=ASHA)
    workspace.users.admit("ada@example.com", "Ada Lovelace", ACCOUNT, newcomer=None)
    return workspace


def user_id(services: Services, name: str) -> str:
    user = services.users.find_by_email(f"{name}@example.com")
    assert user
    return user.id


def press(page: Page, key: str) -> None:
    next(button for button in page.test.button if button.key == key).click()


def test_each_user_is_shown_with_role_and_when_last_seen(team: Services) -> None:
    words = Page("users").words
    for shown in ("Ada Lovelace", "ada@example.com", "Last seen just now", "2 users", ":material/shield_person: admin"):
        assert shown in words
    assert "Invited by asha just now, has not signed in yet" in words


def test_users_are_found_by_name_and_address(team: Services) -> None:
    page = Page("users")
    page.choose("Search", "LOVE")
    assert "1 user" in page.words
    assert "ben@example.com" not in page.words
    page.choose("Search", "zed")
    assert "No user has “zed” in the name or the address." in page.words


def test_somebody_is_invited_in_a_role(workspace: Services) -> None:
    page = Page("users")
    assert "Nobody is invited yet" in page.words
    page.button("Invite").click()
    page.run()
    page.widget(EMAIL).set_value("New@Example.com")
    page.widget("Role").set_value(Role.MARKETER)
    page.button("Invite").click()
    page.click("Invite", place=1)
    user = workspace.users.find_by_email("new@example.com")
    assert user
    assert user.role is Role.MARKETER
    assert "new@example.com can sign in now." in page.words


def test_a_wrong_address_is_refused_within_the_dialog(workspace: Services) -> None:
    page = Page("users")
    page.button("Invite").click()
    page.run()
    page.widget(EMAIL).set_value("nobody")
    page.button("Invite").click()
    page.click("Invite", place=1)
    assert "'nobody' is no e-mail address, such as name@example.com." in page.errors


def test_a_role_is_changed_and_the_user_signed_out(team: Services) -> None:
    ben, page = user_id(team, "ben"), Page("users")
    secret = team.sessions.open(ben)
    opener = f"users_change_{ben}"
    press(page, opener)
    page.run()
    press(page, opener)
    page.choose("Role", Role.VIEWER)
    press(page, opener)
    press(page, "users_role_confirm")
    page.run()
    changed = team.users.get(ben)
    assert changed
    assert changed.role is Role.VIEWER
    assert team.sessions.find(secret) is None
    assert "ben@example.com is a viewer now." in page.words


def test_a_user_is_signed_out_everywhere(team: Services) -> None:
    ben, page = user_id(team, "ben"), Page("users")
    secrets = [team.sessions.open(ben) for _ in range(2)]
    press(page, f"users_out_{ben}")
    page.run()
    press(page, f"users_out_{ben}")
    press(page, "users_sign_out_confirm")
    page.run()
    assert "ben@example.com is signed out of 2 browsers." in page.words
    assert [team.sessions.find(secret) for secret in secrets] == [None, None]


def test_a_user_is_removed_and_the_last_admin_is_not(team: Services) -> None:
    ada, ben, page = user_id(team, "ada"), user_id(team, "ben"), Page("users")
    for each in (ben, ada):
        press(page, f"users_remove_{each}")
        page.run()
        press(page, f"users_remove_{each}")
        press(page, "users_remove_confirm")
        page.run()
    assert team.users.get(ben) is None
    assert "ada@example.com is the last admin. Make somebody else an admin first." in page.errors
    assert team.users.get(ada)


def test_what_each_role_may_do_is_the_table_that_services_ask(team: Services) -> None:
    (table,) = Page("users").test.table
    rows = table.value.to_dict("records")
    assert [row[""] for row in rows] == [permission.capitalize() for permission in Permission]
    settings = next(row for row in rows if row[""] == "Change settings")
    assert [settings[role.capitalize()] for role in Role] == ["", "", "", "✓"]


@pytest.mark.parametrize("role", list(Role))
def test_a_page_that_may_not_be_seen_refuses_a_link(team: Services, role: Role) -> None:
    reader = person("r", role)
    user = team.users.invite("r@example.com", role, actor=ASHA)
    for name, info in PAGES.items():
        page = Page(name, user=user.id)
        refused = f"to {info.needs} takes the role" in page.errors
        assert refused is not reader.may(info.needs)
        assert "Ada Lovelace" not in page.words or reader.may(Permission.MANAGE_USERS)
