"""What is predicted is a field like any other: in MongoDB, in the snapshot, customer by customer, and in answers."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from crm_core.api.answers.records import Customer
from crm_core.api.shapes import to_json_values
from crm_core.audience.preview import Source
from crm_core.audience.snapshot.keeper import Status
from crm_core.rules.binding import bind
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import store_customers

PREDICTED: dict[str, dict[str, Any]] = {
    "a": {"active": 95, "orders_90d": 2.35, "order_value_minor": 4_999, "value_1y_minor": 45_000, "churn_risk": 3},
    "b": {"active": 20, "orders_90d": 0.1, "order_value_minor": 2_000, "value_1y_minor": 900, "churn_risk": 85},
    "c": {"orders_90d": 0.0, "order_value_minor": 0, "value_1y_minor": 0, "churn_risk": 100},
    "d": {"orders_90d": 0.5, "churn_risk": 50},
}


@pytest.fixture
def live(services: Services) -> Services:
    """e has no predictions."""
    store_customers(services, *({"id": name} for name in "abcde"))
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    for name, values in PREDICTED.items():
        services.db.customers.update_one({"_id": name}, {"$set": {"predicted": values}})
    services.snapshot.caught_up(20)
    return services


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("predicted.active > 20", "a"),
        ("predicted.active is not set", "cde"),
        ("predicted.churn_risk >= 85", "bc"),
        ("NOT predicted.churn_risk < 50", "bcde"),
        ("predicted.orders_90d between 0.1 and 0.5", "bd"),
        ("predicted.orders_90d = 2.35", "a"),
        ("predicted.order_value = 49.99", "a"),
        ("predicted.value_1y > predicted.order_value", "a"),
        ("predicted.value_1y in top 50 %", "ab"),
        ("predicted.churn_risk in bottom 25 %", "a"),
    ],
)
def test_a_rule_on_predictions_means_the_same_everywhere(live: Services, text: str, wanted: str) -> None:
    context = live.rule_contexts.context()
    rule = parse_text(text, context)
    stored = [row["_id"] for row in live.db.customers.find().sort("_id", 1)]
    assert list(live.audience.ids(rule, now=live.clock())) == list(wanted)
    preview = live.previews.preview(rule, actor=TEST, sample=5)
    assert (preview.source, preview.count) == (Source.MEMORY, len(wanted))
    bound = bind(rule, live.rule_contexts.context())
    subjects = {name: Subject(live.db.customers.find_one({"_id": name}) or {}) for name in stored}
    if "%" not in text:
        assert [name for name, subject in subjects.items() if matches(bound, subject)] == list(wanted)
        assert to_text(bound) == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("predicted.active > 20", "is active with a chance of more than 20 %"),
        ("predicted.orders_90d < 1", "is expected to order fewer than 1 time in 90 days"),
        ("predicted.order_value >= 50", "is expected to spend at least $50 per order"),
        ("predicted.value_1y between 10 and 90", "is expected to spend between $10 and $90 in a year"),
        ("predicted.churn_risk >= 70", "has a churn risk of at least 70 %"),
    ],
)
def test_a_rule_on_predictions_reads_as_a_sentence(services: Services, text: str, sentence: str) -> None:
    context = services.rule_contexts.context()
    assert sentence in to_sentence(bind(parse_text(text, context), context), lambda amount: f"${amount:g}")


def test_answers_have_predictions_in_a_part_of_their_own_in_major_units(live: Services) -> None:
    found = {each["id"]: each for each in live.customers.page(limit=10, after=None, actor=TEST)[0]}
    shown: Any = found["a"]
    assert shown["predicted"] == {
        "active": 95,
        "orders_90d": 2.35,
        "order_value": Decimal("49.99"),
        "value_1y": Decimal("450.00"),
        "churn_risk": 3,
    }
    assert "predicted" not in found["e"]
    answer = to_json_values(dict(shown))
    assert TypeAdapter(Customer).validate_python(answer)
    assert answer["predicted"]["order_value"] == 49.99
