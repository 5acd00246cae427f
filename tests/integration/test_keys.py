"""API keys: shown once, kept as a hash, limited to their scopes and their owner's role, revoked for good."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from crm_core.access.actor import ActorKind
from crm_core.access.api_key import ApiKey
from crm_core.access.permissions import Permission, Role
from crm_core.access.scopes import Scope
from crm_core.errors import Forbidden, InvalidInput, NotFound
from crm_core.services import Services
from tests.actors import ME, OPERATOR, person
from tests.conftest import TestClock


def found(services: Services, secret: str) -> ApiKey:
    key = services.keys.find(secret)
    assert key
    return key


def owner_in(services: Services, role: Role) -> str:
    return services.users.invite(f"{role}@example.com", role, actor=ME).id


def test_a_key_is_found_by_its_secret_with_its_scopes_and_its_actor(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write", "customers:read", "ingest:write"], actor=OPERATOR)
    key = found(services, secret)
    assert key.scopes == {Scope.INGEST_WRITE, Scope.CUSTOMERS_READ}
    assert (key.name, key.actor.label, key.actor.kind) == ("shop", "key:shop", ActorKind.KEY)
    assert (key.owner_id, key.created_by, key.fault(services.clock())) == ("operator", "command line", None)


def test_a_secret_has_256_random_bits_and_is_stored_nowhere(services: Services) -> None:
    secrets = [services.keys.create(name, ["ingest:write"], actor=OPERATOR) for name in ("shop", "shop 2")]
    assert all(re.fullmatch(r"cn_[A-Za-z0-9_-]{43}", secret) for secret in secrets)
    assert secrets[0] != secrets[1]
    stored = repr([list(services.db[name].find()) for name in services.db.list_collection_names()])
    assert "ingest:write" in stored
    assert not any(secret.removeprefix("cn_") in stored for secret in secrets)


def test_no_other_secret_finds_a_key(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write"], actor=OPERATOR)
    for other in ("", "cn_", secret[:-1], secret + "x", secret.swapcase(), "cn_" + "A" * 43, "\udcff"):
        assert services.keys.find(other) is None


def test_an_answer_is_remembered_and_known_without_the_database(services: Services) -> None:
    secret = services.keys.create("shop", ["ingest:write"], actor=OPERATOR)
    assert services.keys.cached(secret) == (False, None)
    key = services.keys.find(secret)
    assert services.keys.cached(secret) == (True, key)
    assert services.keys.find("unknown") is None
    assert services.keys.cached("unknown") == (True, None)


def test_making_a_key_is_audited_without_its_secret(services: Services, clock: TestClock) -> None:
    ada = owner_in(services, Role.ADMIN)
    services.keys.create(" shop ", ["segments:read"], actor=ME, owner_id=ada)
    entry = services.db.audit.find_one({"action": "key.create"}, {"_id": 0, "target": 0})
    expected = {"at": clock.now, "actor": "me", "actor_kind": "user", "actor_id": "me", "action": "key.create"}
    assert entry == {**expected, "details": {"name": "shop", "owner": "admin@example.com", "scopes": ["segments:read"]}}


def test_a_key_without_a_printable_name_or_a_known_scope_is_refused(services: Services) -> None:
    for name, scopes, message in (
        ("", ["ingest:write"], "1 to 100 printable characters"),
        (" \u200b", ["ingest:write"], "1 to 100 printable characters"),
        ("x" * 101, ["ingest:write"], "1 to 100 printable characters"),
        ("sh\nop", ["ingest:write"], r"cannot have U\+000A in its name"),
        ("shop", [], "at least one scope of ingest:write"),
        ("shop", ["ingest:write", "admin"], "'admin' is no scope; allowed are ingest:write"),
    ):
        with pytest.raises(InvalidInput, match=message):
            services.keys.create(name, scopes, actor=OPERATOR)
    assert services.db.api_keys.count_documents({}) == 0


def test_a_name_is_of_one_key_until_that_is_revoked(services: Services) -> None:
    first = services.keys.create("Shop", ["ingest:write"], actor=OPERATOR)
    for name in ("Shop", "shop", "SHOP ", "sho\u200bp"):
        with pytest.raises(InvalidInput, match=r"already an API key named .*revoke that one first"):
            services.keys.create(name, ["ingest:write"], actor=OPERATOR)
    services.keys.revoke(found(services, first).id, actor=ME)
    services.keys.create("shop", ["ingest:write"], actor=OPERATOR)
    assert services.db.audit.count_documents({"action": "key.create"}) == 2


def test_only_an_admin_manages_keys(services: Services) -> None:
    secret, marketer = services.keys.create("shop", ["ingest:write"], actor=OPERATOR), person("m", Role.MARKETER)
    key = found(services, secret)
    refused: tuple[Callable[[], object], ...] = (
        lambda: services.keys.create("x", ["ingest:write"], actor=marketer),
        lambda: services.keys.revoke(key.id, actor=marketer),
        lambda: services.keys.page(limit=10, actor=marketer),
        lambda: services.keys.count_found(actor=marketer),
        lambda: services.keys.named("shop", actor=marketer),
    )
    for call in refused:
        with pytest.raises(Forbidden, match=r"^m is a marketer; to manage API keys takes the role admin\.$"):
            call()


def test_scopes_are_within_the_role_of_the_owner(services: Services) -> None:
    ana = owner_in(services, Role.ANALYST)
    with pytest.raises(InvalidInput, match=r"is an analyst, whose keys cannot have the scope campaigns:write, ingest"):
        services.keys.create("x", ["segments:write", "ingest:write", "campaigns:write"], actor=ME, owner_id=ana)
    key = found(services, services.keys.create("x", ["segments:write", "customers:read"], actor=ME, owner_id=ana))
    assert key.usable_scopes == key.scopes
    with pytest.raises(InvalidInput, match=r"There is no user with the id 'nobody'\."):
        services.keys.create("y", ["segments:read"], actor=ME, owner_id="nobody")


def test_a_key_loses_what_its_owner_loses(services: Services, clock: TestClock) -> None:
    owner_in(services, Role.ADMIN)
    mia = owner_in(services, Role.MARKETER)
    secret = services.keys.create("x", ["campaigns:write", "segments:read"], actor=ME, owner_id=mia)
    key = found(services, secret)
    assert key.actor.may(Permission.WRITE_CAMPAIGNS)
    services.users.change_role(mia, Role.VIEWER, actor=ME)
    lowered = services.keys.page(limit=1, actor=ME)[0]
    assert not lowered.actor.may(Permission.WRITE_CAMPAIGNS)
    assert lowered.actor.may(Permission.READ_FIGURES)
    with pytest.raises(Forbidden, match=r"^The owner of the API key 'x' is a viewer; to change campaigns takes"):
        lowered.actor.require(Permission.WRITE_CAMPAIGNS)
    services.users.remove(mia, actor=ME)
    orphan = services.keys.page(limit=1, actor=ME)[0]
    assert orphan.fault(clock.now) == "belongs to somebody who was removed"
    assert (orphan.usable_scopes, [each for each in Permission if orphan.actor.may(each)]) == (frozenset(), [])


def test_a_key_expires_at_its_time(services: Services, clock: TestClock) -> None:
    at = clock.now + timedelta(days=30)
    key = found(services, services.keys.create("x", ["segments:read"], actor=OPERATOR, expires_at=at))
    assert key.fault(at - timedelta(milliseconds=1)) is None
    assert key.fault(at) == "expired at 2026-07-15 12:00 UTC"
    with pytest.raises(InvalidInput, match=r"^The expiry 2026-06-15 12:00 has passed already\.$"):
        services.keys.create("y", ["segments:read"], actor=OPERATOR, expires_at=clock.now)


def test_a_revoked_key_stays_revoked_and_in_the_list(services: Services, clock: TestClock) -> None:
    secret = services.keys.create("shop", ["ingest:write"], actor=OPERATOR)
    key_id = found(services, secret).id
    assert services.keys.named("SHOP", actor=ME).id == key_id
    services.keys.revoke(key_id, actor=ME)
    assert found(services, secret).fault(clock.now) == "was revoked"
    clock.advance(hours=1)
    again = services.keys.revoke(key_id, actor=ME)
    assert (again.revoked_at, again.revoked_by) == (clock.now - timedelta(hours=1), "me")
    assert services.db.audit.count_documents({"action": "key.revoke", "target": key_id}) == 1
    assert [key.id for key in services.keys.page(limit=5, actor=ME)] == [key_id]
    with pytest.raises(NotFound, match="There is no API key named 'shop'"):
        services.keys.named("shop", actor=ME)
    with pytest.raises(NotFound, match="There is no API key with the id 'x'"):
        services.keys.revoke("x", actor=ME)


def test_keys_are_listed_newest_first_and_found_by_name(services: Services, clock: TestClock) -> None:
    for name in ("one", "two", "Twofold"):
        services.keys.create(name, ["segments:read"], actor=OPERATOR)
        clock.advance(seconds=1)
    assert [key.name for key in services.keys.page(limit=2, actor=ME)] == ["Twofold", "two"]
    assert [key.name for key in services.keys.page(skip=2, limit=2, actor=ME)] == ["one"]
    assert services.keys.count_found(" two ", actor=ME) == 2


def test_the_last_use_is_kept_and_uses_are_counted(services: Services, clock: TestClock) -> None:
    key = found(services, services.keys.create("shop", ["segments:read"], actor=OPERATOR)).seen_from("10.0.0.7")
    counts = services.audit_counts
    for _ in range(3):
        clock.advance(seconds=1)
        counts.note(key.actor, "key.use", key.id, {"scope": "segments:read"})
    counts.note(key.actor, "key.refused", key.id, {"reason": "lacks ingest:write"})
    counts.write()
    counts.note(key.actor, "key.use", key.id, {"scope": "segments:read"})
    counts.write()
    assert services.keys.page(limit=1, actor=ME)[0].last_used_at == clock.now
    assert counts.settle() == 0
    clock.advance(hours=1, minutes=1)
    assert counts.settle() == 2
    entry = services.db.audit.find_one({"action": "key.use"}, {"_id": 0})
    assert entry
    assert (entry["count"], entry["actor"], entry["origin"]) == (4, "key:shop", "10.0.0.7")
    assert entry["details"] == {"scope": "segments:read"}
    assert services.db.audit_counts.count_documents({}) == 0
    assert counts.settle() == 0


def test_each_hour_has_an_entry_of_its_own(services: Services, clock: TestClock) -> None:
    key = found(services, services.keys.create("shop", ["segments:read"], actor=OPERATOR))
    for _ in range(3):
        services.audit_counts.note(key.actor, "key.use", key.id, {"scope": "segments:read"})
        clock.advance(minutes=30)
    services.audit_counts.close()
    clock.advance(hours=2)
    services.audit_counts.settle()
    rows = services.db.audit.find({"action": "key.use"}).sort("at", 1)
    assert [row["count"] for row in rows] == [2, 1]
