"""Customer ids in one piece of memory, whatever their length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crm_core.audience.snapshot.ids import IdTable

ID = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=254)
"""As the border lets them in: without control characters."""
IDS = st.sets(st.text(st.characters(codec="utf-8"), min_size=1, max_size=254), max_size=12)


@given(IDS, IDS)
def test_two_tables_joined_hold_the_ids_of_both_in_the_order_of_their_bytes(first: set[str], second: set[str]) -> None:
    left, right = sorted(first, key=str.encode), sorted(second - first, key=str.encode)
    wanted = sorted([*left, *right], key=str.encode)
    order = [(left + right).index(name) for name in wanted]
    joined = IdTable.of(left).joined(IdTable.of(right), np.array(order, dtype=np.intp))
    assert list(joined) == wanted
    assert [joined[name] for name in wanted] == list(range(len(wanted)))


@given(st.sets(ID, max_size=12), st.lists(ID))
def test_many_ids_are_found_as_one_by_one(there: set[str], others: list[str]) -> None:
    names = [*others, *there, *(name[:-1] or "x" for name in there), *(name + "x" for name in there)]
    table = IdTable.of(sorted(there, key=str.encode))
    assert [*map(int, table.rows(names))] == [table[name] for name in names if name in table]


def test_the_longest_ids_are_held_byte_for_byte() -> None:
    ids = sorted((f"{number:03}" + "\N{PILE OF POO}" * 251 for number in range(5)), key=str.encode)
    table = IdTable.of(ids)
    assert list(table) == ids
    assert table.nbytes == 5 * (3 + 4 * 251) + 4 * 6
