"""What a drag did to the board. A drag that makes no sense changes nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import InvalidInput
from crm_core.rules.loading import dump_rule, load_rule
from pages.builder.board.arranging import Arrangement, Chip, arrange
from pages.builder.board.board import Board
from pages.builder.board.moves import add, remove
from pages.builder.board.tree import Condition, Group
from tests.unit.board_samples import BOOKS, CITY, ENTRIES, OPEN_CITY, SPEND, VISITS, board, boards, group, id_at, ids_of

HELD = board("all", SPEND, group("any", VISITS, CITY), BOOKS)
ROOT, INNER = HELD.root.id, id_at(HELD, 1)
A, B, C, D = (id_at(HELD, *path) for path in ((0,), (1, 0), (1, 1), (2,)))


def lying(held: Board) -> dict[int, list[Chip]]:
    """The chips as they lie on the board, by the id of their group."""
    return {node.id: [child.id for child in node.children] for _, node in held.nodes if isinstance(node, Group)}


def drag(root: list[Chip], inner: list[Chip], **places: list[Chip]) -> Board:
    return arrange(HELD, Arrangement({ROOT: root, INNER: inner}, **places))


def rules(held: Board) -> dict[str, Any]:
    return dump_rule(held.to_rule())


def test_a_new_order_is_taken_over() -> None:
    assert rules(drag([D, INNER, A], [C, B])) == group("all", BOOKS, group("any", CITY, VISITS), SPEND)


def test_a_chip_goes_from_one_group_to_another() -> None:
    assert rules(drag([INNER, D], [B, A, C])) == group("all", group("any", VISITS, SPEND, CITY), BOOKS)
    assert ids_of(drag([INNER, D], [B, A, C])) == [ROOT, INNER, B, A, C, D]


def test_a_group_goes_with_all_that_is_in_it() -> None:
    held = add(HELD, Group(0, "none"), ROOT)
    other = held.selected
    lists = lying(held)
    lists[ROOT].remove(INNER)
    lists[other].append(INNER)
    nested = arrange(held, Arrangement(lists))
    assert rules(nested) == group("all", SPEND, BOOKS, group("none", group("any", VISITS, CITY)))


def test_a_chip_of_the_palette_becomes_a_selected_rule_where_it_was_dropped() -> None:
    made = drag([A, INNER, D], [B, OPEN_CITY, C])
    assert made.path_of(made.selected) == (1, 1)
    assert made.selected == HELD.next_id
    assert [node.id for node in made.incomplete] == [made.selected]
    assert rules(made) == rules(HELD)


def test_what_is_dropped_in_the_bin_is_removed_with_what_is_in_it() -> None:
    assert rules(drag([A, D], [B, C], to_remove=[INNER])) == group("all", SPEND, BOOKS)
    assert rules(drag([A, INNER, D], [B], to_remove=[C])) == group("all", SPEND, group("any", VISITS), BOOKS)


def test_a_field_dropped_in_the_bin_changes_nothing() -> None:
    assert drag([A, INNER, D], [B, C], to_remove=[OPEN_CITY]) == HELD


def test_a_card_dropped_on_the_editor_is_selected_and_stays_where_it_was() -> None:
    chosen = drag([A, INNER, D], [B], to_edit=[C])
    assert chosen == replace(HELD, selected=C)
    assert drag([A, D], [B, C], to_edit=[INNER]) == replace(HELD, selected=INNER)


def test_a_field_dropped_on_the_place_for_editing_is_added_beside_what_is_selected() -> None:
    chosen = arrange(HELD.select(B), Arrangement(lying(HELD), to_edit=[OPEN_CITY]))
    assert chosen.path_of(chosen.selected) == (1, 2)


@pytest.mark.parametrize(
    "now",
    [
        Arrangement({ROOT: [A, D], INNER: [B, C, INNER]}),
        Arrangement({ROOT: [A, INNER, D], INNER: [B, C, 99]}),
        Arrangement({ROOT: [A, INNER, D], INNER: [B]}),
        Arrangement({ROOT: [A, INNER, D, A], INNER: [B, C]}),
        Arrangement({ROOT: [A, INNER, D, ROOT], INNER: [B, C]}),
        Arrangement({ROOT: [A, INNER, D, B, C]}),
        Arrangement({ROOT: [A, INNER, D], INNER: [B, C], 99: []}),
        Arrangement({}),
    ],
    ids=["into itself", "unknown", "lost", "twice", "the root", "group lost", "unknown group", "nothing"],
)
def test_a_drag_that_makes_no_sense_changes_nothing(now: Arrangement) -> None:
    assert arrange(HELD, now) is HELD


def test_a_group_dropped_into_what_is_in_it_changes_nothing() -> None:
    held = board("all", group("any", group("none", SPEND), VISITS))
    outer, inner, spend, visits = (id_at(held, *path) for path in ((0,), (0, 0), (0, 0, 0), (0, 1)))
    now = Arrangement({held.root.id: [], outer: [inner, visits], inner: [spend, outer]})
    assert arrange(held, now) is held


def test_a_drag_on_a_board_that_has_changed_since_changes_nothing() -> None:
    now = Arrangement({ROOT: [D, A, INNER], INNER: [B, C]})
    for changed in (remove(HELD, A), add(HELD, OPEN_CITY, ROOT), remove(HELD, INNER)):
        assert arrange(changed, now) is changed


def test_a_drag_that_would_nest_too_deep_is_refused() -> None:
    held = board("all", group("any", SPEND), group("any", *[VISITS]))
    deep: Any = SPEND
    for _ in range(6):
        deep = group("any", deep)
    held = board("all", deep, group("none", VISITS))
    lists = lying(held)
    moved, target = id_at(held, 0), id_at(held, 1)
    lists[held.root.id].remove(moved)
    lists[target].append(moved)
    with pytest.raises(InvalidInput, match="8 levels"):
        arrange(held, Arrangement(lists))


@given(boards(), st.data())
def test_whatever_is_dragged_nothing_is_lost_or_doubled(held: Board, data: st.DataObject) -> None:
    """One chip, from anywhere to anywhere, as the component reports it."""
    lists: dict[Any, list[Chip]] = {**lying(held), "edit": [], "bin": []}
    sources = [(key, chip) for key, chips in lists.items() for chip in chips]
    palette: list[tuple[Any, Chip]] = [("palette", data.draw(st.sampled_from(ENTRIES)).node)]
    source, chip = data.draw(st.sampled_from(sources + palette))
    if source != "palette":
        lists[source].remove(chip)
    target = data.draw(st.sampled_from(list(lists)))
    lists[target].insert(data.draw(st.integers(0, len(lists[target]))), chip)
    to_edit, to_bin = lists.pop("edit"), lists.pop("bin")
    try:
        after = arrange(held, Arrangement(lists, to_edit, to_bin))
    except InvalidInput:
        return
    assert load_rule(dump_rule(after.to_rule())) == after.to_rule()
    ids = ids_of(after)
    assert len(set(ids)) == len(ids)
    assert after.selected in ids
    gone = set(ids_of(held)) - set(ids)
    if target == "bin" and isinstance(chip, int):
        assert chip in gone
    else:
        assert not gone
        assert drafts_of(held).items() <= drafts_of(after).items()


def drafts_of(held: Board) -> dict[int, str]:
    return {node.id: str(node.draft) for _, node in held.nodes if isinstance(node, Condition)}
