"""The snapshot at one moment: shards, and which of their rows are still true."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

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

    @property
    def total(self) -> int:
        """Customers."""
        return sum(count(part.alive) for part in self.parts)

    def changed(self, ids: Collection[str], shard: Shard) -> "Version":
        """With these customers as ``shard`` has them; those that it does not have are gone."""
        parts = [part.without(ids) for part in self.parts]
        return Version((*parts, Part.whole(shard)) if shard.size else tuple(parts))
