"""Nothing is looked up of customers whom the conditions on fields decide: neither records nor suppressions."""

import pytest

from crm_core.rules.binding import bind
from crm_core.rules.engines.mongo import to_mongo, to_mongo_unordered
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.integration.feeding import store_customers, store_orders

RICH, OTHERS, EACH = 60, 40, 3
"""Customers with visits, and those without; orders of each."""


@pytest.fixture
def shop(services: Services) -> Services:
    names = [f"c{number:02}" for number in range(RICH + OTHERS)]
    visits = {name: 10 if place < RICH else place % 2 for place, name in enumerate(names)}
    store_customers(services, *({"id": each, "visits": visits[each], "email": f"{each}@x.io"} for each in names))
    orders = [{"id": f"{each}-{n}", "customer_id": each, "amount": n} for each in names for n in range(EACH)]
    store_orders(services, *orders)
    return services


def passing(services: Services, text: str, collection: str | None = None) -> int:
    """Customers of whom something is looked up, in that collection if one is named, while those who match are
    counted."""
    context = services.rule_contexts.context()
    stages = to_mongo_unordered(bind(parse_text(text, context), context))
    if "$unionWith" in stages[-1]:
        stages = stages[-1]["$unionWith"]["pipeline"]
    lookups = {place: stage["$lookup"]["from"] for place, stage in enumerate(stages) if "$lookup" in stage}
    first = next(place for place, name in lookups.items() if name == (collection or name))
    return len(list(services.db.customers.aggregate(stages[:first] or [{"$match": {}}])))


def count(services: Services, text: str) -> int:
    """Also walked in order, where customers are read once."""
    context = services.rule_contexts.context()
    rule = parse_text(text, context)
    found = services.audience.count(rule, now=context.now)
    assert found == len(list(services.audience.ids(rule, now=context.now)))
    return found


def test_who_matches_by_a_field_needs_no_orders(shop: Services) -> None:
    text = "visits >= 5 OR orders.sum(amount >= 2) > 1"
    assert passing(shop, "orders.sum(amount >= 2) > 1") == RICH + OTHERS
    assert (passing(shop, text), count(shop, text)) == (OTHERS, RICH + OTHERS)


def test_nor_does_who_cannot_match_any_more(shop: Services) -> None:
    text = "visits < 5 AND (visits = 1 OR orders() > 9 OR orders.max() < 1)"
    assert (passing(shop, text), count(shop, text)) == (OTHERS // 2, OTHERS // 2)


def test_a_negated_group_is_decided_as_well(shop: Services) -> None:
    text = "visits < 5 AND NONE OF (visits = 1, orders.min() > 0)"
    assert (passing(shop, text), count(shop, text)) == (OTHERS // 2, OTHERS // 2)
    text = "NOT (visits < 5 AND orders.max() > 1)"
    assert (passing(shop, text), count(shop, text)) == (OTHERS, RICH)


def test_who_matches_by_a_field_needs_no_look_at_the_address(shop: Services) -> None:
    assert passing(shop, "can be messaged over email") == RICH + OTHERS
    assert passing(shop, "visits >= 5 OR can be messaged over email") == OTHERS
    assert passing(shop, "can be messaged over sms") == 0, "nobody has a phone"


def test_who_has_no_such_order_needs_no_look_at_the_address(shop: Services) -> None:
    text = "can be messaged over email AND (orders.min() > 0 OR visits = 1)"
    assert passing(shop, text, "orders") == RICH + OTHERS
    assert (passing(shop, text, "customers"), count(shop, text)) == (OTHERS // 2, OTHERS // 2)


def test_a_count_may_begin_after_an_id(shop: Services) -> None:
    context = shop.rule_contexts.context()
    rule = parse_text("visits >= 5 OR orders() > 2", context)
    assert shop.audience.count(rule, now=context.now, after="c49") == RICH + OTHERS - 50


@pytest.mark.parametrize("text", ["can be messaged over email", "is suppressed on sms for complaint"])
def test_who_is_reached_is_looked_up_by_indexes(shop: Services, text: str) -> None:
    context = shop.rule_contexts.context()
    stages = to_mongo(bind(parse_text(text, context), context))
    command = {"aggregate": "customers", "pipeline": stages, "cursor": {}}
    plan = shop.db.command("explain", command, verbosity="executionStats")
    lookups = [stage for stage in plan["stages"] if "$lookup" in stage]
    assert [stage["$lookup"]["from"] for stage in lookups] == ["customers", "suppressions"]
    assert [stage["collectionScans"] for stage in lookups] == [0, 0]
