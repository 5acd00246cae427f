"""Suppressions: kept once per customer and channel, audited, and lifted again."""

from typing import Any

import pytest

from crm_core.access.actor import SYSTEM
from crm_core.audience.suppressions import Suppressions
from crm_core.errors import InvalidInput, NotFound
from crm_core.services import Services
from tests.actors import ASHA, BEN
from tests.conftest import TestClock
from tests.integration.feeding import store_customers


@pytest.fixture
def suppressions(services: Services) -> Suppressions:
    store_customers(services, *({"id": customer} for customer in ("c1", "c2", "c3", "meier")))
    return services.suppressions


def audited(services: Services) -> list[tuple[str, str, str, Any]]:
    rows = services.db.audit.find({"action": {"$regex": r"^suppression\."}}).sort("_id", 1)
    return [(row["actor"], row["action"], row["target"], row["details"]) for row in rows]


def test_a_suppression_is_found_by_its_customer_with_who_when_and_why(
    suppressions: Suppressions, clock: TestClock
) -> None:
    made = suppressions.add("c1", "email", reason="manual", actor=ASHA)
    suppressions.add("c1", "sms", reason="complaint", actor=ASHA)
    suppressions.add("c2", "email", reason="hard_bounce", actor=ASHA)
    found = suppressions.of(["c1", "c3", "nobody"])
    assert {customer: set(channels) for customer, channels in found.items()} == {"c1": {"email", "sms"}}
    assert found["c1"]["email"] == made
    assert made == {
        "_id": "email:c1",
        "customer_id": "c1",
        "channel": "email",
        "reason": "manual",
        "created_at": clock.now,
        "created_by": "asha",
    }


def test_suppressing_twice_changes_nothing_and_is_audited_once(
    suppressions: Suppressions, services: Services, clock: TestClock
) -> None:
    hashed = services.pseudonyms.of("meier")
    first = suppressions.add("meier", "email", reason="manual", actor=ASHA)
    clock.advance(days=1)
    assert suppressions.add("meier", "email", reason="manual", actor=BEN) == first
    assert audited(services) == [("asha", "suppression.add", hashed, {"channel": "email", "reason": "manual"})]
    assert "meier" not in hashed


def test_a_graver_reason_replaces_a_lighter_one_and_never_the_other_way_round(
    suppressions: Suppressions, services: Services
) -> None:
    kept = []
    for reason in ("hard_bounce", "manual", "complaint", "hard_bounce", "manual"):
        kept.append(suppressions.add("c1", "email", reason=reason, actor=SYSTEM)["reason"])
    assert kept == ["hard_bounce", "hard_bounce", "complaint", "complaint", "complaint"]
    assert services.db.suppressions.count_documents({}) == 1
    assert [details["reason"] for *_, details in audited(services)] == ["hard_bounce", "complaint"]


def test_lifting_takes_one_channel_away_and_is_audited_when_it_does(
    suppressions: Suppressions, services: Services
) -> None:
    for channel in ("email", "sms"):
        suppressions.add("c1", channel, reason="manual", actor=ASHA)
    assert [suppressions.lift("c1", "email", actor=BEN) for _ in range(2)] == [True, False]
    assert suppressions.of(["c1"])["c1"].keys() == {"sms"}
    (lifted,) = audited(services)[2:]
    details = {"channel": "email", "reason": "manual"}
    assert lifted == ("ben", "suppression.lift", services.pseudonyms.of("c1"), details)
    assert not suppressions.lift("nobody", "email", actor=BEN)


def test_what_is_suppressed_must_exist(suppressions: Suppressions, services: Services) -> None:
    with pytest.raises(NotFound, match="no customer with the id 'nobody'"):
        suppressions.add("nobody", "email", reason="manual", actor=ASHA)
    with pytest.raises(InvalidInput, match="no channel 'fax'; allowed are in_app, email"):
        suppressions.add("c1", "fax", reason="manual", actor=ASHA)
    with pytest.raises(
        InvalidInput,
        match="'boredom' is no reason; allowed are manual, invalid_address, hard_bounce, unsubscribed, complaint",
    ):
        suppressions.add("c1", "email", reason="boredom", actor=ASHA)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="no channel 'fax'"):
        suppressions.lift("c1", "fax", actor=ASHA)
    assert services.db.suppressions.count_documents({}) == 0
    assert audited(services) == []


def test_a_customer_id_with_a_colon_is_told_from_another_channel(services: Services) -> None:
    store_customers(services, {"id": "sms:1"}, {"id": "1"})
    services.suppressions.add("sms:1", "email", reason="manual", actor=ASHA)
    services.suppressions.add("1", "sms", reason="manual", actor=ASHA)
    found = services.suppressions.of(["sms:1", "1"])
    assert {customer: set(channels) for customer, channels in found.items()} == {"sms:1": {"email"}, "1": {"sms"}}
