import pytest

from crm_core.access.actor import SYSTEM, Actor, ActorKind
from crm_core.access.permissions import Permission, Role
from crm_core.access.scopes import Scope, allowed_by
from crm_core.errors import Forbidden
from tests.actors import person

FIRST_ALLOWED = {
    Permission.READ_FIGURES: Role.VIEWER,
    Permission.READ_CUSTOMERS: Role.ANALYST,
    Permission.WRITE_SEGMENTS: Role.ANALYST,
    Permission.EXPORT_CUSTOMERS: Role.ANALYST,
    Permission.REFIT_PREDICTIONS: Role.ANALYST,
    Permission.WRITE_CAMPAIGNS: Role.MARKETER,
    Permission.WRITE_CONSENT: Role.MARKETER,
    Permission.WRITE_RECORDS: Role.MARKETER,
    Permission.WRITE_ATTRIBUTES: Role.MARKETER,
    Permission.LOAD_DEMO: Role.MARKETER,
    Permission.MANAGE_KEYS: Role.ADMIN,
    Permission.MANAGE_USERS: Role.ADMIN,
    Permission.CHANGE_SETTINGS: Role.ADMIN,
    Permission.READ_AUDIT: Role.ADMIN,
    Permission.ERASE_CUSTOMERS: Role.ADMIN,
}


def key(role: Role, *scopes: Scope) -> Actor:
    return Actor(ActorKind.KEY, "1", "shop", role, allowed_by(scopes))


@pytest.mark.parametrize("permission", Permission)
def test_each_role_may_do_what_the_table_says_and_no_more(permission: Permission) -> None:
    roles = list(Role)
    allowed = roles[roles.index(FIRST_ALLOWED[permission]) :]
    assert [role for role in roles if person("asha", role).may(permission)] == allowed


def test_the_system_may_do_everything() -> None:
    assert all(SYSTEM.may(permission) for permission in Permission)


def test_a_key_may_do_what_its_scopes_and_its_owners_role_both_allow() -> None:
    assert key(Role.ADMIN, Scope.CAMPAIGNS_WRITE).may(Permission.WRITE_CAMPAIGNS)
    assert not key(Role.ADMIN, Scope.CAMPAIGNS_READ).may(Permission.WRITE_CAMPAIGNS)
    assert not key(Role.ANALYST, Scope.CAMPAIGNS_WRITE).may(Permission.WRITE_CAMPAIGNS)
    assert key(Role.ANALYST, Scope.SEGMENTS_WRITE, Scope.CAMPAIGNS_WRITE).may(Permission.WRITE_SEGMENTS)


def test_a_refusal_says_what_was_asked_and_who_may() -> None:
    with pytest.raises(
        Forbidden, match=r"^asha is an analyst; to change campaigns takes the role marketer or admin\.$"
    ):
        person("asha", Role.ANALYST).require(Permission.WRITE_CAMPAIGNS)
    with pytest.raises(Forbidden, match=r"^The API key 'shop' has no scope that allows it to change campaigns\.$"):
        key(Role.ADMIN, Scope.INGEST_WRITE).require(Permission.WRITE_CAMPAIGNS)


def test_a_key_is_labelled_as_one_and_a_person_by_name() -> None:
    assert (key(Role.ADMIN).label, person("asha").label, SYSTEM.label) == ("key:shop", "asha", "system")
