"""Columns of the names of items: picked, cut and joined they have what lists of lists would have."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.engines.columns import Coded, Items
from crm_core.rules.engines.item_columns import ItemEncoder, cut_items, join_starts, pick_items

BASKETS = st.lists(st.lists(st.sampled_from(("lamp", "shade", "bulb")), max_size=3, unique=True), max_size=8)


def encoded(baskets: Sequence[Sequence[str]], most_values: int | None = None) -> Items | None:
    encoder = ItemEncoder(most_values)
    for chunk in (baskets[:3], baskets[3:]):
        encoder.add([{"folded": {"items": list(names)}} if names else {} for names in chunk])
    return encoder.finish(np.arange(len(baskets)))


def columns_of(baskets: Sequence[Sequence[str]]) -> Items:
    found = encoded(baskets)
    assert found
    return found


def baskets_of(items: Items) -> list[list[str]]:
    names = [items.names.values[code] for code in items.names.codes]
    return [names[start:end] for start, end in zip(items.starts, items.starts[1:], strict=False)]


@given(baskets=BASKETS, data=st.data())
def test_orders_that_are_picked_or_cut_keep_their_names(baskets: list[list[str]], data: st.DataObject) -> None:
    items = columns_of(baskets)
    assert baskets_of(items) == baskets
    order = data.draw(st.permutations(range(len(baskets))))[: data.draw(st.integers(0, len(baskets)))]
    assert baskets_of(pick_items(items, np.array(order, dtype=np.intp))) == [baskets[place] for place in order]
    first, last = sorted((data.draw(st.integers(0, len(baskets))), data.draw(st.integers(0, len(baskets)))))
    assert baskets_of(cut_items(items, slice(first, last))) == baskets[first:last]


@given(first=BASKETS, second=BASKETS)
def test_orders_of_two_stand_one_behind_the_other(first: list[list[str]], second: list[list[str]]) -> None:
    left, right = columns_of(first), columns_of(second)
    values = [*left.names.values, *right.names.values]
    codes = np.concatenate([left.names.codes, right.names.codes + len(left.names.values)])
    assert baskets_of(Items(join_starts(left, right), Coded(codes, values))) == [*first, *second]


def test_more_distinct_names_than_are_to_be_held_have_no_column() -> None:
    assert encoded([["lamp"], ["shade"]], most_values=2)
    assert encoded([["lamp"], ["shade"], ["bulb"]], most_values=2) is None
