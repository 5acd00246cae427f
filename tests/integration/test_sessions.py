"""Sign-in sessions: they last while they are used, for a week at most, and end at once when they are ended."""

import secrets

import pytest

from crm_core.access.sessions import IDLE, LONGEST, Sessions, hash_secret
from crm_core.errors import Unavailable
from crm_core.infra.streams import connect_redis
from crm_core.services import Services
from tests.conftest import TestClock


@pytest.fixture
def sessions(services: Services) -> Sessions:
    return services.sessions


def test_a_session_is_found_by_its_secret_and_by_its_id(sessions: Sessions, clock: TestClock) -> None:
    secret = sessions.open("u1")
    session = sessions.find(secret)
    assert session
    assert (session.user_id, session.opened_at) == ("u1", clock())
    assert sessions.get(session.id) == session
    assert sessions.get(secret) is None


STRANGE = {"empty": "", "digit": "0", "surrogate": "\udcff", "accents": "é" * 9, "long": "x" * 100_000}


@pytest.mark.parametrize("secret", [*STRANGE.values(), secrets.token_urlsafe(32)], ids=[*STRANGE, "unknown"])
def test_no_other_secret_finds_a_session(sessions: Sessions, secret: str) -> None:
    sessions.open("u1")
    assert sessions.find(secret) is None


def test_two_sessions_of_one_user_have_different_secrets(sessions: Sessions) -> None:
    first, second = sessions.open("u1"), sessions.open("u1")
    assert first != second
    assert len(first) >= 43


def test_the_secret_is_not_stored(sessions: Sessions, services: Services) -> None:
    secret = sessions.open("u1")
    stored = b""
    for key in services.redis.scan_iter():
        stored += key + services.redis.dump(key)
    assert secret.encode() not in stored
    assert hash_secret(secret).encode() in stored


def test_a_session_that_is_not_used_ends(sessions: Sessions, clock: TestClock) -> None:
    secret = sessions.open("u1")
    clock.advance(seconds=IDLE.total_seconds() - 1)
    assert sessions.get(hash_secret(secret))
    clock.advance(seconds=1)
    assert sessions.get(hash_secret(secret)) is None
    assert sessions.find(secret) is None


def test_use_keeps_a_session_but_not_for_ever(sessions: Sessions, clock: TestClock) -> None:
    secret, opened_at = sessions.open("u1"), clock()
    while clock() - opened_at + IDLE / 2 < LONGEST:
        clock.advance(seconds=IDLE.total_seconds() / 2)
        assert sessions.find(secret)
    clock.now = opened_at + LONGEST
    assert sessions.find(secret) is None


def test_asking_for_a_session_is_not_use(sessions: Sessions, clock: TestClock) -> None:
    secret = sessions.open("u1")
    for _ in range(4):
        clock.advance(seconds=IDLE.total_seconds() / 4)
        sessions.get(hash_secret(secret))
    assert sessions.get(hash_secret(secret)) is None


def test_valkey_forgets_sessions_that_have_expired(sessions: Sessions, services: Services, clock: TestClock) -> None:
    secret = sessions.open("u1")
    for key in services.redis.scan_iter():
        assert 0 < services.redis.ttl(key) <= LONGEST.total_seconds()
    for _ in range(15):
        clock.advance(hours=11)
        sessions.find(secret)
    left = sessions.get(hash_secret(secret))
    assert left
    (key,) = services.redis.scan_iter(f"*{left.id}*", _type="string")
    assert services.redis.ttl(key) <= (left.opened_at + LONGEST - clock()).total_seconds()


def test_an_ended_session_stays_ended_when_it_is_used(sessions: Sessions, clock: TestClock) -> None:
    secret, other = sessions.open("u1"), sessions.open("u1")
    sessions.end(hash_secret(secret))
    clock.advance(minutes=5)
    sessions.note_use(hash_secret(secret))
    assert sessions.find(secret) is None
    assert sessions.find(other)


def test_all_sessions_of_a_user_end_at_once_and_no_others(sessions: Sessions) -> None:
    mine, yours = [sessions.open("u1") for _ in range(3)], sessions.open("u2")
    sessions.end(hash_secret(mine[0]))
    assert sessions.end_all("u1") == 2
    assert [sessions.find(secret) for secret in mine] == [None] * 3
    assert sessions.find(yours)
    assert sessions.end_all("u1") == 0


def test_many_sessions_are_asked_for_at_once(sessions: Sessions) -> None:
    ids = [hash_secret(sessions.open(f"u{number}")) for number in range(3)]
    sessions.end(ids[1])
    assert set(sessions.living([*ids, "unknown"])) == {ids[0], ids[2]}
    assert sessions.living([]) == {}


def test_a_lost_valkey_is_not_taken_for_a_missing_session(clock: TestClock) -> None:
    away = Sessions(connect_redis("redis://127.0.0.1:1", retries=0), clock)
    with pytest.raises(Unavailable):
        away.find("secret")
