"""Saved segments: a name, a rule, and the count it had at a moment that is told."""

from typing import Any

import pytest

from crm_core.errors import BadRule, InvalidInput, NotFound, UnknownField
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from crm_core.services import Services
from tests.conftest import TestClock
from tests.integration.feeding import store_customers
from tests.integration.population import field, group

VIP = field("tags", "has_any", ["vip"])


def save(services: Services, name: str = "VIPs", rule: dict[str, Any] = VIP) -> dict[str, Any]:
    return services.segments.save(name, load_rule(rule), actor="asha")


def test_a_segment_keeps_its_rule_and_its_count_with_the_moment(services: Services, clock: TestClock) -> None:
    store_customers(services, {"id": "c1", "tags": ["VIP"]}, {"id": "c2"})
    segment = save(services)
    assert segment == services.segments.get(segment["_id"])
    assert (segment["name"], segment["rule"], segment["version"]) == ("VIPs", VIP, 1)
    assert (segment["count"], segment["counted_at"], segment["created_by"]) == (1, clock.now, "asha")


def test_saving_is_audited(services: Services, clock: TestClock) -> None:
    segment = save(services)
    entry = services.db.audit.find_one({"action": "segment.create"}, {"_id": 0})
    expected = {"at": clock.now, "actor": "asha", "action": "segment.create", "target": segment["_id"]}
    assert entry == {**expected, "details": {"count": 0}}


def test_a_recount_gives_the_figure_of_now(services: Services, clock: TestClock) -> None:
    segment = save(services)
    store_customers(services, {"id": "c1", "tags": ["vip"]})
    clock.advance(hours=1)
    assert services.segments.get(segment["_id"])["count"] == 0
    recounted = services.segments.recount(segment["_id"])
    assert (recounted["count"], recounted["counted_at"]) == (1, clock.now)
    assert services.segments.get(segment["_id"]) == recounted


def test_no_two_segments_have_one_name(services: Services) -> None:
    save(services)
    with pytest.raises(InvalidInput) as caught:
        save(services, " VIPs ")
    assert caught.value.field == "name"
    assert "already a segment named 'VIPs'" in str(caught.value)
    assert len(services.segments.list_all()) == 1


def test_a_segment_that_breaks_a_rule_is_not_saved(services: Services) -> None:
    for name in ("", "  ", "x" * 101, "two\nlines", "\x00"):
        with pytest.raises(InvalidInput, match="1 to 100 printable characters"):
            save(services, name)
    with pytest.raises(UnknownField):
        save(services, rule=group("all", field("nmae", "eq", "x")))
    with pytest.raises(BadRule):
        save(services, rule=field("visits", "contains", "x"))
    assert services.segments.list_all() == []
    assert services.db.audit.count_documents({}) == 0


def test_segments_are_listed_with_the_last_changed_first(services: Services, clock: TestClock) -> None:
    for name in ("first", "second", "third"):
        services.segments.save(name, EVERYONE, actor="asha")
        clock.advance(seconds=1)
    assert [segment["name"] for segment in services.segments.list_all()] == ["third", "second", "first"]
    assert len(services.segments.list_all(limit=2)) == 2


def test_an_unknown_segment_is_not_found(services: Services) -> None:
    for ask in (services.segments.get, services.segments.recount):
        with pytest.raises(NotFound, match="'nothing'"):
            ask("nothing")
