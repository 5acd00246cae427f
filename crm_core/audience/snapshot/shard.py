"""A piece of the snapshot that never changes: some customers with all their orders, events and sent messages."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.reach import Facts
from crm_core.audience.snapshot.bits import Bits, pack
from crm_core.audience.snapshot.ids import IdTable
from crm_core.rules.engines.columns import Columns, Mask

MAX_REMEMBERED = 64


@dataclass(frozen=True)
class Sends:
    """Messages that were sent, needed for the frequency cap: row of the customer, ms, place in CHANNEL_PLACES.

    is_read: whether they were read at all.
    """

    customers: NDArray[np.int32]
    times: NDArray[np.int64]
    channels: NDArray[np.int8]
    is_read: bool = True


@dataclass(frozen=True, eq=False)
class SharedRows:
    """Addresses that others have too, or had: row of the customer, place of the kind of address, and its key's hash."""

    rows: NDArray[np.int32]
    places: NDArray[np.int8]
    keys: NDArray[np.int64]

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int8), np.empty(0, dtype=np.int64))

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.rows, self.places, self.keys


@dataclass(frozen=True, eq=False)
class SuppressedRows:
    """Suppressions, of customers and of their addresses: row of the customer, and place in SUPPRESSION_PLACES."""

    rows: NDArray[np.int32]
    places: NDArray[np.int16]

    @classmethod
    def none(cls) -> Self:
        return cls(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int16))

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.rows, self.places


@dataclass(frozen=True, eq=False)
class AddressSends:
    """Messages to such addresses: row of the customer, hash of the key, ms, place in CHANNEL_PLACES."""

    rows: NDArray[np.int32]
    keys: NDArray[np.int64]
    times: NDArray[np.int64]
    channels: NDArray[np.int8]

    @classmethod
    def none(cls) -> Self:
        whole = np.empty(0, dtype=np.int64)
        return cls(np.empty(0, dtype=np.int32), whole, whole, np.empty(0, dtype=np.int8))

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.rows, self.keys, self.times, self.channels


class RecentSets:
    """The sets asked for last, by what they are; a drag changes one condition, and the others stay."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sets: OrderedDict[Hashable, Bits] = OrderedDict()

    def get(self, key: Hashable, compute: Callable[[], Mask]) -> Bits:
        """The set of that key; who changes it must take a copy."""
        with self._lock:
            if (known := self._sets.get(key)) is not None:
                self._sets.move_to_end(key)
                return known
        made = pack(compute())
        with self._lock:
            self._sets[key] = made
            while len(self._sets) > MAX_REMEMBERED:
                self._sets.popitem(last=False)
        return made


@dataclass(frozen=True, eq=False)
class Shard:
    """reach: of ``encode_reach``, per row. Rows are in the order of the ids."""

    columns: Columns
    ids: IdTable
    reach: Facts
    sends: Sends
    shared: SharedRows = field(default_factory=SharedRows.none)
    address_sends: AddressSends = field(default_factory=AddressSends.none)
    suppressed: SuppressedRows = field(default_factory=SuppressedRows.none)
    sets: RecentSets = field(default_factory=RecentSets)

    @property
    def size(self) -> int:
        return self.columns.size

    @property
    def weight(self) -> int:
        """Rows of all tables: what work on it goes by."""
        columns = self.columns
        records = columns.orders.times.size + columns.events.times.size + self.sends.times.size
        return self.size + records + (columns.messages.times.size if columns.messages else 0)

    @property
    def customer_bytes(self) -> int:
        held = {"fields": self.columns.fields, "reach": self.reach}
        return nbytes(held) + self.ids.nbytes + nbytes(self.shared) + nbytes(self.suppressed)

    @property
    def record_bytes(self) -> int:
        return (
            nbytes(self.columns.orders)
            + nbytes(self.columns.events)
            + nbytes(self.columns.messages)
            + nbytes(self.sends)
            + nbytes(self.address_sends)
        )


def nbytes(held: Any) -> int:
    """Of all arrays in columns of columns, each once; the distinct values of texts are few."""
    return sum({id(array): array.nbytes for array in _arrays(held)}.values())


def _arrays(held: Any) -> Iterator[NDArray[Any]]:
    if isinstance(held, np.ndarray):
        yield held
    elif is_dataclass(held):
        for each in fields(held):
            yield from _arrays(getattr(held, each.name))
    elif isinstance(held, dict):
        for each in held.values():
            yield from _arrays(each)
