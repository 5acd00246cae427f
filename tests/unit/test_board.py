"""The rule board as a value: what a drag does to it, and that it says exactly the rule of a segment."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import BadRule
from crm_core.money import money_formatter
from crm_core.rules.fields import FIELDS, CustomerField, FieldType
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.operators import Operator, Takes, operators_for
from crm_core.rules.tree import GroupRule, OrdersRule
from pages._ui.board import ORDERS, Board, Condition, board_of, chip_texts, palette_texts

MONEY = money_formatter("USD")
SPEND = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
VISITS = {"kind": "field", "field": "visits", "op": "lt", "value": 3}
BOOKS = {"kind": "orders", "measure": "count", "op": "gte", "value": 2, "category": "Books"}

NAMES = st.sampled_from([ORDERS, *(found.name for found in FIELDS)])
AMOUNTS = st.integers(0, 10**6)
DAYS = st.dates().filter(lambda day: 1900 <= day.year <= 9998).map(lambda day: day.isoformat())
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
SCALARS = {
    FieldType.NUMBER: AMOUNTS,
    FieldType.MONEY: AMOUNTS,
    FieldType.TEXT: TEXTS,
    FieldType.LIST: TEXTS,
    FieldType.DATE: DAYS,
    FieldType.BOOLEAN: st.booleans(),
}
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "category": TEXTS,
        "status": st.sampled_from(["pending", "shipped", "cancelled"]),
        "min_amount": st.floats(0, 1000),
        "within_days": st.integers(1, 365),
    },
)


def group(kind: str, *rules: Any) -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}


def board(kind: str, *rules: Any) -> Board:
    return board_of(load_rule(group(kind, *rules)))


def chips(held: Board) -> list[str]:
    return list(chip_texts(held, MONEY))


def dragged(held: Board, *texts: str) -> Board:
    """The board after a drag that left these chips among the rules."""
    return held.arrange(texts, {**palette_texts(), **chip_texts(held, MONEY)})


def names(held: Board) -> list[str]:
    return [condition.name for condition in held.conditions]


def values_of(operator: Operator, kind: FieldType) -> st.SearchStrategy[Any]:
    match operator.takes:
        case Takes.NOTHING:
            return st.none()
        case Takes.DAYS:
            return st.integers(0, 36_500)
        case Takes.MANY:
            return st.lists(TEXTS, min_size=1, max_size=3)
        case Takes.RANGE:
            return st.lists(SCALARS[kind], min_size=2, max_size=2).map(sorted)
        case _:
            return SCALARS[kind]


@st.composite
def field_rules(draw: st.DrawFn, found: CustomerField | None = None) -> dict[str, Any]:
    found = found or draw(st.sampled_from(FIELDS))
    operator = draw(st.sampled_from(operators_for(found.type)))
    rule = {"kind": "field", "field": found.name, "op": operator.key}
    value = draw(values_of(operator, found.type))
    return rule if value is None else rule | {"value": value}


@st.composite
def orders_rules(draw: st.DrawFn) -> dict[str, Any]:
    operator = draw(
        st.sampled_from([each for each in operators_for(FieldType.NUMBER) if each.takes is not Takes.NOTHING])
    )
    value = draw(values_of(operator, FieldType.NUMBER))
    return {"kind": "orders", "measure": "count", "op": operator.key, "value": value} | draw(FILTERS)


@st.composite
def complete_conditions(draw: st.DrawFn) -> Condition:
    blank = Condition(1, draw(NAMES), "")
    operator = draw(st.sampled_from(blank.operators))
    filters = draw(FILTERS) if blank.name == ORDERS else {}
    return replace(blank, op=operator.key, value=draw(values_of(operator, blank.type)), filters=filters)


FLAT_RULES = st.builds(
    lambda kind, rules: group(kind, *rules),
    st.sampled_from(["all", "any"]),
    st.lists(field_rules() | orders_rules(), min_size=1, max_size=5),
)


@st.composite
def boards(draw: st.DrawFn) -> Board:
    """Boards with complete and half-edited conditions, equal ones among them."""
    held = board_of(load_rule(draw(FLAT_RULES)))
    for name in draw(st.lists(NAMES, max_size=3)):
        held = held.add(name, draw(st.integers(0, len(held.conditions))))
    if draw(st.booleans()):
        twin = replace(held.conditions[0], id=held.next_id)
        held = replace(held, conditions=(*held.conditions, twin), next_id=held.next_id + 1)
    return held


def test_an_empty_board_says_everyone() -> None:
    assert Board().to_rule() == Board(kind="any").to_rule() == GroupRule(kind="all")


def test_the_palette_offers_every_field_of_the_catalogue_and_orders() -> None:
    assert set(palette_texts().values()) == {ORDERS, *(found.name for found in FIELDS)}


@given(boards(), st.sampled_from(list(palette_texts())), st.data())
def test_a_palette_chip_becomes_a_selected_incomplete_condition_where_it_was_dropped(
    held: Board, label: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(held.conditions)))
    texts = chips(held)
    after = dragged(held, *texts[:place], label, *texts[place:])
    made = after.conditions[place]
    assert (made.name, made.label, made.id) == (palette_texts()[label], label, after.selected)
    assert not made.is_complete
    assert after.conditions[:place] + after.conditions[place + 1 :] == held.conditions
    assert after.revision > held.revision  # the palette lacks the chip until the board is drawn anew
    assert after.to_rule() == held.to_rule()


@given(boards(), st.randoms())
def test_a_new_order_keeps_the_revision_and_what_is_selected(held: Board, random: Any) -> None:
    texts = chips(held)
    random.shuffle(texts)
    after = dragged(held, *texts)
    assert [chip_texts(held, MONEY)[text] for text in texts] == list(after.conditions)
    assert (after.revision, after.selected, after.kind) == (held.revision, held.selected, held.kind)


@given(boards(), st.data())
def test_a_chip_dragged_out_of_the_rules_is_removed_and_no_other(held: Board, data: st.DataObject) -> None:
    texts = chips(held)
    gone = data.draw(st.sampled_from(texts))
    after = dragged(held, *(text for text in texts if text != gone))
    removed = chip_texts(held, MONEY)[gone]
    assert after.conditions == tuple(each for each in held.conditions if each.id != removed.id)
    assert after.conditions == held.remove(removed.id).conditions
    assert after.condition(after.selected) is not None or not after.conditions
    assert after.revision > held.revision


def test_removing_what_is_edited_goes_on_with_the_last_condition() -> None:
    held = board("all", SPEND, VISITS, BOOKS)
    assert held.selected == 1
    assert held.remove(1).selected == 3
    assert held.remove(2).selected == 1
    assert held.remove(1).remove(2).remove(3).selected is None


@given(boards())
def test_every_condition_has_a_chip_of_its_own_text(held: Board) -> None:
    texts = chip_texts(held, MONEY)
    assert list(texts.values()) == list(held.conditions)
    assert not set(texts) & set(palette_texts())


def test_equal_conditions_look_the_same_and_can_be_removed_one_by_one() -> None:
    held = board("all", SPEND, SPEND, SPEND)
    first, second, third = chips(held)
    assert first == second.rstrip("\u200b") == third.rstrip("\u200b") == "Total spend\nmore than $100"
    assert [condition.id for condition in dragged(held, first, third).conditions] == [1, 3]


def test_a_condition_without_a_value_is_in_no_rule_and_its_chip_says_so() -> None:
    held = board("any", SPEND).add("city")
    assert dump_rule(held.to_rule()) == group("any", SPEND)
    assert [condition.label for condition in held.incomplete] == ["City"]
    assert chips(held)[1] == "City\nis one of … choose a value below"


@pytest.mark.parametrize("value", [0, 0.0, False, "x", ["x"]])
def test_nothing_and_no_are_values_too(value: Any) -> None:
    assert Condition(1, "visits", "eq", value).is_complete


@pytest.mark.parametrize("value", [None, "", []])
def test_an_operator_that_takes_a_value_is_incomplete_without_one(value: Any) -> None:
    assert not Condition(1, "city", "in", value).is_complete
    assert Condition(1, "city", "is_set", None).is_complete


def test_only_a_change_draws_the_board_anew() -> None:
    held = board("all", SPEND, VISITS)
    spend = held.conditions[0]
    assert held.change(replace(spend)) is held
    changed = held.change(replace(spend, value=200))
    assert dump_rule(changed.to_rule()) == group("all", SPEND | {"value": 200}, VISITS)
    assert changed.revision == held.revision + 1


def test_switching_between_all_and_any_keeps_the_conditions() -> None:
    held = board("all", SPEND, VISITS)
    switched = held.switch("any")
    assert dump_rule(switched.to_rule()) == group("any", SPEND, VISITS)
    assert switched.revision == held.revision + 1
    assert held.switch("all") is held


@given(FLAT_RULES)
def test_a_saved_rule_comes_back_from_the_board_as_it_was(tree: dict[str, Any]) -> None:
    rule = load_rule(tree)
    held = board_of(rule)
    assert held.to_rule() == rule
    assert not held.incomplete
    ids = [condition.id for condition in held.conditions]
    assert len(set(ids)) == len(ids)
    assert held.next_id not in ids
    assert held.selected in ids


def test_the_filters_of_an_orders_condition_come_back() -> None:
    filters = {"category": "Books", "status": "shipped", "min_amount": 29.33, "within_days": 30}
    rule = BOOKS | filters
    held = board("all", rule)
    assert held.conditions[0].filters == filters
    assert dump_rule(held.to_rule()) == group("all", rule)


def test_a_filter_that_is_left_open_is_not_in_the_rule() -> None:
    open_filters = {"category": None, "status": None, "min_amount": None, "within_days": None}
    rule = Condition(1, ORDERS, "gte", 2, open_filters).to_rule()
    assert rule == OrdersRule(op="gte", value=2)


@given(field_rules() | orders_rules())
def test_a_lone_condition_is_shown_as_the_only_one(tree: dict[str, Any]) -> None:
    assert board_of(load_rule(tree)).to_rule() == load_rule(group("all", tree))


@pytest.mark.parametrize(
    "tree",
    [
        group("none", SPEND),
        group("all", group("any", SPEND, VISITS)),
        group("any", SPEND, group("none", VISITS)),
        group("all", group("all")),
    ],
)
def test_groups_in_groups_are_refused_and_not_flattened(tree: dict[str, Any]) -> None:
    with pytest.raises(BadRule, match="nested groups"):
        board_of(load_rule(tree))


@pytest.mark.parametrize(
    "condition",
    [
        {"kind": "events", "type": "visit", "op": "gte", "value": 1},
        {"kind": "segment", "segment_id": "s1"},
        {"kind": "list", "customer_ids": ["c1"]},
        {"kind": "field", "field": "attributes.size", "op": "gt", "value": 1},
        *({**BOOKS, "measure": measure} for measure in ("sum", "avg", "max", "min")),
    ],
    ids=json.dumps,
)
def test_conditions_that_the_board_has_no_room_for_are_refused_and_not_left_out(condition: dict[str, Any]) -> None:
    for tree in (condition, group("all", condition), group("any", SPEND, condition)):
        with pytest.raises(BadRule, match="conditions or nested groups that the board cannot show yet"):
            board_of(load_rule(tree))


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_conditions_stand_in_the_order_in_which_they_were_added(wanted: Sequence[str]) -> None:
    held = Board()
    for name in wanted:
        held = held.add(name)
    assert names(held) == list(wanted)
    assert held.selected == held.conditions[-1].id


@given(complete_conditions())
def test_every_operator_on_offer_makes_a_rule_and_words(condition: Condition) -> None:
    """Also of orders: how many someone has is never missing, so "has a value" is not on offer there."""
    assert condition.is_complete
    assert board_of(condition.to_rule()).conditions == (condition,)
    assert all(condition.words(MONEY))
