"""Percent ranks over the snapshot: the same thresholds as in MongoDB, from the columns."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.snapshot.bits import unpack
from crm_core.audience.snapshot.version import Part, Version
from crm_core.rules.context import Rank
from crm_core.rules.engines.columns import Numbers
from crm_core.rules.fields import CustomerField
from crm_core.rules.ranks import bounded, places

CLOSE = 2.0**-49
"""Quotients of doubles are off by less than that part of them."""


class SnapshotRanks:
    """Of one version, which remembers them."""

    def __init__(self, version: Version) -> None:
        self._version = version

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        """None also for a field that is not in memory."""
        key = f"rank of {found.name}: {percent.normalize()} {is_top}"
        remembered = self._version.remembered
        if key not in remembered:
            remembered[key] = self._find(found, percent, is_top=is_top)
        rank: Rank | None = remembered[key]
        return rank

    def _find(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        if found.is_average:
            totals, counts = self._values("total_spend"), self._values("order_count")
            has_orders = counts > 0
            return _quotient_at(totals[has_orders], counts[has_orders], percent, is_top=is_top)
        values = self._values(found.name)
        if not values.size:
            return None
        place = _place(percent, values.size, is_top=is_top)
        value = np.partition(values, place)[place]
        return bounded(found, float(value) if values.dtype.kind == "f" else int(value))

    def _values(self, name: str) -> NDArray[Any]:
        """Of everyone who has one."""
        found = [values for part in self._version.parts if (values := _values_in(part, name)) is not None]
        return np.concatenate(found) if len(found) == len(self._version.parts) and found else np.empty(0)


def _values_in(part: Part, name: str) -> NDArray[Any] | None:
    column = part.shard.columns.fields.get(name)
    if not isinstance(column, Numbers):
        return None
    alive = unpack(part.alive, part.shard.size)
    return column.values[alive if column.present is None else alive & column.present]


def _place(percent: Decimal, count: int, *, is_top: bool) -> int:
    """From the lowest value up, from 0 on."""
    wanted = places(percent, count)
    return count - wanted if is_top else wanted - 1


def _quotient_at(totals: NDArray[Any], counts: NDArray[Any], percent: Decimal, *, is_top: bool) -> Rank | None:
    """Exact: only among quotients that doubles may not tell apart fractions are compared."""
    if not totals.size:
        return None
    place = _place(percent, totals.size, is_top=is_top)
    rough = totals / counts
    near = np.partition(rough, place)[place]
    low, high = near - abs(near) * CLOSE, near + abs(near) * CLOSE
    close = (rough >= low) & (rough <= high)
    pairs, repeats = np.unique(np.stack([totals[close], counts[close]]), axis=1, return_counts=True)
    before = int(np.count_nonzero(rough < low))
    for quotient, repeated in sorted(zip((Fraction(*map(int, pair)) for pair in pairs.T), repeats, strict=True)):
        before += int(repeated)
        if before > place:
            return quotient
    raise AssertionError("the place is among them")
