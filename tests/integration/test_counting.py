"""A count in the database that runs by itself: it ends with a result, with an error, or when it is given up."""

import pytest

from crm_core.audience.counting import Counting
from crm_core.errors import Unavailable, UnknownField
from crm_core.infra.mongo import Doc
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.tree import AnyRule, FieldRule
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import store_customers, store_orders
from tests.waiting import eventually

DONE_S = 30.0
TRIES = 20


def counting(services: Services, rule: AnyRule, sample: int = 0) -> Counting:
    return services.previews.start_counting(rule, sample=sample, actor=TEST)


def rule_of(services: Services, text: str) -> AnyRule:
    return parse_text(text, services.rule_contexts.context())


def test_it_gives_the_count_and_a_sample(services: Services) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": n} for n in range(5)))
    count = counting(services, rule_of(services, "visits > 2"), sample=1)
    assert count.is_done(wait_s=DONE_S)
    found = count.result()
    assert (found.count, found.total, [record["id"] for record in found.sample]) == (2, 5, ["c3"])
    count.cancel()  # which changes nothing any more
    assert count.result() == found


def test_it_gives_the_error_of_a_rule_that_cannot_be_evaluated(services: Services) -> None:
    count = counting(services, FieldRule(field="nothing", op="gt", value=1))
    assert count.is_done(wait_s=DONE_S)
    with pytest.raises(UnknownField):
        count.result()


def test_a_count_that_is_given_up_ends_in_the_database(services: Services) -> None:
    store_customers(services, *({"id": f"c{n:04d}", "visits": 1} for n in range(2000)))
    for first in range(0, 10_000, 2000):
        orders = ({"id": f"o{n}", "customer_id": f"c{n % 2000:04d}", "amount": 1} for n in range(first, first + 2000))
        store_orders(services, *orders)
    slow = " OR ".join(f"orders(amount >= {number}, last {number} days) > 900" for number in range(1, 150))
    rule = rule_of(services, f"ALL OF ({slow})")
    assert any(is_given_up_in_time(services, rule) for _ in range(TRIES))
    assert eventually(lambda: not running(services), bool, "the count to end")


def is_given_up_in_time(services: Services, rule: AnyRule) -> bool:
    """Not if it has a result before it hears of it."""
    count = counting(services, rule)
    eventually(lambda: running(services) or count.is_done(wait_s=0), bool, "the count to run")
    count.cancel()
    assert count.is_done(wait_s=DONE_S)
    try:
        count.result()
    except Unavailable as exc:
        said = str(exc)
    else:
        return False
    assert "given up" in said
    return True


def running(services: Services) -> bool:
    """Whether the database works on a count of this test."""
    ours = {"ns": f"{services.db.name}.customers", "command.aggregate": "customers"}
    stages: list[Doc] = [{"$currentOp": {}}, {"$match": ours}]
    return bool(list(services.db.client.admin.aggregate(stages)))
