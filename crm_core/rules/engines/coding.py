"""Values as codes and records in order of time: the parts that columns are encoded by."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import Coded, Numbers
from crm_core.rules.engines.single import Record

ReadTimes: TypeAlias = Callable[[Sequence[Any]], Sequence[int | float | None]]
"""Stored times as whole ms since 1970 UTC; None for what is no time."""


class Codes:
    """Each value as the position of its first occurrence among the distinct ones, None as -1.

    known: values that have a position from the start.
    """

    def __init__(self, most: int | None = None, *, known: Iterable[Hashable] = ()) -> None:
        self._most = most
        self._places: dict[Hashable, int] = {value: place for place, value in enumerate(known)}
        self._codes: list[NDArray[Any]] = []

    def add(self, values: Sequence[Hashable | None]) -> None:
        if self._is_full:
            return
        places = self._places
        codes = [-1 if value is None else places.setdefault(value, len(places)) for value in values]
        self._codes.append(np.array(codes, dtype=np.int32))

    @property
    def _is_full(self) -> bool:
        return self._most is not None and len(self._places) > self._most

    def finish(self) -> Coded | None:
        if self._is_full:
            return None
        return Coded(as_codes(joined(self._codes, np.int32), len(self._places)), list(self._places))

    def sorted(self, order: NDArray[np.intp]) -> Coded:
        codes = as_codes(joined(self._codes, np.int32), len(self._places))
        return Coded(codes[order], list(self._places))


class Records:
    """Whose records they are, and when; moment: the field with their time."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._customers: list[NDArray[Any]] = []
        self._times: list[NDArray[Any]] = []

    def add(self, records: Sequence[Record], rows: Mapping[str, int], times: ReadTimes) -> Sequence[Record]:
        """Returns those of known customers."""
        places = [rows.get(record["customer_id"]) for record in records]
        known = records
        if None in places:
            known = [record for record, place in zip(records, places, strict=True) if place is not None]
            places = [place for place in places if place is not None]
        self._customers.append(np.array(places, dtype=np.int32))
        self._times.append(np.array(times([record[self._moment] for record in known]), dtype=np.int64))
        return known

    def finish(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.intp]]:
        """Rows and times in order of time, and that order."""
        times = joined(self._times, np.int64)
        order = np.argsort(times, kind="stable")
        return joined(self._customers, np.int32)[order], times[order], order


def smallest(values: NDArray[np.int64]) -> NDArray[Any]:
    """Whole numbers in 32 bits if they fit."""
    edge = np.iinfo(np.int32)
    fits = not values.size or (values.min() >= edge.min and values.max() <= edge.max)
    return values.astype(np.int32) if fits else values


def packed(values: NDArray[np.int64]) -> NDArray[Any]:
    """Whole numbers that are compared only, in as few bits as hold them."""
    for kind in (np.int8, np.int16, np.int32):
        edge = np.iinfo(kind)
        if not values.size or (values.min() >= edge.min and values.max() <= edge.max):
            return values.astype(kind)
    return values


def as_codes(codes: NDArray[Any], count: int) -> NDArray[Any]:
    """Positions among ``count`` values, in as few bits as hold them."""
    for kind in (np.int8, np.int16):
        if count <= np.iinfo(kind).max:
            return codes.astype(kind)
    return codes.astype(np.int32, copy=False)


def joined(chunks: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    """Empties ``chunks``, so that they do not stay beside what they became."""
    joined = np.concatenate(chunks) if chunks else np.empty(0, dtype=kind)
    chunks.clear()
    return joined.astype(kind, copy=False)


def taken(column: Coded | Numbers, order: NDArray[np.intp]) -> Coded | Numbers:
    """The column of the rows in that order."""
    if isinstance(column, Coded):
        return Coded(column.codes[order], column.values)
    return Numbers(column.values[order], None if column.present is None else column.present[order])
