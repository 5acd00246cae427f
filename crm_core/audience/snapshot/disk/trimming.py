"""What of a version goes to disk: no row that is gone, and no value that nobody has any more."""

from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from crm_core.audience.snapshot.bits import count
from crm_core.audience.snapshot.disk.tree import rebuilt
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.merging import merge
from crm_core.audience.snapshot.shard import RecentSets, Shard
from crm_core.audience.snapshot.version import Part, Version
from crm_core.rules.engines.coding import as_codes
from crm_core.rules.engines.columns import Coded, Items


def trimmed(version: Version) -> Shard:
    """All parts as one. The version has at least one."""
    part = reduce(lambda before, last: Part.whole(merge(before, last)), version.parts)
    shard = part.shard if count(part.alive) == part.shard.size else merge(part, Part.whole(_emptied(part.shard)))
    return replace(shard, columns=rebuilt(shard.columns, _without_unused), sets=RecentSets())


def _emptied(shard: Shard) -> Shard:
    """The same columns without a row; what was one array is one still."""
    known: dict[int, Any] = {}

    def emptied(held: Any) -> Any:
        match held:
            case np.ndarray():
                return known.setdefault(id(held), held[:0])
            case IdTable():
                return known.setdefault(id(held), IdTable.of([]))
            case Items():
                return Items(held.starts[:1], emptied_coded(held.names))
            case Coded():
                return emptied_coded(held)
            case RecentSets():
                return RecentSets()
        return held

    def emptied_coded(held: Coded) -> Coded:
        return Coded(held.codes[:0], held.values)

    whole = rebuilt(shard, emptied)
    return replace(whole, columns=replace(whole.columns, size=0))


def _without_unused(held: Any) -> Any:
    if not isinstance(held, Coded):
        return held
    is_used = np.zeros(len(held.values) + 1, dtype=bool)
    is_used[held.codes] = True  # -1 is the place behind the last value
    if is_used[:-1].all():
        return held
    codes = np.append(np.cumsum(is_used[:-1]) - 1, -1).astype(np.int32)
    values = [value for value, used in zip(held.values, is_used, strict=False) if used]
    return Coded(as_codes(codes[held.codes], len(values)), values)
