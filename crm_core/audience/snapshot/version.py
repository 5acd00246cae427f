"""The snapshot at one moment: shards, and which of their rows are still true."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.snapshot.bits import Bits, count, pack, without_rows
from crm_core.audience.snapshot.shard import Shard


@dataclass(frozen=True, eq=False)
class Part:
    """alive: the rows that no later shard has replaced, and that were not erased."""

    shard: Shard
    alive: Bits

    @classmethod
    def whole(cls, shard: Shard) -> "Part":
        return cls(shard, pack(np.ones(shard.size, dtype=bool)))

    def without(self, ids: Collection[str]) -> "Part":
        rows = [row for name in ids if (row := self.shard.ids.get(name)) is not None]
        return replace(self, alive=without_rows(self.alive, np.array(rows, dtype=np.intp))) if rows else self


@dataclass(frozen=True, eq=False)
class Version:
    """Readers keep the version that they began with; a change makes another one. Older parts first."""

    parts: tuple[Part, ...]
    remembered: dict[str, Any] = field(default_factory=dict)
    """What follows from it and was asked for, by name."""

    @property
    def total(self) -> int:
        """Customers."""
        return sum(count(part.alive) for part in self.parts)

    @cached_property
    def known_keys(self) -> NDArray[np.int64]:
        """Hashes of the keys of addresses of which something is kept, in order."""
        shards = [part.shard for part in self.parts]
        found = [each.keys for shard in shards for each in (shard.shared, shard.address_sends)]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)

    def changed(self, ids: Collection[str], shard: Shard) -> "Version":
        """With these customers, and whoever else is in ``shard``, as that has them; those it does not have are gone."""
        gone = {*ids, *shard.ids}
        parts = [part.without(gone) for part in self.parts]
        return Version((*parts, Part.whole(shard)) if shard.size else tuple(parts))
