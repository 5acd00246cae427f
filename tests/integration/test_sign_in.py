"""Whom a session stands for, and for how long an answer is remembered; tickets; what a mode offers."""

import pytest

from crm_core.access.permissions import Role
from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.connection import Connection, ConnectionKind
from crm_core.access.sign_in.identities import FRESH_S, LOCAL_ADMIN, OUTAGE_S, Identities
from crm_core.access.sign_in.service import SignIn
from crm_core.access.sign_in.tickets import LIFETIME, Tickets
from crm_core.access.users import User
from crm_core.errors import Forbidden, Unavailable
from crm_core.services import Services, build_services
from crm_core.settings import Mode
from tests.actors import ASHA
from tests.conftest import TestClock

NONCE = "a browser's nonce"


class Watch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def identities(services: Services, watch: Watch) -> Identities:
    return Identities(services.sessions, services.users.get, services.settings, timer=watch)


def with_mode(services: Services, mode: Mode, *, local_admin: bool) -> Services:
    settings = services.settings.with_servers(mode=mode, local_admin=local_admin)
    return build_services(settings, clock=services.clock)


def analyst(services: Services) -> str:
    return services.users.invite("asha@example.com", Role.ANALYST, actor=ASHA).id


def test_a_role_that_was_changed_holds_within_seconds(services: Services, identities: Identities, watch: Watch) -> None:
    user_id = analyst(services)
    session_id = hash_secret(services.sessions.open(user_id))
    first = identities.actor_of(session_id)
    assert first
    assert (first.id, first.role) == (user_id, Role.ANALYST)
    services.db.users.update_one({"_id": user_id}, {"$set": {"role": Role.VIEWER}})
    watch.now += FRESH_S
    second = identities.actor_of(session_id)
    assert second
    assert second.role is Role.VIEWER


def test_a_change_of_role_signs_out(services: Services, identities: Identities) -> None:
    user_id = analyst(services)
    session_id = hash_secret(services.sessions.open(user_id))
    services.users.change_role(user_id, Role.MARKETER, actor=ASHA)
    assert identities.actor_of(session_id) is None


def test_a_user_who_was_removed_is_nobody(services: Services, identities: Identities) -> None:
    user_id = analyst(services)
    session_id = hash_secret(services.sessions.open(user_id))
    services.db.users.delete_one({"_id": user_id})
    assert identities.actor_of(session_id) is None


def test_an_ended_session_is_noticed_at_once_by_who_ended_it(services: Services) -> None:
    secret = services.sessions.open(LOCAL_ADMIN)
    assert services.sign_in.recognise(secret)
    services.sign_in.sign_out(hash_secret(secret))
    assert services.sign_in.recognise(secret) is None


def test_an_outage_is_bridged_for_a_while_but_never_for_an_ended_session(
    services: Services, identities: Identities, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, ended, unknown = (hash_secret(services.sessions.open(LOCAL_ADMIN)) for _ in range(3))
    assert identities.actor_of(known)
    assert identities.actor_of(ended)
    services.sessions.end(ended)
    assert identities.ended([known, ended]) == {ended}

    def away(_: object) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(services.sessions, "get", away)
    for _ in range(2):
        watch.now += FRESH_S
        assert identities.actor_of(known)
        assert identities.actor_of(ended) is None
    with pytest.raises(Unavailable):
        identities.actor_of(unknown)
    watch.now = OUTAGE_S + FRESH_S
    with pytest.raises(Unavailable):
        identities.actor_of(known)


def test_a_session_that_ends_while_it_is_read_has_ended(services: Services) -> None:
    session_id = hash_secret(services.sessions.open(analyst(services)))

    def ended_meanwhile(user_id: str) -> User | None:
        found.forget(session_id)
        return services.users.get(user_id)

    found = Identities(services.sessions, ended_meanwhile, services.settings)
    assert found.actor_of(session_id) is None
    assert found.actor_of(session_id) is None


def test_a_ticket_lives_for_a_minute_and_is_not_stored_itself(services: Services) -> None:
    ticket = Tickets(services.redis).issue("u1", "hash")
    (key,) = services.redis.scan_iter("sign-in:ticket:*")
    assert 0 < services.redis.ttl(key) <= LIFETIME.total_seconds() <= 60
    assert ticket.encode() not in key + services.redis.dump(key)


def test_a_ticket_that_has_expired_is_refused(services: Services) -> None:
    ticket = services.sign_in.visitor_ticket(hash_secret(NONCE))
    (key,) = services.redis.scan_iter("sign-in:ticket:*")
    services.redis.pexpire(key, 0)
    with pytest.raises(Forbidden):
        services.sign_in.exchange(ticket, NONCE, origin="203.0.113.9")
    services.audit_counts.write()
    failed = services.db.audit_counts.find_one({"action": "sign_in.failed"})
    assert failed
    assert (failed["actor"], failed["origin"], failed["count"]) == ("anybody", "203.0.113.9", 1)


def test_visitors_are_marketers_and_different_people(services: Services) -> None:
    actors = []
    for _ in range(2):
        secret = services.sign_in.exchange(services.sign_in.visitor_ticket(hash_secret(NONCE)), NONCE)
        actor = services.sign_in.actor_of(hash_secret(secret))
        assert actor
        actors.append(actor)
    assert [actor.role for actor in actors] == [Role.MARKETER] * 2
    assert actors[0].id != actors[1].id
    assert actors[0].name != actors[1].name


def test_signing_in_and_out_are_audited(services: Services) -> None:
    ticket = services.sign_in.local_admin_ticket(hash_secret(NONCE))
    secret = services.sign_in.exchange(ticket, NONCE, origin="203.0.113.9")
    services.sign_in.sign_out(hash_secret(secret), origin="203.0.113.9")
    for action in ("session.begin", "session.end"):
        (entry,) = services.audit.latest(action, limit=5)
        assert (entry["actor"], entry["actor_id"], entry["origin"]) == ("local admin", LOCAL_ADMIN, "203.0.113.9")


def test_a_user_is_seen_at_the_sign_in_and_while_the_session_is_used(services: Services, clock: TestClock) -> None:
    user = services.users.invite("ada@example.com", Role.ADMIN, actor=ASHA)
    ticket = Tickets(services.redis).issue(user.id, hash_secret(NONCE))
    secret = services.sign_in.exchange(ticket, NONCE)
    seen = []
    for seconds in (0, 30, 31):
        clock.advance(seconds=seconds)
        services.sign_in.recognise(secret)
        found = services.users.get(user.id)
        assert found
        assert found.last_seen_at
        seen.append((clock.now - found.last_seen_at).total_seconds())
    assert seen == [0, 30, 0], "written at most once a minute"


@pytest.mark.parametrize(
    ("mode", "local_admin", "demo"),
    [(Mode.DEMO, True, True), (Mode.DEMO, False, True), (Mode.PRODUCTION, False, False)],
)
def test_a_mode_offers_what_it_allows_and_knows_nobody_else(
    services: Services, mode: Mode, local_admin: bool, demo: bool
) -> None:
    secrets = {LOCAL_ADMIN: services.sessions.open(LOCAL_ADMIN), "demo:1": services.sessions.open("demo:1")}
    other = with_mode(services, mode, local_admin=local_admin)
    for user, offered, issue in (
        (LOCAL_ADMIN, local_admin, SignIn.local_admin_ticket),
        ("demo:1", demo, SignIn.visitor_ticket),
    ):
        assert (other.sign_in.recognise(secrets[user]) is not None) is offered
        if not offered:
            with pytest.raises(Forbidden):
                issue(other.sign_in, hash_secret(NONCE))
    other.close()


@pytest.mark.parametrize("text", ["", "session", "session:", "root:1", ":1", "SESSION:1"])
def test_what_is_no_connection_is_one_without_cookies(text: str) -> None:
    assert Connection.parse(text).kind is ConnectionKind.NO_COOKIE


def test_a_connection_is_read_as_it_was_written_and_unbound_ones_are_never_equal() -> None:
    connection = Connection.of_nonce("n")
    assert Connection.parse(str(connection)) == connection
    assert Connection.of_nonce(None) != Connection.of_nonce(None)
