"""Made-up shards for tests of what is kept on disk."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from crm_core.audience.reach import LAYOUT, consent_columns
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.shard import AddressSends, RecentSets, Sends, Shard, SharedRows, SuppressedRows
from crm_core.rules.engines.columns import Coded, Columns, Events, Items, Messages, Numbers, Orders, Steps

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
DTYPES = (np.int8, np.int16, np.int32)


class _Maker:
    """Draws the parts of a shard. size: customers."""

    def __init__(self, draw: st.DrawFn, size: int) -> None:
        self._draw = draw
        self._random = np.random.default_rng(draw(st.integers(0, 2**32)))
        self._size = size

    def shard(self) -> Shard:
        ids = IdTable.of(sorted({f"{self._draw(TEXTS)}{row}" for row in range(self._size)}, key=str.encode))
        reach = self._random.integers(0, 2**20, self._size).astype(LAYOUT.dtype)
        held = {name: self.column(self._size) for name in self._draw(st.lists(TEXTS, unique=True, max_size=5))}
        columns = Columns(self._size, held | consent_columns(reach), self.orders(), self.events(), ids, self.messages())
        sends = Sends(self.rows(3), self.times(3), self.codes(3, 4), is_read=self._draw(st.booleans()))
        shared = SharedRows(self.rows(2), self.codes(2, 3), self.times(2))
        told = AddressSends(self.rows(2), self.times(2), self.times(2), self.codes(2, 3))
        suppressed = SuppressedRows(self.rows(4), self.codes(4, 30).astype(np.int16))
        return Shard(columns, ids, reach, sends, shared, told, suppressed)

    def orders(self) -> Orders:
        count = self.count()
        amounts = self.column(count, is_number=True).values
        nets = amounts if self._draw(st.booleans()) else amounts + 1
        times = np.sort(self.times(count))
        return Orders(self.rows(count), amounts, nets, times, self.coded(count), self.coded(count), self.items(count))

    def items(self, orders: int) -> Items | None:
        if self._draw(st.booleans()):
            return None
        starts = np.concatenate([[0], np.cumsum(self._random.integers(0, 3, orders))]).astype(np.int32)
        return Items(starts, self.coded(int(starts[-1]), st.lists(TEXTS, min_size=1, unique=True, max_size=4)))

    def events(self) -> Events:
        count = self.count()
        names = self._draw(st.lists(st.tuples(TEXTS, TEXTS), unique=True, max_size=3))
        properties = {name: self.column(count) for name in names}
        micros = {name: self.column(count, is_number=True) for name in names}
        return Events(self.rows(count), np.sort(self.times(count)), self.coded(count), properties, micros)

    def messages(self) -> Messages | None:
        if self._draw(st.booleans()):
            return None
        count = self.count()
        channels, campaigns, reasons = (self.coded(count) for _ in range(3))
        ranks = self._random.integers(0, 4, count).astype(np.int8)
        opened, clicked = (Steps(np.arange(count, dtype=np.int32), np.sort(self.times(count))) for _ in range(2))
        begun = (self.rows(count), np.sort(self.times(count)), self.times(count), ranks)
        return Messages(*begun, channels, campaigns, reasons, opened, clicked)

    def column(self, size: int, *, is_number: bool = False) -> Any:
        if not is_number and self._draw(st.booleans()):
            return self.coded(size)
        values = self._random.integers(-(2**31), 2**31, size).astype(
            self._draw(st.sampled_from((np.int32, np.int64, np.float64)))
        )
        return Numbers(values, self._random.random(size) < 0.5 if self._draw(st.booleans()) else None)

    def coded(self, size: int, distinct: st.SearchStrategy[list[Any]] | None = None) -> Coded:
        kinds = st.sampled_from((TEXTS, st.booleans(), st.lists(TEXTS, max_size=3).map(tuple)))
        values = self._draw(
            kinds.flatmap(lambda kind: st.lists(kind, unique=True, max_size=4)) if distinct is None else distinct
        )
        lowest = -1 if distinct is None else 0
        codes = self._random.integers(lowest, max(len(values), lowest + 1), size)
        return Coded(codes.astype(self._draw(st.sampled_from(DTYPES))), values)

    def count(self) -> int:
        """Records; without customers there are none."""
        return self._draw(st.integers(0, 6)) if self._size else 0

    def rows(self, count: int) -> Any:
        return self._random.integers(0, max(self._size, 1), count if self._size else 0).astype(np.int32)

    def times(self, count: int) -> Any:
        return self._random.integers(-(2**62), 2**62, count if self._size else 0)

    def codes(self, count: int, most: int) -> Any:
        return self._random.integers(-1, most, count if self._size else 0).astype(np.int8)


@st.composite
def shards(draw: st.DrawFn) -> Shard:
    """With every kind of column, also none of a kind and nobody at all."""
    return _Maker(draw, draw(st.integers(0, 5))).shard()


def plain(held: Any) -> Any:
    """What can be compared, types included."""
    if isinstance(held, np.ndarray):
        return held.dtype.str, held.tolist()
    if isinstance(held, IdTable):
        return list(held)
    if isinstance(held, RecentSets):
        return None
    if is_dataclass(held):
        return type(held).__name__, {each.name: plain(getattr(held, each.name)) for each in fields(held)}
    if isinstance(held, Mapping):
        return [(name, plain(each)) for name, each in held.items()]
    return held
