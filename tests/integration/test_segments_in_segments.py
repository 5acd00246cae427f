"""Segments that use each other: one meaning with their rules written out, no circles, and nothing used that is gone."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import pytest

from crm_core.audience.model import Segment
from crm_core.errors import BadRule, Conflict, CrmError, InvalidInput, NotFound
from crm_core.rules.binding import MAX_CHAIN
from crm_core.rules.loading import load_rule
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA, BELA, person
from tests.conftest import TestClock
from tests.integration.feeding import store_customers, store_orders
from tests.integration.population import field, group

ROUNDS = 15
"""Of a race; a lock that is missing loses some of them."""
VISITORS = field("visits", "gte", 3)
SPENDERS = {"kind": "orders", "measure": "sum", "op": "gt", "value": 10, "category": "Books"}


def using(*segments: Segment, kind: str = "all") -> dict[str, Any]:
    return group(kind, *({"kind": "segment", "segment_id": segment["_id"]} for segment in segments))


def save(services: Services, name: str, rule: dict[str, Any] = VISITORS) -> Segment:
    return services.segments.save(name, load_rule(rule), actor=ASHA)


def change(services: Services, segment: Segment, rule: dict[str, Any]) -> Segment:
    return services.segments.change(segment["_id"], rule=load_rule(rule), actor=ASHA)


def ids(services: Services, rule: dict[str, Any]) -> list[str]:
    """Those who match; the count is of just these."""
    tree = load_rule(rule)
    found = list(services.audience.ids(tree, now=services.clock()))
    assert services.audience.count(tree, now=services.clock()) == len(found)
    return found


@pytest.fixture
def peopled(services: Services) -> Services:
    """Customer number n has visited n times; those with even numbers have bought a book."""
    store_customers(services, *({"id": f"c{n}", "visits": n} for n in range(8)), {"id": "unknown"})
    orders = [{"id": f"o{n}", "customer_id": f"c{n}", "amount": 6 * n, "category": "books"} for n in range(0, 8, 2)]
    store_orders(services, *orders)
    return services


@pytest.fixture
def other(services: Services, servers: Settings, clock: TestClock) -> Iterator[Services]:
    """Another process's services on the same database."""
    built = build_services(servers.with_servers(mongodb_database=services.db.name), clock=clock)
    yield built
    built.close()


@contextmanager
def two_threads() -> Iterator[Callable[..., list[Any]]]:
    """Runs two calls at the same time; returns their results, or the errors that are ours."""
    with ThreadPoolExecutor(2) as pool:

        def run(*calls: Callable[[], Any]) -> list[Any]:
            together = Barrier(2)

            def go(call: Callable[[], Any]) -> Any:
                together.wait(10)
                try:
                    return call()
                except CrmError as exc:
                    return exc

            return [future.result(60) for future in [pool.submit(go, call) for call in calls]]

        yield run


@pytest.mark.parametrize("kind", ["all", "any", "none"])
def test_a_segment_in_a_rule_means_the_same_as_its_rule_inline(peopled: Services, kind: str) -> None:
    segments = save(peopled, "Visitors"), save(peopled, "Spenders", SPENDERS)
    inline = ids(peopled, group(kind, VISITORS, SPENDERS))
    assert ids(peopled, using(*segments, kind=kind)) == inline
    assert ids(peopled, group("none", using(*segments, kind=kind))) == [
        each for each in ids(peopled, group("all")) if each not in inline
    ]
    assert 0 < len(inline) < 9


def test_segments_nested_two_deep_mean_the_same_as_their_rules_inline(peopled: Services) -> None:
    inner = save(peopled, "Inner", group("none", VISITORS))
    middle = save(peopled, "Middle", group("any", using(inner), SPENDERS))
    outer = save(peopled, "Outer", group("all", using(middle), field("visits", "is_set")))
    inline = group("all", group("any", group("none", VISITORS), SPENDERS), field("visits", "is_set"))
    assert ids(peopled, using(outer)) == ids(peopled, inline) == ["c0", "c1", "c2", "c4", "c6", "unknown"]
    assert outer["count"] == 6
    assert [inner["uses"], middle["uses"], outer["uses"]] == [[], [inner["_id"]], [middle["_id"]]]


def test_a_segment_named_twice_is_used_once(peopled: Services) -> None:
    inner = save(peopled, "Inner")
    outer = save(peopled, "Outer", group("any", using(inner), group("none", using(inner))))
    assert (outer["uses"], outer["count"]) == ([inner["_id"]], 9)


def test_what_a_segment_uses_follows_its_rule(services: Services) -> None:
    first, second = save(services, "First"), save(services, "Second")
    user = save(services, "User", using(second, first))
    assert user["uses"] == sorted([first["_id"], second["_id"]])
    assert change(services, user, using(second))["uses"] == [second["_id"]]
    assert services.segments.change(user["_id"], name="Renamed", actor=ASHA)["uses"] == [second["_id"]]
    assert change(services, user, VISITORS)["uses"] == []
    assert services.segments.get(user["_id"])["uses"] == []


def test_a_count_is_of_the_segments_as_they_are_then(peopled: Services, clock: TestClock) -> None:
    inner = save(peopled, "Inner")
    outer = save(peopled, "Outer", using(inner))
    change(peopled, inner, field("visits", "gte", 6))
    assert peopled.segments.get(outer["_id"])["count"] == 5
    clock.advance(hours=1)
    recounted = peopled.segments.recount(outer["_id"])
    assert (recounted["count"], recounted["counted_at"], recounted["version"]) == (2, clock.now, 1)
    assert peopled.segments.get(outer["_id"]) == recounted


def test_a_used_segment_is_kept_until_nobody_uses_it(services: Services) -> None:
    used = save(services, "Used")
    users = [save(services, name, using(used)) for name in ("B user", "A user")]
    with pytest.raises(Conflict) as caught:
        services.segments.remove(used["_id"], actor=ASHA)
    assert str(caught.value) == "“Used” is used by “A user”, “B user”. Change or delete them first."
    change(services, users[0], VISITORS)
    services.segments.remove(users[1]["_id"], actor=ASHA)
    services.segments.remove(used["_id"], actor=ASHA)
    assert [segment["name"] for segment in services.segments.page(limit=200)[0]] == ["B user"]
    assert services.db.audit.count_documents({"action": "segment.delete"}) == 2


def test_a_segment_that_is_gone_cannot_be_used(services: Services) -> None:
    gone, user = save(services, "Gone"), save(services, "User")
    services.segments.remove(gone["_id"], actor=ASHA)
    for attempt in (
        lambda: save(services, "New", using(gone)),
        lambda: change(services, user, using(gone)),
        lambda: ids(services, using(gone)),
    ):
        with pytest.raises(BadRule, match="there is no segment with the id") as caught:
            attempt()
        assert caught.value.field == "rule.rules[0].segment_id"
    assert services.segments.page(limit=200)[0] == [user]


def test_a_circle_is_refused_by_its_names_and_nothing_changes(services: Services) -> None:
    first = save(services, "First")
    second = save(services, "Second", using(first))
    third = save(services, "Third", group("none", using(second)))
    before = services.segments.page(limit=200)[0], services.segments.versions(first["_id"], limit=100)[0]
    for target, names in ((third, "“First” → “Third” → “Second” → “First”"), (first, "“First” → “First”")):
        with pytest.raises(BadRule, match=f"cannot contain itself, and here {names}"):
            change(services, first, group("any", VISITORS, using(target)))
    assert (services.segments.page(limit=200)[0], services.segments.versions(first["_id"], limit=100)[0]) == before
    assert services.db.audit.count_documents({"action": "segment.change"}) == 0


def test_segments_use_each_other_only_so_deep(services: Services) -> None:
    top = save(services, "1")
    for number in range(2, MAX_CHAIN + 1):
        top = save(services, str(number), using(top))
    assert ids(services, using(top)) == []
    with pytest.raises(BadRule, match=f"{MAX_CHAIN} deep, and here “9” → “8”"):
        save(services, "9", using(top))


def test_of_two_segments_that_begin_to_use_each_other_at_once_one_wins(services: Services, other: Services) -> None:
    with two_threads() as run:
        for number in range(ROUNDS):
            left, right = save(services, f"Left {number}"), save(services, f"Right {number}")
            results = run(
                lambda left=left, right=right: change(services, left, using(right)),
                lambda left=left, right=right: change(other, right, using(left)),
            )
            (refused,) = [result for result in results if isinstance(result, CrmError)]
            assert isinstance(refused, BadRule), refused
            assert "cannot contain itself" in str(refused)
            versions = [services.segments.get(segment["_id"])["version"] for segment in (left, right)]
            assert sorted(versions) == [1, 2]


def test_a_segment_deleted_while_another_begins_to_use_it_is_never_missed(services: Services, other: Services) -> None:
    with two_threads() as run:
        for number in range(ROUNDS):
            used, user = save(services, f"Used {number}"), save(services, f"User {number}")
            deleted, changed = run(
                lambda used=used: services.segments.remove(used["_id"], actor=ASHA),
                lambda used=used, user=user: change(other, user, using(used)),
            )
            if deleted is None:
                assert isinstance(changed, BadRule), changed
                assert services.segments.get(user["_id"])["uses"] == []
            else:
                assert isinstance(deleted, Conflict), deleted
                assert services.segments.get(user["_id"])["uses"] == [services.segments.get(used["_id"])["_id"]]


def test_a_segment_deleted_twice_at_once_is_deleted_once(services: Services, other: Services) -> None:
    with two_threads() as run:
        for number in range(ROUNDS):
            segment_id = save(services, f"Segment {number}")["_id"]
            results = run(
                lambda segment_id=segment_id: services.segments.remove(segment_id, actor=ASHA),
                lambda segment_id=segment_id: other.segments.remove(segment_id, actor=ASHA),
            )
            (refused,) = [result for result in results if result is not None]
            assert isinstance(refused, NotFound), refused
    assert services.db.audit.count_documents({"action": "segment.delete"}) == ROUNDS


def test_of_two_segments_saved_under_one_name_at_once_one_wins(services: Services, other: Services) -> None:
    with two_threads() as run:
        for number in range(ROUNDS):
            results = run(
                lambda number=number: save(services, f"Name {number}"),
                lambda number=number: save(other, f" Name {number} "),
            )
            (refused,) = [result for result in results if isinstance(result, CrmError)]
            assert isinstance(refused, InvalidInput), refused
            assert refused.field == "name"
    assert len(services.segments.page(limit=200)[0]) == ROUNDS
    assert services.db.segment_versions.count_documents({}) == ROUNDS


def test_of_two_changes_of_one_version_at_once_one_wins(services: Services, other: Services) -> None:
    segment = save(services, "Segment")

    def alter(by: Services, version: int, value: int) -> Segment:
        rule = load_rule(field("visits", "gte", value))
        return by.segments.change(segment["_id"], rule=rule, version=version, actor=person(str(value)))

    with two_threads() as run:
        for version in range(1, ROUNDS + 1):
            results = run(
                lambda version=version: alter(services, version, 100 + version),
                lambda version=version: alter(other, version, 200 + version),
            )
            (refused,) = [result for result in results if isinstance(result, CrmError)]
            assert isinstance(refused, Conflict), refused
    kept = services.segments.versions(segment["_id"], limit=100)[0]
    assert [row["version"] for row in kept] == list(range(ROUNDS + 1, 0, -1))
    assert kept[0]["rule"] == services.segments.get(segment["_id"])["rule"]


def test_a_segment_may_not_grow_until_its_users_cannot_be_evaluated(services: Services) -> None:
    base = save(services, "Base")
    many = save(services, "Many", using(*[base] * 100, kind="any"))
    large = load_rule(group("all", *[VISITORS] * 20))
    with pytest.raises(Conflict, match="“Many” uses this segment and could not be evaluated any more"):
        services.segments.change(base["_id"], rule=large, actor=BELA)
    assert services.segments.get(base["_id"])["version"] == 1
    services.segments.change(many["_id"], rule=load_rule(using(base)), actor=BELA)
    assert services.segments.change(base["_id"], rule=large, actor=BELA)["version"] == 2


def test_a_user_that_could_not_be_evaluated_before_is_no_hindrance(services: Services) -> None:
    store_customers(services, {"id": "c1", "attributes": {"size": "XL"}})
    base = save(services, "Base")
    save(services, "User", group("all", using(base), field("attributes.size", "is_set")))
    store_customers(services, {"id": "c2", "attributes": {"size": 5}})
    assert services.segments.change(base["_id"], rule=load_rule(group("all")), actor=BELA)["version"] == 2
