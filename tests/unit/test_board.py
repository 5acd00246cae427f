"""The rule board as a value: it says exactly the rule that was put on it, and of each chip what is wrong with it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from crm_core.errors import NotFound
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.context import KnownSegments, RuleContext, SegmentDefinition
from crm_core.rules.fields import Catalogue, FieldType
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.sentence import to_sentence
from crm_core.rules.tree import EVERYONE, GroupRule
from pages.builder.board import moves
from pages.builder.board.board import Board, board_of
from pages.builder.board.drafts import is_filled
from pages.builder.board.tree import Condition, Group
from tests.engines.trees import TREES_WITH_SEGMENTS
from tests.unit.board_samples import (
    BOOKS,
    CITY,
    EVENTS,
    OPEN_CITY,
    SPEND,
    VISITS,
    board,
    boards,
    group,
    id_at,
    ids_of,
)

NOW = datetime(2026, 6, 15, tzinfo=UTC)
VIP = SegmentDefinition("s1", "VIP", 1, load_rule(SPEND))
SCOPE = RuleContext(NOW, 2, fold, Catalogue({"size": FieldType.NUMBER, "mixed": None}), KnownSegments([VIP]))


@given(TREES_WITH_SEGMENTS)
def test_a_rule_comes_back_from_the_board_as_it_was(tree: dict[str, Any]) -> None:
    rule = load_rule(tree)
    held = board_of(rule, first_id=7)
    assert not held.incomplete
    ids = ids_of(held)
    assert min(ids) == 7
    assert len(set(ids)) == len(ids)
    assert held.next_id not in ids
    assert held.selected in ids
    if isinstance(rule, GroupRule) and (rule.rules or rule.kind == "all"):
        assert held.to_rule() == rule
    else:
        assert held.to_rule() == GroupRule(kind="all", rules=(rule,))  # which means the same


@given(boards())
def test_every_board_makes_a_rule_that_loads_and_has_what_is_complete(held: Board) -> None:
    rule = held.to_rule()
    assert load_rule(dump_rule(rule)) == rule
    for path, node in held.nodes:
        place = held.place_of(node.id)
        assert (place is None) == (path != () and node in held.incomplete)
        if place is not None and isinstance(node, Condition):
            assert node_in(rule, place) == load_rule(dict(node.draft))


def node_in(rule: Any, place: tuple[int, ...]) -> Any:
    for index in place:
        rule = rule.rules[index]
    return rule


def test_an_empty_board_asks_nothing_whatever_its_kind() -> None:
    assert Board().to_rule() == Board(Group(0, "any")).to_rule() == Board(Group(0, "none")).to_rule() == EVERYONE


def test_what_is_open_is_left_out_and_places_are_counted_without_it() -> None:
    held = board("all", SPEND, group("any", VISITS))
    held = moves.add(held, OPEN_CITY, held.root.id, 0)
    held = moves.add(held, Group(0, "none"), held.root.id, 2)
    assert dump_rule(held.to_rule()) == group("all", SPEND, group("any", VISITS))
    assert [node.id for node in held.incomplete] == [id_at(held, 0), id_at(held, 2)]
    assert held.place_of(id_at(held, 1)) == (0,)
    assert held.place_of(id_at(held, 3)) == (1,)
    assert held.place_of(id_at(held, 3, 0)) == (1, 0)
    assert held.place_of(id_at(held, 0)) is None
    assert held.place_of(held.root.id) == ()


def test_a_group_of_open_rules_alone_is_left_out_with_them() -> None:
    held = moves.add(board("all", SPEND), Group(0, "any"), 1)
    held = moves.add(held, OPEN_CITY, held.selected)
    assert dump_rule(held.to_rule()) == group("all", SPEND)
    assert [type(node) for node in held.incomplete] == [Group, Condition]


@pytest.mark.parametrize("kind", ["all", "any", "none"])
def test_an_empty_group_that_was_saved_stays_a_chip_with_its_meaning(kind: str) -> None:
    held = board("any", SPEND, group(kind))
    chip = held.node(id_at(held, 1))
    assert isinstance(chip, Condition)
    assert chip.kind == kind
    assert not held.incomplete
    assert dump_rule(held.to_rule()) == group("any", SPEND, group(kind))
    assert not held.problems(SCOPE)


@pytest.mark.parametrize("kind", ["any", "none"])
def test_a_rule_that_is_nothing_but_an_empty_group_keeps_its_meaning(kind: str) -> None:
    rule = load_rule(group(kind))
    assert sentence(board_of(rule).to_rule()) == sentence(rule)


def sentence(rule: Any) -> str:
    return to_sentence(bind(rule, SCOPE), str)


@pytest.mark.parametrize("value", [0, 0.0, False, "x", ["x"]])
def test_nothing_and_no_are_values_too(value: Any) -> None:
    assert is_filled({"kind": "field", "field": "visits", "op": "eq", "value": value})


@pytest.mark.parametrize(
    "draft",
    [
        {"kind": "field", "field": "visits", "op": "gt"},
        {"kind": "field", "field": "visits", "op": "gt", "value": None},
        {"kind": "field", "field": "city", "op": "eq", "value": ""},
        {"kind": "field", "field": "city", "op": "in", "value": []},
        {"kind": "field", "field": "visits", "op": "between", "value": [1, None]},
        {"kind": "field", "field": "visits", "op": "between", "value": [7, 4]},
        {"kind": "field", "field": "created_at", "op": "between", "value": ["2026-02-01", "2026-01-01"]},
        {"kind": "orders", "measure": "sum", "op": "gte"},
        {"kind": "events", "op": "gte", "value": 1},
        {"kind": "segment"},
        {"kind": "list", "customer_ids": []},
    ],
    ids=json.dumps,
)
def test_a_condition_that_lacks_something_is_incomplete(draft: dict[str, Any]) -> None:
    assert not is_filled(draft)
    held = moves.add(board("all", SPEND), Condition(0, draft), 1)
    assert dump_rule(held.to_rule()) == group("all", SPEND)
    assert not held.problems(SCOPE)  # it is named as not counted instead


def test_an_operator_that_takes_nothing_needs_no_value() -> None:
    assert is_filled({"kind": "field", "field": "city", "op": "is_set"})


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ({"kind": "segment", "segment_id": "gone"}, "There is no segment with the id 'gone'."),
        ({"kind": "field", "field": "attributes.mixed", "op": "gt", "value": 1}, "of several types"),
        ({"kind": "field", "field": "attributes.gone", "op": "gt", "value": 1}, "there is no field"),
        ({"kind": "field", "field": "attributes.size", "op": "contains", "value": "x"}, "does not go with"),
        ({"kind": "field", "field": "visits", "op": "gt", "value": "many"}, "is no number"),
    ],
)
def test_of_all_rules_the_one_that_cannot_be_evaluated_is_named(draft: dict[str, Any], words: str) -> None:
    held = board("all", SPEND, group("any", VISITS, draft))
    problems = held.problems(SCOPE)
    assert list(problems) == [id_at(held, 1, 1)]
    assert words.lower() in problems[id_at(held, 1, 1)].lower()
    assert "rule." not in problems[id_at(held, 1, 1)]


def test_a_segment_cannot_hold_itself() -> None:
    held = board("all", {"kind": "segment", "segment_id": "s1"})
    assert not held.problems(SCOPE)
    assert "cannot contain itself" in held.problems(SCOPE, VIP)[id_at(held, 0)]


def test_what_is_too_large_only_as_a_whole_is_said_of_the_root() -> None:
    large = SegmentDefinition("large", "Large", 1, load_rule(group("any", *[VISITS] * 199)))
    context = RuleContext(NOW, 2, fold, segments=KnownSegments([large]))
    held = board("all", *[{"kind": "segment", "segment_id": "large"}] * 5)
    assert list(held.problems(context)) == [held.root.id]
    assert "1,000 nodes" in held.problems(context)[held.root.id]


def test_a_changed_value_is_in_the_rule_and_nothing_else_changes() -> None:
    held = board("all", SPEND, group("none", BOOKS, EVENTS))
    changed = held.with_draft(id_at(held, 1, 0), {"value": 5})
    assert dump_rule(changed.to_rule()) == group("all", SPEND, group("none", BOOKS | {"value": 5}, EVENTS))
    assert changed.revision > held.revision
    assert ids_of(changed) == ids_of(held)
    assert held.with_draft(id_at(held, 1, 0), {"value": 2}) is held


def test_a_filter_that_is_cleared_is_not_in_the_rule() -> None:
    held = board("all", BOOKS)
    changed = held.with_draft(id_at(held, 0), {"category": None, "within_days": 30})
    expected = {"kind": "orders", "measure": "count", "op": "gte", "value": 2, "within_days": 30}
    assert dump_rule(changed.to_rule()) == group("all", expected)


def test_what_is_not_on_the_board_is_not_found() -> None:
    held = board("all", CITY)
    for ask in (held.node, held.select, held.path_of, held.group_of, held.condition):
        with pytest.raises(NotFound, match="not on the board any more"):
            ask(99)
    with pytest.raises(NotFound, match="a group, no rule"):
        held.condition(held.root.id)
    assert held.place_of(99) is None


@given(boards())
def test_boards_that_show_the_same_have_the_same_outline(held: Board) -> None:
    again = board_of(held.to_rule(), first_id=1000)
    if held.incomplete:
        assert again.outline != held.outline
    elif not held.is_empty:
        assert again.outline == held.outline
