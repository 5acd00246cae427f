"""API keys: shown once, kept as a hash, limited to their scopes."""

import re

import pytest

from crm_core.access.actor import ActorKind
from crm_core.access.scopes import Scope
from crm_core.errors import InvalidInput
from crm_core.services import Services
from tests.actors import ME
from tests.conftest import TestClock


def test_a_key_is_found_by_its_secret_with_its_scopes_and_its_actor(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write", "customers:read", "ingest:write"], actor=ME)
    key = services.keys.find(secret)
    assert key
    assert key.scopes == {Scope.INGEST_WRITE, Scope.CUSTOMERS_READ}
    assert (key.name, key.actor.label, key.actor.kind) == ("shop", "key:shop", ActorKind.KEY)


def test_a_secret_has_256_random_bits_and_is_stored_nowhere(services: Services) -> None:
    secrets = [services.keys.create("shop", ["ingest:write"], actor=ME) for _ in range(2)]
    assert all(re.fullmatch(r"cn_[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    assert secrets[0] != secrets[1]
    stored = repr([list(services.db[name].find()) for name in services.db.list_collection_names()])
    assert "ingest:write" in stored
    assert not any(secret.removeprefix("cn_") in stored for secret in secrets)


def test_no_other_secret_finds_a_key(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write"], actor=ME)
    for other in ("", "cn_", secret[:-1], secret + "x", secret.swapcase(), "cn_" + "A" * 43):
        assert services.keys.find(other) is None


def test_an_answer_is_remembered_and_known_without_the_database(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write"], actor=ME)
    assert services.keys.cached(secret) == (False, None)
    key = services.keys.find(secret)
    assert services.keys.cached(secret) == (True, key)
    assert services.keys.find("unknown") is None
    assert services.keys.cached("unknown") == (True, None)


def test_guesses_do_not_fill_the_memory(services: Services) -> None:
    for number in range(1_100):
        services.keys.find(f"guess {number}")
    remembered = sum(services.keys.cached(f"guess {number}")[0] for number in range(1_100))
    assert 0 < remembered <= 1_001


def test_making_a_key_is_audited_without_its_secret(services: Services, clock: TestClock) -> None:
    services.keys.create("shop", ["segments:read"], actor=ME)
    entry = services.db.audit.find_one({}, {"_id": 0, "target": 0})
    expected = {"at": clock.now, "actor": "me", "actor_kind": "user", "actor_id": "me"}
    assert entry == {**expected, "action": "key.create", "details": {"scopes": ["segments:read"]}}


def test_a_key_without_a_name_or_a_known_scope_is_refused(services: Services) -> None:
    for name, scopes, message in (
        ("", ["ingest:write"], "1 to 100 characters"),
        ("x" * 101, ["ingest:write"], "1 to 100 characters"),
        ("shop", [], "at least one scope of ingest:write"),
        ("shop", ["ingest:write", "admin"], "'admin' is no scope; allowed are ingest:write"),
    ):
        with pytest.raises(InvalidInput, match=message):
            services.keys.create(name, scopes, actor=ME)
    assert services.db.api_keys.count_documents({}) == 0
