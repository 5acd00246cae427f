"""Links to rules that are not saved: one id per rule, nothing of the rule in it, and an end."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from crm_core.audience.shared_rules import KEPT
from crm_core.errors import NotFound
from crm_core.infra.mongo import INDEXES
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from crm_core.services import Services
from tests.actors import ASHA, BEN
from tests.conftest import TestClock
from tests.integration.population import field, group

WITH_ADDRESS = load_rule(group("any", field("email", "eq", "asha@example.com"), field("visits", "gte", 5)))


def entries(services: Services) -> list[tuple[str, Any]]:
    return [(row["actor"], row["target"]) for row in services.db.audit.find({"action": "rule.share"}).sort("_id", 1)]


def test_a_shared_rule_is_found_by_its_id_as_it_was(services: Services) -> None:
    rules = [WITH_ADDRESS, EVERYONE, load_rule(field("visits", "gt", 1.5))]
    ids = [services.shared_rules.share(rule, actor=ASHA) for rule in rules]
    assert [services.shared_rules.get(shared) for shared in ids] == rules
    assert len(set(ids)) == 3


def test_an_id_is_128_random_bits_fit_for_a_link_and_says_nothing_of_the_rule(services: Services) -> None:
    before = services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    services.db.shared_rules.delete_many({})
    after = services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    assert before != after
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22}", shared) for shared in (before, after))


def test_the_same_rule_has_the_same_id_whoever_shares_it_and_is_audited_once(services: Services) -> None:
    first = services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    assert services.shared_rules.share(load_rule(WITH_ADDRESS.model_dump(exclude_none=True)), actor=BEN) == first
    assert services.db.shared_rules.count_documents({}) == 1
    assert entries(services) == [("asha", first)]


def test_many_who_share_one_rule_at_once_get_one_id(services: Services) -> None:
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda _: services.shared_rules.share(WITH_ADDRESS, actor=ASHA), range(40)))
    assert len(set(ids)) == 1
    assert len(entries(services)) == 1


def test_a_link_ends_after_90_days_and_sharing_again_prolongs_it(services: Services, clock: TestClock) -> None:
    shared = services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    clock.advance(days=89)
    assert services.shared_rules.share(WITH_ADDRESS, actor=ASHA) == shared
    clock.advance(days=89)
    assert services.shared_rules.get(shared) == WITH_ADDRESS
    clock.advance(days=1)
    with pytest.raises(NotFound, match="incomplete or has expired"):
        services.shared_rules.get(shared)
    assert services.shared_rules.share(WITH_ADDRESS, actor=ASHA) == shared
    assert services.shared_rules.get(shared) == WITH_ADDRESS


@pytest.mark.parametrize("shared_id", ["", "nope", "x" * 5000, "$where", "a\x00b"])
def test_an_id_of_nothing_is_not_found(services: Services, shared_id: str) -> None:
    services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    with pytest.raises(NotFound, match="incomplete or has expired"):
        services.shared_rules.get(shared_id)


def test_the_database_removes_a_rule_as_late_as_its_link_ends(services: Services) -> None:
    (removal,) = [index.document for index in INDEXES["shared_rules"] if "expireAfterSeconds" in index.document]
    assert timedelta(seconds=removal["expireAfterSeconds"]) == KEPT
    services.shared_rules.share(WITH_ADDRESS, actor=ASHA)
    (counted_from,) = removal["key"]
    an_hour_ago = {"$subtract": ["$$NOW", 3_600_000]}
    by_server_time = {"$expr": {"$gt": [f"${counted_from}", an_hour_ago]}}
    assert services.db.shared_rules.count_documents(by_server_time) == 1
