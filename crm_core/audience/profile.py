"""How an audience differs from everyone: spend, recency, and the values of a field."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from crm_core.audience.snapshot.bits import Bits
from crm_core.audience.snapshot.population import Population
from crm_core.rules.engines.columns import Coded, Flags, Mask, Numbers, to_ms

DAY_MS = 86_400_000
RECENCY_DAYS = (30, 90, 180, 365)
QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.95)
MAX_VALUES = 8
MIN_SPEND = -(2**63)


@dataclass(frozen=True)
class Band:
    """Customers above ``low`` and up to ``high``, None for an open end; of both None, those without a value."""

    low: int | None
    high: int | None
    audience: int
    everyone: int


@dataclass(frozen=True)
class ValueShare:
    """value: folded; None for those without one. Somebody with several values counts for each."""

    value: str | None
    audience: int
    everyone: int


def profile_spend(population: Population, audience: Bits) -> list[Band]:
    """Total spend in minor units: nothing or less, then bands whose ends are round amounts near quantiles of
    everyone."""
    values = [(_numbers(shard.columns.fields["total_spend"]).values, mask) for shard, mask in _everyone(population)]
    spent = np.concatenate([some[mask & (some > 0)] for some, mask in values]) if values else np.empty(0)
    ends = sorted({_rounded(float(end)) for end in np.quantile(spent, QUANTILES)}) if spent.size else []
    edges = [MIN_SPEND, 0, *ends]
    counts = [np.zeros(len(edges), dtype=np.int64) for _ in range(2)]
    for tally, chosen in zip(counts, (audience, population.everyone), strict=True):
        for shard, mask in population.shards(chosen):
            spend = _numbers(shard.columns.fields["total_spend"]).values[mask]
            tally += np.bincount(np.searchsorted(edges, spend) - 1, minlength=len(edges))
    lows = [None, *edges[1:]]
    return [
        Band(low, high, int(ours), int(all_))
        for low, high, ours, all_ in zip(lows, [*edges[1:], None], *counts, strict=True)
    ]


def profile_recency(population: Population, audience: Bits, now: datetime) -> list[Band]:
    """Days since the last order, each of 24 h; the last band is that of those who never ordered."""
    edges = [to_ms(now) - days * DAY_MS for days in reversed(RECENCY_DAYS)]
    counts = [np.zeros(len(edges) + 2, dtype=np.int64) for _ in range(2)]
    for tally, chosen in zip(counts, (audience, population.everyone), strict=True):
        for shard, mask in population.shards(chosen):
            column = _numbers(shard.columns.fields["last_order_at"])
            ordered = mask if column.present is None else mask & column.present
            bands = np.bincount(np.searchsorted(edges, column.values[ordered], side="right"), minlength=len(edges) + 1)
            tally += np.array([*bands[::-1], int(mask.sum()) - int(ordered.sum())])
    days = [-1, *RECENCY_DAYS]
    lows: list[int | None] = [None, *days[1:], None]
    highs: list[int | None] = [*days[1:], None, None]
    return [Band(low, high, int(o), int(e)) for low, high, o, e in zip(lows, highs, *counts, strict=True)]


def profile_values(population: Population, audience: Bits, field: str) -> list[ValueShare] | None:
    """The values of a text or list field that most customers have, and those who have none; None if not in memory."""
    if any(field not in shard.columns.fields for shard, _ in _everyone(population)):
        return None
    ours, all_ = (_tally(population, chosen, field) for chosen in (audience, population.everyone))
    without = ours.pop(None, 0), all_.pop(None, 0)
    top = [value for value, _ in all_.most_common(MAX_VALUES)]
    return [*(ValueShare(value, ours[value], all_[value]) for value in top), ValueShare(None, *without)]


def _tally(population: Population, chosen: Bits, field: str) -> Counter[str | None]:
    found: Counter[str | None] = Counter()
    for shard, mask in population.shards(chosen):
        column = shard.columns.fields[field]
        assert isinstance(column, Coded)
        counts = np.bincount(column.codes[mask].astype(np.int32) + 1, minlength=len(column.values) + 1)
        found[None] += int(counts[0])
        for value, number in zip(column.values, counts[1:], strict=True):
            for entry in set(value) if isinstance(value, tuple) else (value,):
                found[entry] += int(number)
    return found


def _everyone(population: Population) -> Sequence[tuple[Any, Mask]]:
    return list(population.shards(population.everyone))


def _numbers(column: Numbers | Coded | Flags) -> Numbers:
    assert isinstance(column, Numbers)
    return column


def _rounded(amount: float) -> int:
    """The nearest of 1, 2, 5 times a power of ten."""
    power = 10 ** int(np.floor(np.log10(max(amount, 1))))
    nearest = min((1, 2, 5, 10), key=lambda step: abs(step * power - amount))
    return int(nearest * power)
