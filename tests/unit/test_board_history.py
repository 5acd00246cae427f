"""Undo and redo: one step an act, and no widget or component can take an old board for the present one."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from pages.builder.board.board import Board
from pages.builder.board.history import MOST, History
from pages.builder.board.moves import add, duplicate, remove
from tests.unit.board_samples import OPEN_CITY, SPEND, VISITS, board, boards, id_at, ids_of, moved, random_moves

HELD = board("all", SPEND, VISITS)


def test_one_step_back_and_forth() -> None:
    fewer = remove(HELD, id_at(HELD, 0))
    history = History(HELD).then(fewer)
    assert history.undo().present.root == HELD.root
    assert history.undo().redo().present.root == fewer.root
    assert not history.undo().past
    assert not history.undo().redo().future


def test_at_the_ends_nothing_happens() -> None:
    history = History(HELD)
    assert history.undo() is history
    assert history.redo() is history


def test_what_is_selected_is_no_step() -> None:
    history = History(HELD).then(HELD.select(id_at(HELD, 1)))
    assert not history.past
    assert history.present.selected == id_at(HELD, 1)


def test_a_new_act_ends_what_could_be_done_again() -> None:
    history = History(HELD).then(remove(HELD, id_at(HELD, 0))).undo()
    other = history.then(duplicate(history.present, id_at(HELD, 1)))
    assert not other.future
    assert other.undo().present.root == HELD.root


def test_an_id_is_never_given_twice() -> None:
    """Widgets remember what they showed by these ids."""
    added = add(HELD, OPEN_CITY, HELD.root.id)
    history = History(HELD).then(added).undo()
    again = add(history.present, OPEN_CITY, HELD.root.id)
    assert again.selected not in ids_of(added)


def test_the_oldest_steps_are_forgotten() -> None:
    history = History(HELD)
    for value in range(MOST + 20):
        history = history.then(history.present.with_draft(id_at(HELD, 0), {"value": value + 1000}))
    assert len(history.past) == MOST
    for _ in range(MOST + 20):
        history = history.undo()
    assert history.present.condition(id_at(HELD, 0)).draft["value"] == 1019


@given(boards(), st.lists(random_moves(), max_size=8))
def test_all_the_way_back_and_forth_shows_each_board_again(
    held: Board, acts: Sequence[Callable[[Board], Board]]
) -> None:
    history, shown = History(held), [held.root]
    for act in acts:
        history = history.then(moved(history.present, act))
        if history.present.root != shown[-1]:
            shown.append(history.present.root)
    revisions = [history.present.revision]
    for step in (*[History.undo] * (len(shown) - 1), *[History.redo] * (len(shown) - 1)):
        history = step(history)
        revisions.append(history.present.revision)
        assert history.present.selected in ids_of(history.present)
    assert history.present.root == shown[-1]
    assert revisions == sorted(set(revisions))
    for root in reversed(shown[:-1]):
        history = history.undo()
        assert history.present.root == root
