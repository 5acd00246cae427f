"""The people who may sign in: invited, given a role, signed out, removed; there is always an admin."""

import threading
from contextlib import suppress

import pytest

from crm_core.access.permissions import Role
from crm_core.access.users import User, Users
from crm_core.errors import Conflict, Forbidden, InvalidInput, NotFound
from crm_core.services import Services
from tests.actors import ACCOUNT, ASHA, person
from tests.conftest import TestClock

BOSS = "boss@example.com"


class Ended:
    """Whom the sessions were told to sign out."""

    def __init__(self) -> None:
        self.users: list[str] = []

    def __call__(self, user_id: str) -> int:
        self.users.append(user_id)
        return 2


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def users(services: Services, ended: Ended) -> Users:
    return Users(services.db, services.audit, services.clock, first_admin=f" {BOSS.upper()}", end_sessions=ended)


def audited(services: Services) -> list[tuple[str, str, str, object]]:
    rows = services.db.audit.find().sort("_id", 1)
    return [(row["actor"], row["action"], row["target"], row["details"]) for row in rows]


def admin(users: Users, email: str) -> User:
    return users.invite(email, Role.ADMIN, actor=ASHA)


def test_an_invited_user_is_found_by_the_address_in_any_case(users: Users, clock: TestClock) -> None:
    made = users.invite(" Ada@Example.COM ", Role.ANALYST, actor=ASHA)
    assert made == User(made.id, "ada@example.com", "ada@example.com", Role.ANALYST, None, clock.now, "asha")
    assert users.find_by_email("ADA@example.com ") == users.get(made.id) == made
    assert users.find_by_email("ad@example.com") is None
    assert users.get("nobody") is None


def test_an_address_is_invited_once(users: Users) -> None:
    users.invite("ada@example.com", Role.VIEWER, actor=ASHA)
    with pytest.raises(InvalidInput, match=r"^ada@example\.com is in the list already; change the role there\.$"):
        users.invite("ADA@example.com", Role.ADMIN, actor=ASHA)


@pytest.mark.parametrize("text", ["", "ada", "@example.com", "ada@example", "a b@example.com", "a@b@c.com", "x" * 260])
def test_what_is_no_address_is_not_invited(users: Users, text: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no e-mail address, such as name@example\.com\.$"):
        users.invite(text, Role.VIEWER, actor=ASHA)
    assert users.count_found(actor=ASHA) == 0


def test_only_an_admin_manages_users(users: Users) -> None:
    ada, marketer = admin(users, "ada@example.com"), person("m", Role.MARKETER)
    for refused in (
        lambda: users.invite("x@example.com", Role.VIEWER, actor=marketer),
        lambda: users.change_role(ada.id, Role.VIEWER, actor=marketer),
        lambda: users.remove(ada.id, actor=marketer),
        lambda: users.sign_out(ada.id, actor=marketer),
        lambda: users.page(limit=10, actor=marketer),
        lambda: users.count_found(actor=marketer),
    ):
        with pytest.raises(Forbidden, match=r"^m is a marketer; to manage users takes the role admin\.$"):
            refused()
    assert users.get(ada.id) == ada


def test_a_change_of_role_and_a_removal_end_the_sessions(users: Users, ended: Ended) -> None:
    admin(users, "boss@example.com")
    ada = users.invite("ada@example.com", Role.VIEWER, actor=ASHA)
    assert users.change_role(ada.id, Role.MARKETER, actor=ASHA).role is Role.MARKETER
    assert ended.users == [ada.id]
    users.change_role(ada.id, Role.MARKETER, actor=ASHA)
    assert ended.users == [ada.id]
    assert users.sign_out(ada.id, actor=ASHA) == 2
    users.remove(ada.id, actor=ASHA)
    assert ended.users == [ada.id] * 3
    assert users.get(ada.id) is None


def test_whoever_is_not_there_cannot_be_changed(users: Users, ended: Ended) -> None:
    for change in (
        lambda: users.change_role("x", Role.VIEWER, actor=ASHA),
        lambda: users.remove("x", actor=ASHA),
        lambda: users.sign_out("x", actor=ASHA),
    ):
        with pytest.raises(NotFound, match=r"^There is no user with the id 'x'\.$"):
            change()
    assert not ended.users


def test_the_last_admin_can_be_neither_removed_nor_lowered(users: Users, ended: Ended) -> None:
    first = admin(users, "first@example.com")
    users.invite("ada@example.com", Role.MARKETER, actor=ASHA)
    for change in (
        lambda: users.change_role(first.id, Role.MARKETER, actor=ASHA),
        lambda: users.remove(first.id, actor=ASHA),
    ):
        with pytest.raises(Conflict, match=r"^first@example\.com is the last admin\. Make somebody else an admin"):
            change()
    assert users.get(first.id) == first
    assert not ended.users
    second = admin(users, "second@example.com")
    users.remove(first.id, actor=ASHA)
    with pytest.raises(Conflict, match="last admin"):
        users.remove(second.id, actor=ASHA)


def test_two_admins_who_remove_each_other_do_not_both_succeed(users: Users, services: Services) -> None:
    for _ in range(5):
        both = [admin(users, f"{name}@example.com") for name in ("one", "two")]
        threads = [threading.Thread(target=_try_to_remove, args=(users, each.id)) for each in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (left,) = users.page(limit=10, actor=ASHA)
        assert left.role is Role.ADMIN
        services.db.users.delete_many({})


def _try_to_remove(users: Users, user_id: str) -> None:
    with suppress(Conflict):
        users.remove(user_id, actor=ASHA)


def test_each_change_is_audited_with_what_was_before(users: Users, services: Services) -> None:
    admin(users, BOSS)
    ada = users.invite("ada@example.com", Role.VIEWER, actor=ASHA)
    users.change_role(ada.id, Role.ANALYST, actor=ASHA)
    users.sign_out(ada.id, actor=ASHA)
    users.remove(ada.id, actor=ASHA)
    email = {"email": "ada@example.com"}
    assert audited(services)[1:] == [
        ("asha", "user.invite", ada.id, {**email, "role": {"from": None, "to": "viewer"}}),
        ("asha", "user.change_role", ada.id, {**email, "role": {"from": "viewer", "to": "analyst"}}),
        ("asha", "user.sign_out", ada.id, {**email, "sessions": 2}),
        ("asha", "user.remove", ada.id, {**email, "role": {"from": "analyst", "to": None}}),
    ]


def test_a_change_whose_audit_entry_fails_is_not_made(users: Users, services: Services) -> None:
    ada = users.invite("ada@example.com", Role.VIEWER, actor=ASHA)
    services.db.command({"collMod": "audit", "validator": {"action": {"$ne": "user.change_role"}}})
    try:
        with pytest.raises(Exception, match="failed validation"):
            users.change_role(ada.id, Role.ANALYST, actor=ASHA)
    finally:
        services.db.command({"collMod": "audit", "validator": {}})
    assert users.get(ada.id) == ada


def test_the_first_admin_becomes_one_at_the_sign_in_while_there_is_none(users: Users, services: Services) -> None:
    boss = users.admit(BOSS, "Bo Boss", ACCOUNT, newcomer=None)
    assert boss
    assert (boss.role, boss.name, boss.invited_by) == (Role.ADMIN, "Bo Boss", "sign-in")
    admin(users, "ada@example.com")
    users.change_role(boss.id, Role.VIEWER, actor=ASHA)
    again = users.admit(BOSS, "Bo Boss", ACCOUNT, newcomer=None)
    assert again
    assert again.role is Role.VIEWER
    users.remove(boss.id, actor=ASHA)
    assert users.admit(BOSS, "Bo Boss", ACCOUNT, newcomer=None) is None


def test_the_first_admin_who_was_there_in_another_role_is_raised(users: Users) -> None:
    users.invite(BOSS, Role.VIEWER, actor=ASHA)
    boss = users.admit(BOSS, "", ACCOUNT, newcomer=None)
    assert boss
    assert (boss.role, boss.name) == (Role.ADMIN, BOSS)


def test_a_sign_in_admits_who_was_invited_and_newcomers_only_if_told(users: Users, clock: TestClock) -> None:
    assert users.admit("eve@example.com", "Eve", ACCOUNT, newcomer=None) is None
    ada = users.invite("ada@example.com", Role.ANALYST, actor=ASHA)
    clock.advance(hours=1)
    admitted = users.admit("Ada@example.com", " Ada Lovelace ", ACCOUNT, newcomer=None)
    assert admitted
    assert (admitted.id, admitted.name, admitted.last_seen_at) == (ada.id, "Ada Lovelace", clock.now)
    eve = users.admit("eve@example.com", "Eve", ACCOUNT, newcomer=Role.VIEWER)
    assert eve
    assert (eve.role, eve.name, eve.last_seen_at) == (Role.VIEWER, "Eve", clock.now)


def test_the_list_is_searched_by_name_and_address_and_paged(users: Users) -> None:
    for name in ("c", "a", "b"):
        users.invite(f"{name}@example.com", Role.VIEWER, actor=ASHA)
    users.admit("b@example.com", "Zed (the last)", ACCOUNT, newcomer=None)
    assert [user.email[0] for user in users.page(limit=2, actor=ASHA)] == ["a", "b"]
    assert [user.email[0] for user in users.page(skip=2, limit=2, actor=ASHA)] == ["c"]
    assert [user.email[0] for user in users.page(" zed (THE ", limit=9, actor=ASHA)] == ["b"]
    assert (users.count_found("@EXAMPLE.com", actor=ASHA), users.count_found("a@", actor=ASHA)) == (3, 1)
