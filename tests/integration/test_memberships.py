"""Why customers are in an audience: read from the database, for one and for many, as the single engine has it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_core.audience.membership import MAX_EXPLAINED, needed_by
from crm_core.errors import BadRule, InvalidInput, NotFound
from crm_core.rules.binding import bind
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import store_customers, store_orders
from tests.integration.population import EVERYBODY, NOW, field, group

EVERYONE = EVERYBODY.split()
BOOKS = {"kind": "orders", "op": "gte", "value": 1, "category": "Books"}
RECENT = {"kind": "orders", "measure": "sum", "op": "gt", "value": 10, "within_days": 30}
VISITED = {"kind": "events", "type": "visit", "op": "gte", "value": 1}
CAME_IN = {"kind": "events", "type": "signup", "op": "eq", "value": 0}
VIP = field("tags", "has_any", ["vip"])
RULES = [
    BOOKS,
    RECENT,
    VISITED,
    VIP,
    field("avg_order_value", "gte", 16.67),
    group("all", BOOKS, group("any", VIP, RECENT)),
    group("none", VISITED, CAME_IN, VIP),
    {"kind": "list", "customer_ids": ["asha", "gus", "nobody"]},
]


def whole(services: Services, customer_id: str) -> Subject:
    """Everything that is stored of a customer."""
    row = services.db.customers.find_one({"_id": customer_id})
    assert row
    records = ({"customer_id": customer_id},)
    return Subject(row, list(services.db.orders.find(*records)), list(services.db.events.find(*records)))


@pytest.mark.parametrize("data", RULES, ids=str)
def test_an_explanation_matches_exactly_where_the_engines_do(shop: Services, data: dict[str, Any]) -> None:
    rule = load_rule(data)
    found = shop.memberships.explain_many(rule, EVERYONE, actor=TEST)
    assert list(found) == EVERYONE
    ticked = [name for name, each in found.items() if each.matches]
    bound = bind(rule, shop.rule_contexts.context())
    assert ticked == [name for name in EVERYONE if matches(bound, whole(shop, name))]
    assert ticked == list(shop.audience.ids(rule, now=NOW))
    assert found == {name: shop.memberships.explain(name, rule, actor=TEST) for name in EVERYONE}


def test_what_a_customer_has_and_lacks_is_told_in_major_units(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 1})
    store_orders(services, {"id": "o1", "customer_id": "a", "amount": 57.2})
    rule = load_rule({"kind": "orders", "measure": "sum", "op": "gte", "value": 100})
    found = services.memberships.explain("a", rule, actor=TEST)
    assert (found.matches, found.actual, found.distance) == (False, Decimal("57.20"), Decimal("42.80"))


def test_windows_are_those_of_the_moment_that_is_asked_about(shop: Services) -> None:
    rule = load_rule({"kind": "orders", "op": "gte", "value": 1, "within_days": 30})
    for moment in (NOW, NOW + timedelta(days=31)):
        found = shop.memberships.explain_many(rule, EVERYONE, now=moment, actor=TEST)
        assert [name for name, each in found.items() if each.matches] == list(shop.audience.ids(rule, now=moment))


def test_unknown_customers_are_left_out_of_many_and_refused_alone(shop: Services) -> None:
    rule = load_rule(VIP)
    assert list(shop.memberships.explain_many(rule, ["gus", "nobody", "asha"], actor=TEST)) == ["gus", "asha"]
    assert shop.memberships.explain_many(rule, [], actor=TEST) == {}
    with pytest.raises(NotFound, match="no customer with the id 'nobody'"):
        shop.memberships.explain("nobody", rule, actor=TEST)


def test_too_many_at_once_are_refused(shop: Services) -> None:
    with pytest.raises(InvalidInput, match="At most 200 customers are explained at once, these are 201"):
        shop.memberships.explain_many(load_rule(VIP), ["x"] * (MAX_EXPLAINED + 1), actor=TEST)


def test_memberships_of_several_rules_are_shown_even_if_one_of_them_is_impossible(shop: Services) -> None:
    gone = {"kind": "segment", "segment_id": "gone"}
    rules = {"books": load_rule(BOOKS), "gone": load_rule(gone), "visits": load_rule(VISITED)}
    found = shop.memberships.explain_all("asha", rules, actor=TEST)
    assert list(found) == ["books", "gone", "visits"]
    assert isinstance(found["gone"], BadRule)
    assert "no segment with the id 'gone'" in str(found["gone"])
    assert [found[key] for key in ("books", "visits")] == [
        shop.memberships.explain("asha", rules[key], actor=TEST) for key in ("books", "visits")
    ]
    with pytest.raises(NotFound):
        shop.memberships.explain_all("nobody", rules, actor=TEST)


def test_a_segment_is_explained_by_its_own_rule(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 1}, {"id": "b", "visits": 5})
    segment = services.segments.save("Frequent", load_rule(field("visits", "gte", 3)), actor=TEST)
    rule = load_rule(group("all", {"kind": "segment", "segment_id": segment["_id"]}))
    found = services.memberships.explain_many(rule, ["a", "b"], actor=TEST)
    assert [each.matches for each in found.values()] == [False, True]
    (used,) = found["a"].children
    (inner,) = used.children
    assert (inner.actual, inner.distance) == (1, Decimal(2))


def test_only_the_records_that_a_rule_looks_at_are_needed(shop: Services) -> None:
    def needed(*rules: dict[str, Any]) -> tuple[bool, list[str]]:
        found = needed_by(bind(load_rule(rule), shop.rule_contexts.context()) for rule in rules)
        return found.orders, sorted(found.event_types)

    assert needed(VIP, {"kind": "list", "customer_ids": ["a"]}) == (False, [])
    assert needed(group("any", VIP, group("none", BOOKS))) == (True, [])
    assert needed(VISITED, group("all", CAME_IN)) == (False, ["signup", "visit"])


def test_many_customers_take_three_queries(services: Services) -> None:
    names = [f"c{number}" for number in range(50)]
    store_customers(services, *({"id": name, "visits": 2} for name in names))
    services.db.command("profile", 2)
    assert len(services.memberships.explain_many(load_rule(group("any", BOOKS, VISITED)), names, actor=TEST)) == 50
    services.db.command("profile", 0)
    read = [row["ns"].removeprefix(f"{services.db.name}.") for row in services.db.system.profile.find({"op": "query"})]
    assert sorted(name for name in read if name not in {"attributes", "event_properties"}) == [
        "customers",
        "events",
        "orders",
    ]
