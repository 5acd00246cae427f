"""What buttons do to the board: by the paths of the chips, and never beyond what a rule may be."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.rules.loading import dump_rule, load_rule
from pages.builder.board import moves
from pages.builder.board.board import Board
from pages.builder.board.tree import Condition, Group
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
    moved,
    random_moves,
)

HELD = board("all", SPEND, group("any", VISITS, CITY), BOOKS)


def after(move: Callable[[Board, int], Board], *path: int) -> dict[str, Any]:
    return dump_rule(move(HELD, id_at(HELD, *path)).to_rule())


def test_what_is_added_stands_where_it_was_put_and_is_selected() -> None:
    made = moves.add(HELD, OPEN_CITY, id_at(HELD, 1), 1)
    assert made.path_of(made.selected) == (1, 1)
    assert made.selected not in ids_of(HELD)
    assert moves.add(HELD, OPEN_CITY, id_at(HELD, 1)).path_of(HELD.next_id) == (1, 2)
    assert moves.add(HELD, OPEN_CITY, id_at(HELD, 1, 0)).path_of(HELD.next_id) == (1, 2)  # beside a rule
    assert moves.add(HELD, OPEN_CITY, HELD.root.id).path_of(HELD.next_id) == (3,)


def test_a_removed_group_takes_all_that_is_in_it() -> None:
    assert after(moves.remove, 1) == group("all", SPEND, BOOKS)
    assert after(moves.remove, 1, 0) == group("all", SPEND, group("any", CITY), BOOKS)


def test_removing_what_is_selected_goes_on_beside_it_and_else_keeps_the_selection() -> None:
    on_books = HELD.select(id_at(HELD, 2))
    assert moves.remove(on_books, id_at(HELD, 2)).selected == id_at(HELD, 1)
    assert moves.remove(on_books, id_at(HELD, 0)).selected == id_at(HELD, 2)
    only = board("all", SPEND)
    assert moves.remove(only, id_at(only, 0)).selected == only.root.id


def test_a_copy_stands_behind_and_shares_no_id() -> None:
    copied = moves.duplicate(HELD, id_at(HELD, 1))
    pair = group("any", VISITS, CITY)
    assert dump_rule(copied.to_rule()) == group("all", SPEND, pair, pair, BOOKS)
    assert len(set(ids_of(copied))) == len(ids_of(copied)) == len(ids_of(HELD)) + 3
    assert copied.path_of(copied.selected) == (2,)


def test_up_and_down_change_the_order_and_stop_at_the_ends() -> None:
    assert after(lambda held, node: moves.shift(held, node, -1), 2) == group(
        "all", SPEND, BOOKS, group("any", VISITS, CITY)
    )
    assert after(lambda held, node: moves.shift(held, node, 1), 1, 0) == group(
        "all", SPEND, group("any", CITY, VISITS), BOOKS
    )
    for by, path in ((-1, (0,)), (1, (2,)), (1, (1, 1))):
        assert not moves.can_shift(HELD, id_at(HELD, *path), by)
        with pytest.raises(InvalidInput, match=r"nothing (above|below) it"):
            moves.shift(HELD, id_at(HELD, *path), by)


def test_into_the_group_beside_it_means_next_to_where_it_was() -> None:
    assert after(moves.move_in, 0) == group("all", group("any", SPEND, VISITS, CITY), BOOKS)
    assert after(moves.move_in, 2) == group("all", SPEND, group("any", VISITS, CITY, BOOKS))
    with pytest.raises(InvalidInput, match="no group right above or below"):
        moves.move_in(HELD, id_at(HELD, 1))


def test_of_two_groups_beside_it_a_rule_goes_into_the_upper_one() -> None:
    held = board("all", group("any", VISITS), SPEND, group("none", CITY))
    inside = moves.move_in(held, id_at(held, 1))
    assert dump_rule(inside.to_rule()) == group("all", group("any", VISITS, SPEND), group("none", CITY))


def test_out_of_its_group_means_right_behind_it() -> None:
    assert after(moves.move_out, 1, 0) == group("all", SPEND, group("any", CITY), VISITS, BOOKS)
    with pytest.raises(InvalidInput, match="outermost group already"):
        moves.move_out(HELD, id_at(HELD, 0))


def test_a_new_group_around_a_rule_changes_nothing_until_more_is_in_it() -> None:
    wrapped = moves.wrap(HELD, id_at(HELD, 0))
    assert dump_rule(wrapped.to_rule()) == group("all", group("any", SPEND), group("any", VISITS, CITY), BOOKS)
    assert wrapped.path_of(wrapped.selected) == (0,)
    inner = moves.wrap(HELD, id_at(HELD, 1, 0)).node(HELD.next_id)
    assert isinstance(inner, Group)
    assert inner.kind == "all"  # in an ANY group, an ANY group would say nothing new


def test_a_dissolved_group_leaves_its_rules_in_its_place() -> None:
    assert after(moves.dissolve, 1) == group("all", SPEND, VISITS, CITY, BOOKS)


def test_a_group_is_switched_in_place() -> None:
    held = moves.switch(HELD, id_at(HELD, 1), "none")
    assert dump_rule(held.to_rule()) == group("all", SPEND, group("none", VISITS, CITY), BOOKS)
    assert moves.switch(HELD, HELD.root.id, "all") is HELD


@pytest.mark.parametrize("move", [moves.remove, moves.duplicate, moves.move_in, moves.move_out, moves.wrap])
def test_the_outermost_group_neither_moves_nor_goes(move: Callable[[Board, int], Board]) -> None:
    with pytest.raises(InvalidInput, match="outermost"):
        move(HELD, HELD.root.id)


def test_another_way_to_match_stands_in_an_any_group_with_it() -> None:
    assert dump_rule(moves.or_else(HELD, id_at(HELD, 0), _node(VISITS)).to_rule()) == group(
        "all", group("any", SPEND, VISITS), group("any", VISITS, CITY), BOOKS
    )
    assert dump_rule(moves.or_else(HELD, id_at(HELD, 1, 0), _node(SPEND)).to_rule()) == group(
        "all", SPEND, group("any", VISITS, SPEND, CITY), BOOKS
    )
    on_spend = HELD.select(id_at(HELD, 0))
    assert moves.or_else(on_spend, id_at(HELD, 0), _node(VISITS)).selected == on_spend.selected


def _node(rule: dict[str, Any]) -> Condition:
    return Condition(0, rule)


def test_clearing_leaves_an_empty_board_and_ids_go_on() -> None:
    cleared = moves.clear(HELD)
    assert cleared.is_empty
    assert cleared.selected == cleared.root.id
    assert cleared.next_id == HELD.next_id


def test_a_ninth_level_is_refused() -> None:
    deep = board("all", SPEND)
    for _ in range(6):
        deep = moves.wrap(deep, id_at(deep, *(0,) * (len(deep.nodes) - 1)))
    load_rule(dump_rule(deep.to_rule()))
    with pytest.raises(InvalidInput, match="Groups nest 8 levels deep"):
        moves.wrap(deep, deep.nodes[-1][1].id)


def test_the_two_hundred_and_first_node_is_refused() -> None:
    full = board("all", *[EVENTS] * 199)
    with pytest.raises(InvalidInput, match="holds 200 rules and groups"):
        moves.add(full, OPEN_CITY, full.root.id)
    with pytest.raises(InvalidInput, match="holds 200 rules and groups"):
        moves.duplicate(full, id_at(full, 0))
    assert moves.remove(full, id_at(full, 0))


@settings(max_examples=300)
@given(boards(), st.lists(random_moves(), max_size=12))
def test_whatever_people_do_the_board_is_sound_and_its_rule_loads(
    held: Board, acts: Sequence[Callable[[Board], Board]]
) -> None:
    for act in acts:
        before, held = held, moved(held, act)
        ids = ids_of(held)
        assert len(set(ids)) == len(ids)
        assert max(ids) < held.next_id
        assert held.selected in ids
        assert held.revision == before.revision + (held.root != before.root)
        rule = held.to_rule()
        assert load_rule(dump_rule(rule)) == rule
