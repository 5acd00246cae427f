"""Binding: what a rule means at a moment, and what is refused with the path of its node."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from crm_core.errors import BadRule, InvalidInput, UnknownField
from crm_core.infra.text import fold
from crm_core.rules.binding import MAX_CHAIN, bind
from crm_core.rules.bound import (
    Bound,
    BoundField,
    BoundGroup,
    BoundRecords,
    BoundSegment,
    OnlyOrders,
    has_conditions,
    segments_in,
)
from crm_core.rules.context import KnownSegments, RuleContext, SegmentDefinition
from crm_core.rules.loading import load_rule
from crm_core.rules.predicates import Contains, HasAny, OneOf, Range, Span
from crm_core.rules.tree import AnyRule, GroupRule
from tests.unit.rule_samples import (
    NOW,
    RULES,
    SCOPE,
    Json,
    events,
    group,
    make_scope,
    on,
    orders,
    picked,
    segment,
    use,
)

FINE = on("visits", "eq", 1)
DAY = timedelta(days=1)


def bound(data: Json, context: RuleContext = SCOPE) -> Bound:
    return bind(load_rule(data), context)


def refusal(data: Json, *saved: SegmentDefinition, own: SegmentDefinition | None = None) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        bind(load_rule(data), make_scope(KnownSegments(saved)), own=own)
    assert str(caught.value).startswith(f"{caught.value.field}: ")
    return caught.value


def field_predicate(name: str, op: str, value: Any = None, context: RuleContext = SCOPE) -> Any:
    node = bound(on(name, op, value), context)
    assert isinstance(node, BoundField)
    return node.predicate


def only_orders(bound: BoundRecords) -> OnlyOrders:
    assert isinstance(bound.only, OnlyOrders)
    return bound.only


def records(data: Json, context: RuleContext = SCOPE) -> BoundRecords:
    node = bound(data, context)
    assert isinstance(node, BoundRecords)
    return node


@pytest.mark.parametrize(
    ("node", "path", "reason"),
    [
        (on("total_spent", "gt", 1), "", "there is no field 'total_spent'. Did you mean total_spend"),
        (on("$where", "eq", "1"), "", "there is no field '$where'"),
        (on("spend", "gt", 1), "", "there is no field 'spend'"),
        (on("attributes.nothing", "gt", 1), "", "there is no field 'attributes.nothing'"),
        (on("attributes.colour", "eq", "x"), "", "are of several types; declare its type"),
        (on("visits", "contains", "x"), ".op", "'contains' does not go with a number field; allowed are gt"),
        (on("city", "$ne", "x"), ".op", "'$ne' does not go with a text field"),
        (on("visits", "gt", "3"), ".value", "'3' is no number"),
        (on("visits", "gt", True), ".value", "true is no number"),
        (on("visits", "gt"), ".value", "is no number"),
        (on("city", "eq", 5), ".value", "5 is no text"),
        (on("city", "eq", ""), ".value", "an empty text is no value"),
        (on("city", "in", []), ".value", "at least one text"),
        (on("city", "in", ["a", ""]), ".value", "an empty text is no value"),
        (on("visits", "between", [3, 1]), ".value", "reversed"),
        (on("last_order_at", "on", "yesterday"), ".value", "is no date"),
        (on("last_order_at", "in_last_days", -1), ".value", "from 0 to 36,500"),
        (on("vegan", "is", True) | {"field": "attributes.vegan", "value": 1}, ".value", "neither true nor false"),
        (on("email", "is_set", "x"), ".value", "takes no value"),
        (orders("is_set", 1), ".op", "'is_set' does not go with a figure over orders or events"),
        (orders("gt", "many", "sum"), ".value", "'many' is no number"),
        (orders("between", [2, 1], "avg"), ".value", "reversed"),
        (orders("gt", 1, category=""), ".category", "an empty text is no value"),
        (orders("gt", 1, category="x" * 201), ".category", "at most 200 characters"),
        (orders("gt", 1, category="\0"), ".category", "is no text"),
        (orders("gt", 1, min_amount=1e16), ".min_amount", "beyond 10^15"),
        (events("visit", "contains", "x"), ".op", "'contains' does not go with a figure over orders or events"),
        (events("visit", "gt", [1]), ".value", "is no number"),
        (use("s9"), ".segment_id", "there is no segment with the id 's9'"),
    ],
)
def test_a_node_that_means_nothing_is_refused_with_its_path(node: Json, path: str, reason: str) -> None:
    for data, place in (
        (node, "rule"),
        (group("all", FINE, node), "rule.rules[1]"),
        (group("any", group("none", FINE, FINE, node)), "rule.rules[0].rules[2]"),
    ):
        with pytest.raises(InvalidInput) as caught:
            bound(data)
        assert caught.value.field == place + path
        assert str(caught.value).startswith(f"{place}{path}: ")
        assert reason in str(caught.value)


def test_an_unknown_field_is_an_error_of_its_own() -> None:
    with pytest.raises(UnknownField):
        bound(on("nothing", "eq", 1))


@pytest.mark.parametrize("value", [{"$gt": ""}, [{"$gt": ""}], float("nan"), [float("nan")], float("inf")])
def test_what_is_no_value_never_gets_as_far_as_a_binding(value: Any) -> None:
    with pytest.raises(BadRule) as caught:
        load_rule(group("all", FINE, on("city", "eq", value)))
    assert caught.value.field == "rule.rules[1].value"


def test_a_segment_that_uses_itself_is_refused_with_its_name() -> None:
    exc = refusal(use("a"), segment("a", group("all", FINE, use("a")), "Big"))
    assert "a segment cannot contain itself, and here “Big” → “Big”" in str(exc)
    assert exc.field == "rule.segment “Big”.rules[1].segment_id"


def test_a_cycle_over_other_segments_is_refused_with_their_names() -> None:
    saved = [segment("a", use("b"), "A"), segment("b", group("any", use("c")), "B"), segment("c", use("a"), "C")]
    assert "cannot contain itself, and here “A” → “B” → “C” → “A”" in str(refusal(use("a"), *saved))
    assert "cannot contain itself, and here “B” → “C” → “A” → “B”" in str(refusal(group("none", use("b")), *saved))


def test_a_rule_that_is_going_to_be_a_segment_cannot_use_it() -> None:
    own = segment("a", FINE, "A")
    exc = refusal(use("a"), own, own=own)
    assert "cannot contain itself, and here “A” → “A”" in str(exc)
    assert exc.field == "rule.segment_id"
    exc = refusal(group("all", use("b")), own, segment("b", use("a"), "B"), own=own)
    assert "cannot contain itself, and here “A” → “B” → “A”" in str(exc)
    bind(load_rule(use("a")), make_scope(KnownSegments([own])))


def test_the_same_segment_may_be_used_twice_side_by_side() -> None:
    node = bound(group("any", use("s1"), use("s1"), use("s2")))
    assert [found.id for found in segments_in(node)] == ["s1", "s1", "s2", "s1"]


def chain(length: int) -> list[SegmentDefinition]:
    """Each uses the next one."""
    links = [segment(f"c{number}", use(f"c{number + 1}")) for number in range(length - 1)]
    return [*links, segment(f"c{length - 1}", FINE)]


def test_segments_may_use_each_other_8_deep_and_no_deeper() -> None:
    assert MAX_CHAIN == 8
    node = bind(load_rule(use("c0")), make_scope(KnownSegments(chain(8))))
    assert len(list(segments_in(node))) == 8
    exc = refusal(use("c0"), *chain(9))
    assert "segments may use each other 8 deep, and here “Segment c0” → " in str(exc)
    assert str(exc).endswith("→ “Segment c8”.")


def test_a_segment_of_its_own_counts_as_one_of_the_chain() -> None:
    own = segment("own", FINE)
    bind(load_rule(use("c0")), make_scope(KnownSegments(chain(7))), own=own)
    assert "“Segment own” → “Segment c0”" in str(refusal(use("c0"), *chain(8), own=own))


def test_segments_that_multiply_are_refused_at_1_000_nodes() -> None:
    exc = refusal(
        group("all", *[use("a")] * 30),
        segment("a", group("any", *[use("b")] * 30)),
        segment("b", group("any", *[FINE] * 30)),
    )
    assert "a rule may have 1,000 nodes with the segments that it uses" in str(exc)


def test_a_rule_may_have_1_000_nodes_with_its_segments_and_no_more() -> None:
    big = segment("big", group("all", *[FINE] * 196))  # 198 nodes each time with the node that uses it
    context = make_scope(KnownSegments([big]))
    bind(load_rule(group("any", *[use("big")] * 5, *[FINE] * 9)), context)
    with pytest.raises(BadRule, match="1,000 nodes"):
        bind(load_rule(group("any", *[use("big")] * 5, *[FINE] * 10)), context)


def test_an_error_within_a_segment_names_the_segment() -> None:
    saved = [
        segment("a", group("all", FINE, on("gone", "eq", 1)), "Old"),
        segment("b", group("any", use("a")), "Outer"),
    ]
    exc = refusal(group("all", FINE, use("a")), *saved)
    assert exc.field == "rule.rules[1].segment “Old”.rules[1]"
    assert "there is no field 'gone'" in str(exc)
    assert refusal(use("b"), *saved).field == "rule.segment “Outer”.rules[0].segment “Old”.rules[1]"


def test_a_segment_is_bound_to_the_rule_that_it_has_now() -> None:
    node = bound(use("s1"))
    assert isinstance(node, BoundSegment)
    assert node.segment.name == "Big spenders"
    assert node.child == replace(bound(on("total_spend", "gt", 100)), path="rule.segment “Big spenders”")


@pytest.mark.parametrize(
    ("data", "asks"),
    [
        (group("all"), False),
        (group("none", group("any"), group("all", group("none"))), False),
        (use("s3"), False),
        (group("any", use("s3")), False),
        (use("s1"), True),
        (FINE, True),
        (picked("ann"), True),
        (orders("gte", 0), True),
        (events("visit", "gte", 0), True),
        (group("none", group("all"), group("any", FINE)), True),
    ],
)
def test_a_rule_asks_something_of_a_customer_also_through_groups_and_segments(data: Json, asks: bool) -> None:
    assert has_conditions(bound(data)) is asks


def test_the_segments_of_a_rule_are_those_it_names_and_those_that_these_name() -> None:
    assert [found.id for found in segments_in(bound(group("all", FINE, use("s2"), use("s3"))))] == ["s2", "s1", "s3"]
    assert list(segments_in(bound(group("all", FINE, picked("s1"))))) == []


def test_the_moment_is_taken_to_the_millisecond() -> None:
    late = RuleContext(datetime(2026, 6, 15, 12, 0, 0, 123_999, tzinfo=UTC), 2, fold)
    now = datetime(2026, 6, 15, 12, 0, 0, 123_000, tzinfo=UTC)
    assert late.now == now
    assert field_predicate("last_order_at", "in_last_days", 7, late) == Range(now - 7 * DAY, now)
    assert records(orders("gt", 1, within_days=7), late).only.window == (now - 7 * DAY, now)


@pytest.mark.parametrize(
    ("op", "value", "wanted"),
    [
        ("gt", 100.005, Range(10001, None)),
        ("gte", 100.005, Range(10001, None)),
        ("lt", 100.005, Range(None, 10000)),
        ("lte", 100.005, Range(None, 10000)),
        ("gt", 100, Range(10001, None)),
        ("gte", 100, Range(10000, None)),
        ("lt", 100, Range(None, 9999)),
        ("lte", 100, Range(None, 10000)),
        ("eq", 29.33, Range(2933, 2933)),
        ("ne", 29.33, Range(2933, 2933)),
        ("between", [10.001, 20.009], Range(1001, 2000)),
        ("not_between", [10.001, 20.009], Range(1001, 2000)),
        ("gt", -0.005, Range(0, None)),
        ("lt", -0.005, Range(None, -1)),
    ],
)
def test_the_ends_of_money_are_whole_minor_units(op: str, value: Any, wanted: Range) -> None:
    assert field_predicate("total_spend", op, value) == wanted
    assert records(orders(op, value, "sum")).predicate == wanted


def test_no_whole_amount_is_equal_to_a_part_of_a_minor_unit() -> None:
    assert field_predicate("total_spend", "eq", 100.005).is_empty
    assert field_predicate("visits", "between", [2.2, 2.8]).is_empty
    assert not field_predicate("visits", "between", [2.2, 3]).is_empty


def test_the_ends_of_counts_are_whole_and_of_custom_numbers_as_they_are() -> None:
    assert field_predicate("visits", "gt", 2.5) == Range(3, None)
    assert field_predicate("visits", "lt", 3) == Range(None, 2)
    assert records(orders("gte", 1.5)).predicate == Range(2, None)
    assert records(events("visit", "lt", 1.5)).predicate == Range(None, 1)
    assert field_predicate("attributes.score", "gt", 2.5) == Range(2.5, without_low=True)
    assert field_predicate("attributes.score", "lt", 3) == Range(None, 3, without_high=True)


def test_the_ends_of_averages_are_not_rounded() -> None:
    third = field_predicate("avg_order_value", "gt", 33.335)
    assert third == Range(Fraction(66670, 20), without_low=True)
    assert records(orders("lte", 33.335, "avg")).predicate == Range(None, Fraction(66670, 20))


def test_currencies_without_minor_units_have_whole_ends() -> None:
    yen = replace(make_scope(), digits=0)
    assert field_predicate("total_spend", "gt", 100.5, yen) == Range(101, None)
    assert only_orders(records(orders("gte", 1, "max", min_amount=100.5), yen)).min_amount == 101


@pytest.mark.parametrize(("amount", "minor"), [(20, 2000), (29.33, 2933), (0.001, 1), (0, 0)])
def test_a_least_amount_is_the_next_whole_minor_unit(amount: float, minor: int) -> None:
    assert only_orders(records(orders("gt", 1, min_amount=amount))).min_amount == minor


@pytest.mark.parametrize(
    ("op", "value", "wanted"),
    [
        ("before", "2026-01-31", Range(None, datetime(2026, 1, 31, tzinfo=UTC), without_high=True)),
        ("after", "2026-01-31", Range(datetime(2026, 2, 1, tzinfo=UTC))),
        ("on", "2026-01-31", Range(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), False, True)),
        (
            "between",
            ["2026-01-01", "2026-01-31"],
            Range(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), False, True),
        ),
        ("in_last_days", 30, Range(NOW - 30 * DAY, NOW)),
        ("in_last_days", 0, Range(NOW, NOW)),
        ("more_than_days_ago", 90, Range(None, NOW - 90 * DAY)),
        ("in_next_days", 30, Range(NOW, NOW + 30 * DAY)),
        ("in_next_days", 0, Range(NOW, NOW)),
        ("more_than_days_ahead", 90, Range(NOW + 90 * DAY)),
    ],
)
def test_dates_are_days_in_utc_and_windows_count_24_hours(op: str, value: Any, wanted: Range) -> None:
    assert field_predicate("last_order_at", op, value) == wanted
    span = field_predicate("attributes.birthday", op, value)
    assert isinstance(span, Span)
    assert span.moments == wanted


def test_texts_are_folded() -> None:
    assert field_predicate("city", "eq", "STRASSE") == OneOf(frozenset({"strasse"}))
    assert field_predicate("city", "contains", "Straße") == Contains("strasse")
    assert field_predicate("tags", "has_none", ["VIP", "vip", "New"]) == HasAny(frozenset({"vip", "new"}))
    assert only_orders(records(orders("gt", 1, category="BOOKS"))).category == "books"


def test_every_node_knows_its_path_and_its_rule() -> None:
    data = group("all", FINE, group("any", orders("gt", 1), use("s2")))
    node = bound(data)
    paths: dict[str, AnyRule] = {}

    def note(each: Bound) -> None:
        paths[each.path] = each.rule
        children = each.children if isinstance(each, BoundGroup) else ()
        for child in (each.child,) if isinstance(each, BoundSegment) else children:
            note(child)

    note(node)
    inner = 'rule.rules[1].rules[1].segment “Größe "XL"\n\\ it\'s”'
    assert [*paths] == [
        *("rule", "rule.rules[0]", "rule.rules[1]", "rule.rules[1].rules[0]", "rule.rules[1].rules[1]"),
        *(inner, f"{inner}.rules[0]", f"{inner}.rules[0].segment “Big spenders”", f"{inner}.rules[1]"),
    ]
    assert paths["rule"] == load_rule(data)
    assert paths["rule.rules[1].rules[0]"] == load_rule(orders("gt", 1))


def unbound(node: Bound) -> AnyRule:
    """The tree, taken from the leaves of a bound one."""
    if isinstance(node, BoundGroup):
        return GroupRule(kind=node.rule.kind, rules=tuple(map(unbound, node.children)))
    return node.rule


@given(RULES)
def test_a_bound_rule_has_the_shape_of_its_tree(rule: AnyRule) -> None:
    assert unbound(bind(rule, SCOPE)) == rule
