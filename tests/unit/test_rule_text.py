"""Rules as text: what each text means, how a rule is printed, and that nothing is lost between the two."""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from crm_core.rules.binding import bind
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.operators import OPERATORS, Operator, Takes, operators_for_figures
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.rules.tree import STATUSES, AnyRule
from tests.unit.rule_samples import RULES, SCOPE, Json, events, group, item, on, orders, picked, use

A, B, C = (on("visits", "eq", number) for number in (1, 2, 3))
EVERYONE, NOBODY = group("all"), group("any")
DESIGN = (
    'spend > 10000 AND (visits < 3 OR NOT inactive for 90 days) AND orders(category = "Books", last 30 days) >= 2',
    group(
        "all",
        on("total_spend", "gt", 10000),
        group("any", on("visits", "lt", 3), group("none", on("last_order_at", "more_than_days_ago", 90))),
        orders("gte", 2, category="Books", within_days=30),
    ),
)


def parsed(text: str) -> Json:
    return dump_rule(parse_text(text, SCOPE))


def printed(data: Json) -> str:
    return to_text(bind(load_rule(data), SCOPE))


def exact(rule: AnyRule) -> str:
    """With the types of the values: 1 is not 1.0, and true is not 1."""
    return json.dumps(dump_rule(rule), sort_keys=True)


@settings(max_examples=400)
@given(RULES)
def test_a_rule_printed_and_parsed_again_is_the_same(rule: AnyRule) -> None:
    again = parse_text(to_text(bind(rule, SCOPE)), SCOPE)
    assert again == rule
    assert exact(again) == exact(rule)


@settings(max_examples=150)
@given(RULES)
def test_what_is_printed_is_printed_the_same_once_parsed(rule: AnyRule) -> None:
    text = to_text(bind(rule, SCOPE))
    assert to_text(bind(parse_text(text, SCOPE), SCOPE)) == text


FIELD_OF = {
    FieldType.NUMBER: ("visits", "visits"),
    FieldType.MONEY: ("spend", "total_spend"),
    FieldType.TEXT: ("city", "city"),
    FieldType.DATE: ("last_order", "last_order_at"),
    FieldType.BOOLEAN: ("loyalty_member", "loyalty_member"),
    FieldType.LIST: ("tags", "tags"),
    FieldType.CHOICE: ("consent.email", "consent.email"),
}
"""Its name in the text, and in the tree."""
LITERALS: dict[FieldType, list[tuple[str, Any]]] = {
    FieldType.NUMBER: [("2", 2), ("2.5", 2.5)],
    FieldType.MONEY: [("-3", -3), ("1e2", 100.0)],
    FieldType.TEXT: [('"Pune"', "Pune"), ("'Goa'", "Goa")],
    FieldType.DATE: [("2026-01-31", "2026-01-31"), ("2026-02-01", "2026-02-01")],
    FieldType.BOOLEAN: [("true", True), ("no", False)],
    FieldType.LIST: [('"vip"', "vip"), ('"new"', "new")],
    FieldType.CHOICE: [("granted", "granted"), ('"unknown"', "unknown")],
}
SPELLED = [
    pytest.param(operator, kind, spelling, id=f"{kind} {spelling}")
    for operator in OPERATORS
    for kind in sorted(operator.types)
    for spelling in operator.spellings
]


def written(operator: Operator, kind: FieldType, spelling: str) -> tuple[str, Any]:
    """The predicate with values in it, and the value that it has in the tree."""
    first, second = LITERALS[kind]
    match operator.takes:
        case Takes.NOTHING:
            return spelling, None
        case Takes.DAYS:
            return spelling.format("30"), 30
        case Takes.PERCENT:
            return spelling.format("2.5"), 2.5
        case Takes.RANGE:
            return spelling.format(first[0], second[0]), [first[1], second[1]]
        case Takes.MANY:
            return spelling.format(f"({first[0]}, {second[0]})"), [first[1], second[1]]
        case Takes.ONE:
            return spelling.format(first[0]), first[1]


@pytest.mark.parametrize(("operator", "kind", "spelling"), SPELLED)
def test_every_operator_is_read_in_each_of_its_spellings(operator: Operator, kind: FieldType, spelling: str) -> None:
    word, name = FIELD_OF[kind]
    predicate, value = written(operator, kind, spelling)
    assert parsed(f"{word} {predicate}") == on(name, operator.key, value)


@pytest.mark.parametrize(("operator", "kind", "spelling"), SPELLED)
def test_the_words_of_an_operator_may_be_in_any_case_and_spaced_at_will(
    operator: Operator, kind: FieldType, spelling: str
) -> None:
    word, name = FIELD_OF[kind]
    predicate, value = written(operator, kind, spelling.upper().replace(" ", " \n\t "))
    assert parsed(f"{word.upper()}\n{predicate}") == on(name, operator.key, value)


@pytest.mark.parametrize(
    ("texts", "tree"),
    [
        (["visits = 1", "visits == 1", "visits is 1"], on("visits", "eq", 1)),
        (["visits != 1", "visits <> 1", "visits is not 1"], on("visits", "ne", 1)),
        (["city = 'a'", "city == 'a'", "city is 'a'"], on("city", "eq", "a")),
        (["city != 'a'", "city <> 'a'", "city is not 'a'"], on("city", "ne", "a")),
        (["city in ('a')", "city is in ('a')"], on("city", "in", ["a"])),
        (["city not in ('a')", "city is not in ('a')"], on("city", "not_in", ["a"])),
        (["city not contains 'a'", "city does not contain 'a'"], on("city", "not_contains", "a")),
        (["city not starts with 'a'", "city does not start with 'a'"], on("city", "not_starts_with", "a")),
        (["last_order in last 9 days", "last_order in the last 9 days"], on("last_order_at", "in_last_days", 9)),
        (["inactive for 9 days", "last_order more than 9 days ago"], on("last_order_at", "more_than_days_ago", 9)),
        (["last_order on 2026-01-31", "last_order = 2026-01-31"], on("last_order_at", "on", "2026-01-31")),
        (["vegan is true", "vegan = true", "vegan is yes"], on("attributes.vegan", "is", True)),
        (["tags has any ('a')", "tags has any of ('a')"], on("tags", "has_any", ["a"])),
        (["tags has all ('a')", "tags has all of ('a')"], on("tags", "has_all", ["a"])),
        (["tags has none ('a')", "tags has none of ('a')"], on("tags", "has_none", ["a"])),
    ],
)
def test_different_spellings_mean_the_same(texts: list[str], tree: Json) -> None:
    assert [parsed(text) for text in texts] == [tree] * len(texts)


@pytest.mark.parametrize("measure", ["count", "sum", "avg", "max", "min"])
@pytest.mark.parametrize("operator", operators_for_figures(), ids=lambda operator: operator.key)
def test_every_figure_goes_with_every_comparison_of_numbers(operator: Operator, measure: str) -> None:
    suffix = "" if measure == "count" else f".{measure}"
    for spelling in operator.spellings:
        predicate, value = written(operator, FieldType.NUMBER, spelling)
        assert parsed(f"orders{suffix}() {predicate}") == orders(operator.key, value, measure)
        assert parsed(f"events(visit) {predicate}") == events("visit", operator.key, value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        DESIGN,
        ("visits = 1 and visits = 2 or visits = 3", group("any", group("all", A, B), C)),
        ("visits = 1 OR visits = 2 AND visits = 3", group("any", A, group("all", B, C))),
        ("NOT visits = 1 AND visits = 2", group("all", group("none", A), B)),
        ("NOT visits = 1 OR visits = 2", group("any", group("none", A), B)),
        ("not not visits = 1", group("none", group("none", A))),
        ("NOT (visits = 1 OR visits = 2)", group("none", group("any", A, B))),
        ("(visits = 1 OR visits = 2) AND visits = 3", group("all", group("any", A, B), C)),
        ("visits = 1 AND visits = 2 AND visits = 3", group("all", A, B, C)),
        ("visits = 1 AND (visits = 2 AND visits = 3)", group("all", A, group("all", B, C))),
        ("(visits = 1 OR visits = 2) OR visits = 3", group("any", group("any", A, B), C)),
        ("(((visits = 1)))", A),
        ("(visits = 1)AND(visits = 2)", group("all", A, B)),
        ("visits\n=\t1\r\nAnD\n\nvisits=2", group("all", A, B)),
    ],
)
def test_not_binds_before_and_before_or_and_brackets_before_all(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("everyone", EVERYONE),
        ("EVERYONE", EVERYONE),
        ("Nobody", NOBODY),
        ("ALL OF ()", EVERYONE),
        ("any of()", NOBODY),
        ("NONE OF ( )", group("none")),
        ("ALL OF (visits = 1)", group("all", A)),
        ("any of (visits = 1)", group("any", A)),
        ("NONE OF (visits = 1)", group("none", A)),
        ("none of (visits = 1, visits = 2 OR visits = 3)", group("none", A, group("any", B, C))),
        ("Any Of (visits = 1, ALL OF (visits = 2, nobody))", group("any", A, group("all", B, NOBODY))),
        ("NOT ALL OF (visits = 1, visits = 2) AND everyone", group("all", group("none", group("all", A, B)), EVERYONE)),
    ],
)
def test_a_group_may_be_written_out(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("inactive for 90 days", on("last_order_at", "more_than_days_ago", 90)),
        ("INACTIVE FOR 1 DAY", on("last_order_at", "more_than_days_ago", 1)),
        ("inactive for 0 days", on("last_order_at", "more_than_days_ago", 0)),
        ("last_order in last 1 day", on("last_order_at", "in_last_days", 1)),
        ('last_order on "2026-01-31"', on("last_order_at", "on", "2026-01-31")),
        ("abandoned_cart is YES", on("abandoned_cart", "is", True)),
        ("abandoned_cart = False", on("abandoned_cart", "is", False)),
        ("average_order >= 33.335", on("avg_order_value", "gte", 33.335)),
        ('bought has all ("Books")', on("categories", "has_all", ["Books"])),
        ("spend > +.5", on("total_spend", "gt", 0.5)),
        ("spend > 1e3", on("total_spend", "gt", 1000.0)),
        ("spend > 5.", on("total_spend", "gt", 5.0)),
    ],
)
def test_a_condition_on_a_field_is_read_with_its_literals(text: str, tree: Json) -> None:
    assert parsed(text) == tree
    value = parsed(text)["value"]
    assert type(value) is type(tree["value"])


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("orders() > 2", orders("gt", 2)),
        ("ORDERS ( ) > 2", orders("gt", 2)),
        ("Orders.SUM() > 2", orders("gt", 2, "sum")),
        ('orders(category = "Books") > 2', orders("gt", 2, category="Books")),
        ("orders(category = 'a \"b\"') > 2", orders("gt", 2, category='a "b"')),
        ("orders(status = cancelled) > 2", orders("gt", 2, status="cancelled")),
        ('orders(STATUS = "shipped") > 2', orders("gt", 2, status="shipped")),
        ('orders(item contains "lamp") > 2', orders("gt", 2, item=item("contains", "lamp"))),
        ('orders(ITEM is "Lamp 3") > 2', orders("gt", 2, item=item("eq", "Lamp 3"))),
        ("orders(item not in ('a', 'b')) > 2", orders("gt", 2, item=item("not_in", ["a", "b"]))),
        ("orders.last(category = 'B') in the last 30 days", orders("in_last_days", 30, "last", category="B")),
        ("Orders.FIRST() before 2026-01-01", orders("before", "2026-01-01", "first")),
        ("orders.last() is not set", orders("is_not_set", None, "last")),
        ("orders(amount >= 20) > 2", orders("gt", 2, min_amount=20.0)),
        ("orders(amount >= 29.33) > 2", orders("gt", 2, min_amount=29.33)),
        ("orders(last 30 days) > 2", orders("gt", 2, within_days=30)),
        ("orders(in the LAST 1 day) > 2", orders("gt", 2, within_days=1)),
        ("orders(in last 7 days) > 2", orders("gt", 2, within_days=7)),
        (
            'orders.avg(last 30 days, amount >= 5, status = shipped, category = "Books") between 10 and 20',
            orders("between", [10, 20], "avg", category="Books", status="shipped", min_amount=5.0, within_days=30),
        ),
        ('orders.max(category = "B") >= 9.5', orders("gte", 9.5, "max", category="B")),
        ("orders.min(last 2 days) != 1", orders("ne", 1, "min", within_days=2)),
        ("events(visit) >= 3", events("visit", "gte", 3)),
        ('events("visit") >= 3', events("visit", "gte", 3)),
        ("events(type = visit) >= 3", events("visit", "gte", 3)),
        ("EVENTS(TYPE = 'cart_abandoned', in the last 30 days) = 0", events("cart_abandoned", "eq", 0, within_days=30)),
        ("events(last 7 days, visit) > 1", events("visit", "gt", 1, within_days=7)),
    ],
)
def test_figures_over_orders_and_events_are_read_with_their_filters(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_is_read_and_printed(status: str) -> None:
    tree = orders("gte", 1, status=status)
    assert parsed(f"orders(status = {status}) >= 1") == tree
    assert parsed(printed(tree)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('segment "Big spenders"', use("s1")),
        ("SEGMENT 'Big spenders'", use("s1")),
        ('segment "Größe \\"XL\\"\\n\\\\ it\'s"', use("s2")),
        ('segment "日本"', use("s3")),
        ('segment id "s2"', use("s2")),
        ('Segment ID "s2"', use("s2")),
        ('customer in ("c-1")', picked("c-1")),
        ("CUSTOMER IN ('c-1', \"c 2\")", picked("c-1", "c 2")),
        ('customer not in ("c-1")', group("none", picked("c-1"))),
        ('NOT customer in ("c-1")', group("none", picked("c-1"))),
        ('customer in ("a") OR segment "日本"', group("any", picked("a"), use("s3"))),
    ],
)
def test_segments_and_picked_customers_are_read(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('size = "M"', on("attributes.size", "eq", "M")),
        ('attributes.size = "M"', on("attributes.size", "eq", "M")),
        ('Attributes.SIZE = "M"', on("attributes.size", "eq", "M")),
        ("score between 1 and 2.5", on("attributes.score", "between", [1, 2.5])),
        ("birthday before 2000-01-01", on("attributes.birthday", "before", "2000-01-01")),
        ("vegan is yes", on("attributes.vegan", "is", True)),
        ('wants has none of ("a")', on("attributes.wants", "has_none", ["a"])),
        ("score is not set", on("attributes.score", "is_not_set")),
        # named like a keyword: by the bare name, but for the words that begin a condition
        ("and = 1 and and = 2", group("all", on("attributes.and", "eq", 1), on("attributes.and", "eq", 2))),
        ("between between 1 and 2", on("attributes.between", "between", [1, 2])),
        ('in in ("a")', on("attributes.in", "in", ["a"])),
        ("last in last 3 days", on("attributes.last", "in_last_days", 3)),
        ("true is true", on("attributes.true", "is", True)),
        ("not attributes.not = 1", group("none", on("attributes.not", "eq", 1))),
        ("attributes.orders = 1", on("attributes.orders", "eq", 1)),
        ("attributes.inactive in last 3 days", on("attributes.inactive", "in_last_days", 3)),
        # named like a built-in field: the bare name is the built-in one
        ('city = "a" OR attributes.city = "b"', group("any", on("city", "eq", "a"), on("attributes.city", "eq", "b"))),
        (
            "spend = 1 OR attributes.spend = 1",
            group("any", on("total_spend", "eq", 1), on("attributes.spend", "eq", 1)),
        ),
    ],
)
def test_custom_attributes_are_read_with_and_without_their_prefix(text: str, tree: Json) -> None:
    assert parsed(text) == tree


@pytest.mark.parametrize("field", SCOPE.catalogue.fields, ids=lambda field: field.name)
def test_every_field_is_read_by_its_name_and_its_aliases_in_any_case(field: CustomerField) -> None:
    for word in (field.name, *field.aliases):
        said, meant = ("= granted", ("eq", "granted")) if field.choices else ("is set", ("is_set",))
        assert parsed(f"{word} {said}") == on(field.name, *meant)
        assert parsed(f"{word.upper()} {said.upper()}") == on(field.name, *meant)


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"Pune"', "Pune"),
        ("'Pune'", "Pune"),
        (r'"say \"hi\""', 'say "hi"'),
        ("'say \"hi\"'", 'say "hi"'),
        (r"'it\'s'", "it's"),
        ('"it\'s"', "it's"),
        (r'"a\\b"', r"a\b"),
        (r"'a\\'", "a\\"),
        (r"""'\\"'""", '\\"'),
        (r'"a\nb\t\/"', "a\nb\t/"),
        ('"a\nb"', "a\nb"),
        (r'"\u00e9\ud83d\ude00"', "é😀"),
        ('"日本 “quoted” ß"', "日本 “quoted” ß"),
        ('" spaced "', " spaced "),
        ('"AND visits = 1) OR ("', "AND visits = 1) OR ("),
        ('"{} {0} %s $gt"', "{} {0} %s $gt"),
    ],
)
def test_a_text_is_what_stands_between_its_quotes(literal: str, value: str) -> None:
    assert parsed(f"city = {literal}") == on("city", "eq", value)
    assert parsed(printed(on("city", "eq", value))) == on("city", "eq", value)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        DESIGN[::-1],
        (group("any", group("all", A, B), C), "visits = 1 AND visits = 2 OR visits = 3"),
        (group("all", group("any", A, B), C), "(visits = 1 OR visits = 2) AND visits = 3"),
        (group("all", group("all", A, B), C), "(visits = 1 AND visits = 2) AND visits = 3"),
        (group("none", group("all", A, B)), "NOT (visits = 1 AND visits = 2)"),
        (group("none", group("none", A)), "NOT NOT visits = 1"),
        (group("all", A), "ALL OF (visits = 1)"),
        (group("any", A), "ANY OF (visits = 1)"),
        (group("none", A, B), "NONE OF (visits = 1, visits = 2)"),
        (group("none"), "NONE OF ()"),
        (group("any", EVERYONE, NOBODY), "everyone OR nobody"),
        (on("last_order_at", "more_than_days_ago", 90), "inactive for 90 days"),
        (on("last_order_at", "more_than_days_ago", 1), "inactive for 1 day"),
        (on("created_at", "more_than_days_ago", 90), "customer_since more than 90 days ago"),
        (on("total_spend", "gt", 5), "spend > 5"),
        (on("visits", "not_between", [1, 2.5]), "visits not between 1 and 2.5"),
        (on("loyalty_member", "is", True), "loyalty_member is true"),
        (on("city", "in", ["a", 'b"']), 'city in ("a", "b\\"")'),
        (on("city", "eq", "日本 é\n\\"), 'city = "日本 é\\n\\\\"'),
        (on("attributes.size", "is_set"), "size is set"),
        (on("attributes.not", "eq", 1), "attributes.not = 1"),
        (on("attributes.city", "is_not_set"), "attributes.city is not set"),
        (use("s1"), 'segment "Big spenders"'),
        (group("none", picked("a", "b")), 'NOT customer in ("a", "b")'),
        (orders("eq", 0), "orders() = 0"),
        (
            orders("gte", 2.5, "sum", category="B", status="shipped", min_amount=20.0, within_days=1),
            'orders.sum(category = "B", status = "shipped", amount >= 20, last 1 day) >= 2.5',
        ),
        (events("visit", "lt", 3, within_days=7), 'events("visit", last 7 days) < 3'),
    ],
)
def test_a_rule_is_printed_as_analysts_write_it(tree: Json, text: str) -> None:
    assert printed(tree) == text


def test_brackets_around_conditions_may_be_nested_at_will() -> None:
    assert parsed("(" * 5000 + "visits = 1" + ")" * 5000) == A


def test_a_text_of_the_greatest_size_is_read() -> None:
    conditions = " AND ".join(["visits = 1"] * 199)
    text = conditions + " " * (200_000 - len(conditions))
    assert parsed(text) == group("all", *[A] * 199)
