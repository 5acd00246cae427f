"""Rules as sentences: a sentence never means anything but its tree."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.fields import FIELDS, CustomerField, FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import operators_for, operators_for_figures
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.rules.tree import AnyRule
from tests.unit.rule_samples import CATALOGUE, RULES, SCOPE, Json, beside, events, group, item, on, orders, picked, use
from tests.unit.test_wording import sample

MONEY = money_formatter("USD")
SPEND, VISITS, CITY = on("total_spend", "gt", 100), on("visits", "lt", 3), on("city", "eq", "Pune")


def sentence(data: Json) -> str:
    return to_sentence(bind(load_rule(data), SCOPE), MONEY)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "(spend > 10000 AND visits < 3) OR inactive for 90 days",
            "spent more than $10,000 and visited fewer than 3 times, or has not ordered for 90 days",
        ),
        (
            'spend > 10000 AND (visits < 3 OR NOT inactive for 90 days) AND orders(category = "Books") >= 2',
            "spent more than $10,000, and (visited fewer than 3 times or (not: has not ordered for 90 days)), "
            "and made at least 2 orders in “Books”",
        ),
        (
            'segment "Big spenders" AND NOT customer in ("ann")',
            "is in the segment “Big spenders” and (not: is a customer picked by hand)",
        ),
    ],
)
def test_a_rule_reads_as_a_person_would_say_it(text: str, words: str) -> None:
    assert to_sentence(bind(parse_text(text, SCOPE), SCOPE), MONEY) == words


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("total_spend", "gte", 99.5, "spent at least $99.50"),
        ("total_spend", "not_between", [10, 20], "spent not between $10 and $20"),
        ("avg_order_value", "lt", 20, "spent less than $20 per order on average"),
        ("order_count", "lt", 5, "ordered fewer than 5 times"),
        ("visits", "not_between", [3, 5], "visited not between 3 and 5 times"),
        ("visits", "gt", 12000, "visited more than 12,000 times"),
        ("cart_value", "between", [10, 20], "has between $10 and $20 in the cart"),
        ("visits", "ne", 3, "visited other than 3 times"),
        ("city", "in", ["Pune", "Goa"], "city is one of “Pune”, “Goa”"),
        ("city", "not_contains", "x", "city does not contain “x”"),
        ("email", "is_not_set", None, "has no value for e-mail"),
        ("tags", "has_any", ["vip"], "is tagged with “vip”"),
        ("tags", "has_none", ["vip"], "is tagged with none of “vip”"),
        ("categories", "has_all", ["Books", "Toys"], "bought all of “Books”, “Toys”"),
        ("loyalty_member", "is", True, "is a loyalty member"),
        ("loyalty_member", "is", False, "is no loyalty member"),
        ("abandoned_cart", "is", False, "abandoned no cart"),
        ("last_order_at", "more_than_days_ago", 1, "has not ordered for 1 day"),
        ("last_order_at", "in_last_days", 1, "last ordered in the last day"),
        ("first_order_at", "on", "2026-01-05", "first ordered on 5 Jan 2026"),
        ("created_at", "more_than_days_ago", 1000, "became a customer more than 1,000 days ago"),
        ("last_order_at", "is_not_set", None, "has never ordered"),
        ("total_spend", "in_top_percent", 10, "is in the top 10 % by total spend"),
        ("attributes.score", "in_bottom_percent", 2.5, "is in the bottom 2.5 % by score"),
        ("attributes.size", "eq", "M", "size is “M”"),
        ("attributes.score", "lt", 2.5, "score is less than 2.5"),
        ("attributes.birthday", "before", "2000-01-01", "birthday was before 1 Jan 2000"),
        ("attributes.birthday", "in_next_days", 14, "birthday is in the next 14 days"),
        ("attributes.birthday", "more_than_days_ahead", 1, "birthday is more than 1 day ahead"),
        ("attributes.birthday", "anniversary_in_next_days", 1, "birthday has its anniversary in the next day"),
        ("first_order_at", "anniversary_in_next_days", 7, "first order has its anniversary in the next 7 days"),
        ("last_order_at", "in_next_days", 7, "last order is in the next 7 days"),
        ("attributes.wants", "has_any", ["a", "b"], "wants include any of “a”, “b”"),
        ("attributes.vegan", "is", True, "vegan is yes"),
    ],
)
def test_a_condition_on_a_field_reads_as_what_the_customer_did_or_is(
    field: str, op: str, value: Any, words: str
) -> None:
    assert sentence(on(field, op, value)) == words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (beside("cart_value", "gt", "avg_order_value"), "has more than their average order value in the cart"),
        (beside("visits", "ne", "order_count"), "visits are other than their orders in total"),
        (beside("last_order_at", "before", "attributes.birthday"), "last ordered before their birthday"),
        (beside("attributes.birthday", "after", "last_order_at"), "birthday was after their last order"),
        (beside("city", "eq", "attributes.size"), "city is their size"),
        (orders("eq", 0), "made no orders"),
        (orders("eq", 1), "made exactly 1 order"),
        (orders("lt", 3, within_days=30), "made fewer than 3 orders in the last 30 days"),
        (
            orders("gte", 2, category="Books", status="shipped", min_amount=29.33, within_days=1),
            "made at least 2 orders in “Books” with status shipped of at least $29.33 in the last day",
        ),
        (orders("gt", 99.5, "sum", category="B"), "spent more than $99.50 on orders in “B”"),
        (orders("gt", 5, "avg"), "spent more than $5 per order on average over recorded orders"),
        (orders("gt", 5, "max"), "spent more than $5 on the largest order over recorded orders"),
        (orders("gte", 2, item=item("contains", "lamp")), "made at least 2 orders with an item that contains “lamp”"),
        (
            orders("gt", 5, "sum", category="B", item=item("not_in", ["a", "b"])),
            "spent more than $5 on orders in “B” with no item that is one of “a”, “b”",
        ),
        (orders("eq", 0, item=item("is_not_set")), "made no orders with no item"),
        (orders("in_last_days", 30, "last", category="B"), "last order in “B” was in the last 30 days"),
        (orders("before", "2026-01-31", "first"), "first order was before 31 Jan 2026"),
        (orders("anniversary_in_next_days", 7, "first"), "first order has its anniversary in the next 7 days"),
        (orders("is_set", None, "last", item=item("eq", "Lamp 3")), "made an order with an item that is “Lamp 3”"),
        (orders("is_not_set", None, "last", within_days=9), "made no order in the last 9 days"),
        (orders("lt", 5, "min"), "spent less than $5 on the smallest order over recorded orders"),
        (events("visit", "eq", 0), "had no “visit” events"),
        (events("visit", "eq", 1), "had exactly 1 “visit” event"),
        (
            events("cart_abandoned", "lt", 3, within_days=7),
            "had fewer than 3 “cart abandoned” events in the last 7 days",
        ),
        (use("s1"), "is in the segment “Big spenders”"),
        (picked("ann", "bob"), "is one of 2 customers picked by hand"),
    ],
)
def test_any_other_condition_reads_as_a_phrase_with_all_its_filters(data: Json, words: str) -> None:
    assert sentence(data) == words


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (group("all"), "everyone"),
        (group("none"), "everyone"),
        (group("any"), "nobody"),
        (group("all", SPEND, VISITS), "spent more than $100 and visited fewer than 3 times"),
        (group("any", SPEND, VISITS), "spent more than $100 or visited fewer than 3 times"),
        (group("none", SPEND, VISITS), "none of this is true: spent more than $100, visited fewer than 3 times"),
        (group("none", SPEND), "not: spent more than $100"),
        (
            group("all", SPEND, group("any", VISITS, CITY)),
            "spent more than $100, and (visited fewer than 3 times or city is “Pune”)",
        ),
        (
            group("any", group("all", SPEND, VISITS), CITY),
            "spent more than $100 and visited fewer than 3 times, or city is “Pune”",
        ),
        (
            group("any", group("any", SPEND, VISITS), CITY),
            "(spent more than $100 or visited fewer than 3 times), or city is “Pune”",
        ),
        (
            group("any", group("all", SPEND, group("any", VISITS, CITY)), CITY),
            "(spent more than $100, and (visited fewer than 3 times or city is “Pune”)), or city is “Pune”",
        ),
        (group("all", group("any", SPEND), VISITS), "spent more than $100 and visited fewer than 3 times"),
        (group("all", group("none", SPEND), VISITS), "(not: spent more than $100) and visited fewer than 3 times"),
        (group("none", group("none", SPEND)), "not: (not: spent more than $100)"),
        (
            group("all", group("none", SPEND, VISITS), CITY),
            "(none of this is true: spent more than $100, visited fewer than 3 times) and city is “Pune”",
        ),
        (group("all", SPEND, group("any")), "spent more than $100 and nobody"),
    ],
)
def test_a_tree_reads_as_a_sentence_with_brackets_where_a_comma_would_not_tell(data: Json, words: str) -> None:
    assert sentence(data) == words


def test_what_not_covers_can_be_told_from_the_sentence() -> None:
    trees = [
        group("all", group("none", SPEND), VISITS),
        group("all", VISITS, group("none", SPEND)),
        group("none", group("all", SPEND, VISITS)),
        group("none", SPEND, VISITS),
        group("none", group("none", SPEND, VISITS)),
        group("any", group("none", SPEND), VISITS),
        group("none", group("any", SPEND, group("none", VISITS))),
    ]
    assert len({sentence(tree) for tree in trees}) == len(trees)


def test_how_three_conditions_are_joined_can_be_told_from_the_sentence() -> None:
    trees = [
        group(outer, *rules)
        for outer, inner in (("all", "any"), ("any", "all"))
        for rules in (
            (SPEND, VISITS, CITY),
            (group(inner, SPEND, VISITS), CITY),
            (SPEND, group(inner, VISITS, CITY)),
        )
    ]
    assert len({sentence(tree) for tree in trees}) == len(trees)


def test_two_trees_that_read_the_same_mean_the_same() -> None:
    """Over every tree of two conditions and everyone, three levels deep with up to two nodes in a group."""
    meant: dict[str, list[bool]] = {}
    leaves = [SPEND, VISITS, group("all")]
    for tree in grouped([*leaves, *grouped(leaves)]):
        bound = bind(load_rule(tree), SCOPE)
        matched = [matches(bound, each) for each in PEOPLE]
        assert meant.setdefault(to_sentence(bound, MONEY), matched) == matched
    assert len(meant) > 1000


PEOPLE = [
    Subject({"_id": "c", "total_spend_minor": spend, "visits": visits}) for spend in (0, 20_000) for visits in (1, 5)
]
"""All four answers to the two conditions."""


def grouped(nodes: list[Json]) -> list[Json]:
    """Every group of one or two of the nodes."""
    members = [*product(nodes, repeat=1), *product(nodes, repeat=2)]
    return [group(kind, *rules) for kind in ("all", "any", "none") for rules in members]


@pytest.mark.parametrize("field", CATALOGUE.fields, ids=lambda field: field.name)
def test_every_operator_of_every_field_has_its_own_phrase(field: CustomerField) -> None:
    operators = operators_for(field.type)
    phrases = {sentence(on(field.name, operator.key, sample(operator, field.type))) for operator in operators}
    assert len(phrases) == len(operators)


@pytest.mark.parametrize("kind", FieldType)
def test_every_field_of_the_catalogue_has_its_own_phrases(kind: FieldType) -> None:
    fields = [field for field in FIELDS if field.type is kind]
    for operator in operators_for(kind):
        phrases = {sentence(on(field.name, operator.key, sample(operator, kind))) for field in fields}
        assert len(phrases) == len(fields)


def test_every_figure_has_its_own_phrase_with_every_operator() -> None:
    figures = [
        figure
        for operator in operators_for_figures()
        for figure in figures_compared(operator.key, sample(operator, FieldType.NUMBER))
    ]
    assert len({sentence(figure) for figure in figures}) == len(figures)


def figures_compared(op: str, value: Any) -> list[Json]:
    """Also those fields that say nearly the same."""
    return [
        *(orders(op, value, measure) for measure in ("count", "sum", "avg", "max", "min")),
        events("visit", op, value),
        *(on(name, op, value) for name in ("order_count", "total_spend", "avg_order_value")),
    ]


@settings(max_examples=150)
@given(RULES)
def test_every_rule_reads_as_a_sentence_without_open_places(rule: AnyRule) -> None:
    words = to_sentence(bind(rule, SCOPE), MONEY)
    assert words.strip()
    assert "{}" not in words or "{}" in to_text(bind(rule, SCOPE))


def test_a_group_of_one_reads_as_what_is_in_it() -> None:
    joined = group("all", on("visits", "gt", 3), on("city", "eq", "Pune"))
    plain = sentence(group("any", joined, on("visits", "eq", 0)))
    assert sentence(group("any", group("any", joined), on("visits", "eq", 0))) == plain
    assert plain == "visited more than 3 times and city is “Pune”, or visited exactly 0 times"


def test_one_time_is_no_plural() -> None:
    assert sentence(on("visits", "gt", 1)) == "visited more than 1 time"
    assert sentence(on("visits", "gt", 11)) == "visited more than 11 times"


def test_an_attribute_named_like_a_field_is_told_from_it() -> None:
    assert sentence(on("attributes.city", "eq", "Pune")) != sentence(on("city", "eq", "Pune"))
