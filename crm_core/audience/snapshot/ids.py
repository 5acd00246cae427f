"""Customer ids in order, in one piece of memory: 4 bytes more than their characters, where a dict needs 150."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 100_000


class IdTable(Mapping[str, int]):
    """Id to row. ids: in the order of their UTF-8 bytes, which is that of the database, each once."""

    def __init__(self, data: bytes, offsets: NDArray[np.unsignedinteger[Any]]) -> None:
        self._data = data
        self._offsets = offsets
        self._ends = memoryview(offsets.data)  # gives plain integers, which is faster than the array

    @classmethod
    def of(cls, ids: Sequence[str]) -> "IdTable":
        encoded = [name.encode() for name in ids]
        lengths = np.array([len(name) for name in encoded], dtype=np.uint32)
        return cls(b"".join(encoded), _offsets(lengths))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[str]:
        return (self.at(row) for row in range(len(self)))

    def __getitem__(self, name: str) -> int:
        row = self.position(name)
        if row == len(self) or self._raw(row) != name.encode():
            raise KeyError(name)
        return row

    def at(self, row: int) -> str:
        return self._raw(row).decode()

    def position(self, name: str) -> int:
        """How many ids come before ``name``."""
        return bisect_left(range(len(self)), name.encode(), key=self._raw)

    def rows(self, names: Sequence[str]) -> NDArray[np.intp]:
        """Of those of these ids that are there, in the order of the names: a search for all of them at once. names:
        without control characters, as all ids are."""
        wanted = np.array([name.encode() for name in names], dtype=bytes)
        width = wanted.dtype.itemsize + 1  # an id that begins like a name and goes on is another
        low, high = (np.full(wanted.size, end, dtype=np.intp) for end in (0, len(self)))
        while (open_ := np.flatnonzero(low < high)).size:
            middle = (low[open_] + high[open_]) // 2
            is_below = self._starts_of(middle, width) < wanted[open_]
            low[open_[is_below]] = middle[is_below] + 1
            high[open_[~is_below]] = middle[~is_below]
        found = low[low < len(self)]
        there: NDArray[np.intp] = found[self._starts_of(found, width) == wanted[low < len(self)]]
        return there

    def _starts_of(self, rows: NDArray[np.intp], width: int) -> NDArray[np.bytes_]:
        """The first bytes of each of these ids."""
        places = self._offsets[rows].astype(np.int64)[:, None] + np.arange(width)
        data = np.frombuffer(self._data, dtype=np.uint8)
        is_inside = places < self._offsets[rows + 1][:, None]
        found = np.where(is_inside, data[np.minimum(places, data.size - 1)], 0).astype(np.uint8)
        return np.ascontiguousarray(found).view(f"S{width}").ravel()

    def _raw(self, row: int) -> bytes:
        return self._data[self._ends[row] : self._ends[row + 1]]

    @property
    def arrays(self) -> tuple[NDArray[np.uint8], NDArray[np.unsignedinteger[Any]]]:
        """What a table is made of: the bytes of all ids, and where each begins, and the last one ends."""
        return np.frombuffer(self._data, dtype=np.uint8), self._offsets

    @property
    def nbytes(self) -> int:
        return len(self._data) + self._offsets.nbytes

    def joined(self, other: "IdTable", order: NDArray[np.intp]) -> "IdTable":
        """The ids of both, those of ``other`` counted after these, at the rows of ``order``."""
        data = np.frombuffer(self._data + other._data, dtype=np.uint8)
        mine, theirs = self._offsets.astype(np.int64), other._offsets.astype(np.int64)
        starts = np.concatenate([mine[:-1], theirs[:-1] + len(self._data)])
        lengths = np.concatenate([np.diff(mine), np.diff(theirs)])[order].astype(np.uint32)
        pieces = [
            data[_places(starts[order[at : at + CHUNK]], lengths[at : at + CHUNK])].tobytes()
            for at in range(0, order.size, CHUNK)
        ]
        return IdTable(b"".join(pieces), _offsets(lengths))


def _offsets(lengths: NDArray[np.uint32]) -> NDArray[np.unsignedinteger[Any]]:
    """In 32 bits while that holds them: 4 million of the longest ids are more than 4 GB."""
    is_small = int(lengths.sum(dtype=np.uint64)) <= np.iinfo(np.uint32).max
    offsets: NDArray[np.unsignedinteger[Any]] = np.zeros(lengths.size + 1, dtype=np.uint32 if is_small else np.uint64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _places(starts: NDArray[np.int64], lengths: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The index of every byte of these pieces, one after another."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if ends.size else 0)
