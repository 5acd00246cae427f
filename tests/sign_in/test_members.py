"""Who comes in by a provider: whom an admin has invited, whom the allow-list names, the first admin; nobody else."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from pydantic import SecretStr

from crm_core.access.accounts import Account
from crm_core.access.actor import Actor
from crm_core.access.permissions import Role
from crm_core.access.sessions import hash_secret
from crm_core.errors import Forbidden
from crm_core.services import Services, build_services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.sign_in.forge import CLIENT, NONCE, Forge, serving

COOKIE = "the browser's cookie"
Open = Callable[..., Services]


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with serving(Forge()) as served:
        yield served


@pytest.fixture
def opened(services: Services, forge: Forge) -> Iterator[Open]:
    """Services with that provider and these settings."""
    built: list[Services] = []

    def build(**settings: object) -> Services:
        provider = {
            "sign_in_issuer": forge.issuer,
            "sign_in_client_id": CLIENT,
            "sign_in_client_secret": SecretStr("secret"),
        }
        built.append(build_services(services.settings.with_servers(**provider | settings), clock=services.clock))
        return built[-1]

    yield build
    for each in built:
        each.close()


def come_in(services: Services, token: str) -> Actor:
    sign_in = services.sign_in
    ticket = sign_in.member_ticket(token, nonce=NONCE, nonce_hash=hash_secret(COOKIE))
    actor = sign_in.actor_of(hash_secret(sign_in.exchange(ticket, COOKIE)))
    assert actor
    return actor


def refused(services: Services, token: str) -> str:
    with pytest.raises(Forbidden) as caught:
        services.sign_in.member_ticket(token, nonce=NONCE, nonce_hash=hash_secret(COOKIE))
    return str(caught.value)


def test_who_was_invited_has_the_role_given_and_the_name_of_the_account(opened: Open, forge: Forge) -> None:
    services = opened()
    user = services.users.invite("ada@example.com", Role.ANALYST, actor=ASHA)
    actor = come_in(services, forge.token(email="ADA@Example.com"))
    assert (actor.id, actor.name, actor.role) == (user.id, "Ada Lovelace", Role.ANALYST)
    seen = services.users.get(user.id)
    assert seen
    assert seen.last_seen_at == services.clock()


def test_somebody_who_is_neither_invited_nor_listed_is_refused_and_noted(opened: Open, forge: Forge) -> None:
    services = opened(sign_in_allowed="example.org")
    said = refused(services, forge.token())
    assert said == "ada@example.com may not sign in here. Ask an admin of this workspace for an invitation."
    (entry,) = services.audit.latest("sign_in.refused", limit=5)
    assert (entry["target"], entry["details"]) == ("ada@example.com", {"reason": said})
    assert services.users.find_by_email("ada@example.com") is None


def test_use_of_a_page_keeps_a_session_and_says_when_its_user_was_seen(
    opened: Open, forge: Forge, clock: TestClock
) -> None:
    services = opened(sign_in_allowed="example.com")
    user_id = come_in(services, forge.token()).id
    session_id = hash_secret(services.sessions.open(user_id))
    clock.advance(hours=11)
    services.sign_in.note_use(session_id, user_id)
    clock.advance(hours=11)
    assert services.sessions.get(session_id)
    user = services.users.get(user_id)
    assert user
    assert user.last_seen_at == clock() - timedelta(hours=11)


@pytest.mark.parametrize("allowed", ["example.com", "bob@example.org, Ada@example.com"])
def test_somebody_whom_the_list_names_begins_as_a_viewer(opened: Open, forge: Forge, allowed: str) -> None:
    services = opened(sign_in_allowed=allowed)
    first = come_in(services, forge.token())
    assert first.role is Role.VIEWER
    services.users.change_role(first.id, Role.MARKETER, actor=ASHA)
    again = come_in(services, forge.token())
    assert (again.id, again.role) == (first.id, Role.MARKETER)


def test_the_first_admin_is_the_one_of_the_setting(opened: Open, forge: Forge) -> None:
    services = opened(first_admin="ada@example.com")
    assert come_in(services, forge.token()).role is Role.ADMIN
    assert refused(services, forge.token(email="eve@example.com"))


def test_an_address_is_of_the_account_that_came_in_with_it_first(opened: Open, forge: Forge) -> None:
    services = opened(sign_in_allowed="example.com", first_admin="ada@example.com")
    ada = come_in(services, forge.token(sub="ada"))
    assert come_in(services, forge.token(sub="ada", name="Ada L.")).id == ada.id
    services.users.invite("boss@example.com", Role.ADMIN, actor=ASHA)
    services.users.change_role(ada.id, Role.VIEWER, actor=ASHA)
    said = refused(services, forge.token(sub="another Ada"))
    assert said == (
        "ada@example.com now belongs to another account at the sign-in provider than the one that came in with it "
        "first. If that is right, an admin removes it on the Users page and invites it again."
    )
    (entry,) = services.audit.latest("sign_in.refused", limit=5)
    assert (entry["target"], entry["details"]) == ("ada@example.com", {"reason": said})
    services.users.remove(ada.id, actor=ASHA)
    services.users.invite("ada@example.com", Role.ANALYST, actor=ASHA)
    assert come_in(services, forge.token(sub="another Ada")).role is Role.ANALYST
    assert "another account" in refused(services, forge.token(sub="ada"))


def test_another_account_is_not_made_the_first_admin(opened: Open, forge: Forge) -> None:
    services = opened(sign_in_allowed="example.com")
    ada = come_in(services, forge.token(sub="ada"))
    services = opened(first_admin="ada@example.com")
    assert refused(services, forge.token(sub="another Ada"))
    assert services.identities.of_user(ada.id) == ada
    assert come_in(services, forge.token(sub="ada")).role is Role.ADMIN


def test_an_account_is_kept_for_each_issuer(opened: Open, forge: Forge) -> None:
    services = opened(sign_in_allowed="example.com")
    ada = come_in(services, forge.token(sub="ada"))
    with serving(Forge()) as other:
        moved = opened(sign_in_issuer=other.issuer)
        assert come_in(moved, other.token(sub="7")).id == ada.id
        assert refused(moved, other.token(sub="ada"))
    assert come_in(services, forge.token(sub="ada")).id == ada.id


def test_two_accounts_that_come_first_at_once_do_not_both_come_in(opened: Open, forge: Forge) -> None:
    services = opened()
    services.users.invite("ada@example.com", Role.VIEWER, actor=ASHA)

    def admit(number: int) -> bool:
        account = Account(forge.issuer, str(number))
        with suppress(Forbidden):
            return services.users.admit("ada@example.com", "", account, newcomer=None) is not None
        return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admit, range(8))) == 1


def test_a_forged_token_of_a_user_is_refused_and_noted(opened: Open, forge: Forge) -> None:
    services = opened(first_admin="ada@example.com")
    for token in (forge.unsigned(), forge.token(nonce="another"), forge.token(email_verified=False)):
        refused(services, token)
    entries = services.audit.latest("sign_in.refused", limit=9)
    assert [entry["target"] for entry in entries] == ["unknown"] * 3
    assert services.db.users.count_documents({}) == 0


def test_an_address_that_is_none_is_refused_in_words(opened: Open, forge: Forge) -> None:
    with pytest.raises(Exception, match="is no e-mail address"):
        come_in(opened(sign_in_allowed="example.com"), forge.token(email="ada example.com"))


def test_without_a_provider_no_token_is_taken(services: Services, forge: Forge) -> None:
    assert refused(services, forge.token()) == "This app has no sign-in provider."
