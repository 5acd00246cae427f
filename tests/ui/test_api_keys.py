"""The API keys page: what each may do and whose it is; a new one is shown once; revoked at once."""

from datetime import timedelta

import pytest

from crm_core.access.permissions import Role
from crm_core.access.scopes import Scope
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.services import Services
from tests.actors import ASHA, OPERATOR
from tests.conftest import TestClock
from tests.ui.page import Page

OPENER = "New key"


@pytest.fixture
def ana(workspace: Services) -> str:
    workspace.users.invite("boss@example.com", Role.ADMIN, actor=ASHA)
    return workspace.users.invite("ana@example.com", Role.ANALYST, actor=ASHA).id


def press(page: Page, key: str) -> None:
    next(button for button in page.test.button if button.key == key).click()


def tick(page: Page, scope: Scope) -> None:
    page.widget(f"keys_scope_{scope}").set_value(True)


def test_each_key_is_shown_with_its_scopes_owner_and_use(workspace: Services, clock: TestClock, ana: str) -> None:
    workspace.keys.create("Shop", ["ingest:write"], actor=OPERATOR)
    workspace.keys.create(
        "Notebook", ["segments:write"], actor=ASHA, owner_id=ana, expires_at=clock.now + timedelta(days=3)
    )
    key = workspace.keys.named("Shop", actor=ASHA)
    workspace.audit_counts.note(key.actor, "key.use", key.id, {"scope": "ingest:write"})
    workspace.audit_counts.write()
    words = Page("api_keys").words
    assert "2 keys" in words
    assert "Belongs to operator · last used just now · does not expire" in words
    assert "Belongs to ana@example.com · never used · expires 2026-06-18" in words
    assert "expires in 3 days" in words
    workspace.users.change_role(ana, Role.VIEWER, actor=ASHA)
    assert "segments:write, not allowed to its owner" in Page("api_keys").words
    workspace.users.remove(ana, actor=ASHA)
    assert "belongs to somebody who was removed" in Page("api_keys").words


def test_a_new_key_works_and_is_shown_once(workspace: Services, clock: TestClock) -> None:
    page = Page("api_keys")
    assert "No API key" in page.words
    page.click(OPENER)
    page.widget("Name").set_value("Till 7")
    tick(page, Scope.INGEST_WRITE)
    page.widget("Expires after").set_value("30 days")
    page.widget("Limit of its own").set_value(True)
    page.click(OPENER)
    page.widget("Requests a second").set_value(7)
    press(page, "keys_create")
    page.click(OPENER)
    (secret,) = (shown.value for shown in page.test.code if shown.value.startswith("cn_"))
    key = workspace.keys.find(secret)
    assert key
    assert (key.name, [*key.scopes], key.owner_id) == ("Till 7", [Scope.INGEST_WRITE], LOCAL_ADMIN)
    assert key.expires_at == clock.now + timedelta(days=30)
    assert key.rate
    assert key.rate.per_second == 7
    press(page, "keys_close")
    page.run()
    assert secret not in page.words
    assert secret not in repr(page.test.session_state)
    assert "Till 7" in page.words


def test_scopes_beyond_the_owners_role_cannot_be_chosen(workspace: Services, ana: str) -> None:
    page = Page("api_keys")
    page.click(OPENER)
    page.choose("Owner", ana, dialog=OPENER)
    disabled = {scope for scope in Scope if page.widget(f"keys_scope_{scope}").disabled}
    assert disabled == {Scope.INGEST_WRITE, Scope.CUSTOMERS_WRITE, Scope.CAMPAIGNS_WRITE}


def test_what_makes_no_key_is_said_in_the_dialog(workspace: Services) -> None:
    page = Page("api_keys")
    page.click(OPENER)
    page.widget("Name").set_value("x")
    press(page, "keys_create")
    page.click(OPENER)
    assert "A key needs at least one scope of ingest:write" in page.errors
    tick(page, Scope.SEGMENTS_READ)
    page.widget("Name").set_value(" ")
    press(page, "keys_create")
    page.click(OPENER)
    assert "A key needs a name of 1 to 100 printable characters." in page.errors
    assert workspace.keys.count_found(actor=ASHA) == 0


def test_a_key_is_revoked_after_a_question_and_then_hidden(workspace: Services) -> None:
    secret = workspace.keys.create("Shop", ["ingest:write"], actor=OPERATOR)
    key = workspace.keys.find(secret)
    assert key
    page, opener = Page("api_keys"), f"keys_revoke_{key.id}"
    press(page, opener)
    page.run()
    assert "works no more from now on" in page.words
    press(page, opener)
    press(page, "keys_revoke_confirm")
    page.run()
    revoked = workspace.keys.find(secret)
    assert revoked
    assert revoked.fault(workspace.clock()) == "was revoked"
    assert "Shop is revoked." in page.words
    page.run()
    assert "No API key" in page.words
    page.choose("Revoked ones too", True)
    assert "revoked by local admin just now" in page.words


def test_keys_are_found_by_name(workspace: Services) -> None:
    for name in ("Shop", "Till"):
        workspace.keys.create(name, ["ingest:write"], actor=OPERATOR)
    page = Page("api_keys")
    page.choose("Search", "sho")
    assert "1 key" in page.words
    page.choose("Search", "zed")
    assert "No key has “zed” in its name." in page.words
