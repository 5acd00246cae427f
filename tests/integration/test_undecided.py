"""Nothing is looked up of customers whom the conditions on fields decide: neither records nor suppressions."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.audience.ranks import StoredRanks
from crm_core.infra.streams import Stream
from crm_core.rules.binding import bind
from crm_core.rules.engines.mongo import to_mongo, to_mongo_unordered
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.integration.feeding import make_entry, store_customers, store_orders

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


@pytest.mark.parametrize(
    ("text", "collections"),
    [
        ("can be messaged over email", ["customers", "suppressions"]),
        ("is suppressed on sms for complaint", ["customers", "suppressions"]),
        ("messages(opened, channel = email, last 60 days) = 0", ["messages"]),
        ('messages(clicked, tag = "Sale") >= 1', ["messages"]),
        ('events(cart, category = "Tea", value > 100, last 30 days) >= 1', ["events"]),
        ("events.sum(cart.value) > 500", ["events"]),
        ('orders(item contains "lamp", last 90 days) >= 1', ["orders"]),
        ('orders.last(category = "Books") in last 30 days', ["orders"]),
        ("spend in top 10 %", []),
        ("first_order_at anniversary in next 7 days", []),
        ("last_order_at after first_order_at", []),
        ("consent.email is granted", []),
    ],
)
def test_what_is_looked_up_is_found_by_indexes(shop: Services, text: str, collections: list[str]) -> None:
    event = {"id": "e1", "customer_id": "c01", "type": "cart", "properties": {"category": "Tea", "value": 7}}
    assert not shop.persister.store([make_entry(Stream.EVENTS, event)])
    context = shop.rule_contexts.context(ranks=StoredRanks(shop.db))
    stages = to_mongo(bind(parse_text(text, context), context))
    command = {"aggregate": "customers", "pipeline": [*stages, {"$limit": 1000}], "cursor": {}}
    plan = shop.db.command("explain", command, verbosity="executionStats")
    assert sorted(lookups_in(plan)) == [(name, True) for name in collections]


def lookups_in(plan: Any) -> Iterator[tuple[str, bool]]:
    """Each collection that something is looked up in, and whether by an index, in either of MongoDB's engines."""
    if isinstance(plan, list):
        for each in plan:
            yield from lookups_in(each)
    elif isinstance(plan, dict):
        if "$lookup" in plan:
            yield plan["$lookup"]["from"], plan["collectionScans"] == 0
        elif plan.get("stage") == "EQ_LOOKUP" and "strategy" in plan:
            yield plan["foreignCollection"].partition(".")[2], plan["strategy"] == "IndexedLoopJoin"
        yield from lookups_in([part for name, part in plan.items() if name not in {"$lookup", "command"}])
