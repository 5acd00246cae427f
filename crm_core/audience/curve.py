"""What if: the size of the audience over every threshold of one condition, from one histogram."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.snapshot.bits import Bits, count
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.shard import Shard
from crm_core.rules.bound import Bound, BoundField, BoundRecords, Place, node_at
from crm_core.rules.context import RuleContext
from crm_core.rules.days import DAY, start_of
from crm_core.rules.engines.columns import BEYOND_MOMENTS_MS, Mask, Numbers, day_from_ms, to_ms
from crm_core.rules.engines.mask_records import read_figures
from crm_core.rules.fields import FieldType
from crm_core.rules.operators import Takes
from crm_core.rules.predicates import Range, Span
from crm_core.rules.tree import MAX_DAYS
from crm_core.rules.values import MAX_NUMBER

STEPS = 60
TAIL = 0.98
"""Thresholds go up to what that share of customers does not exceed, or to the present one."""
DAY_MS = 86_400_000
OPERATORS = frozenset({"gt", "gte", "lt", "lte", "in_last_days", "more_than_days_ago"})


@dataclass(frozen=True)
class Curve:
    """thresholds: values that the condition can take, ascending: major units, counts or days. counts: the audience
    at each. current: the position of the present value among them."""

    thresholds: tuple[float, ...]
    counts: tuple[int, ...]
    current: int


def measure_curve(population: Population, bound: Bound, place: Place, *, context: RuleContext) -> Curve | None:
    """For the condition at ``place``; None where there is no threshold to move. context: what it was bound to."""
    condition = node_at(bound, place)
    if not isinstance(condition, BoundField | BoundRecords) or not _has_threshold(condition):
        return None
    op, value, scale = condition.operator.key, condition.rule.value, _scale(condition, context.digits)
    assert isinstance(value, int | float)
    with_it = population.find(bound, {place: population.everyone})
    without_it = population.find(bound, {place: population.nobody})
    values = {id(shard): _values(condition, shard) for shard, _ in population.shards(population.everyone)}
    limit = MAX_DAYS if condition.operator.takes is Takes.DAYS else MAX_NUMBER
    steps = [step for step in _steps(population, values, value, scale) if step <= limit]
    thresholds = np.array([float(Decimal(str(step)) * scale) for step in steps])
    gained = _histogram(population, with_it & ~without_it, values, thresholds, op)
    lost = _histogram(population, without_it & ~with_it, values, thresholds, op)
    counts = count(without_it) + gained - lost
    return Curve(tuple(steps), tuple(map(int, counts)), steps.index(value))


def _has_threshold(condition: BoundField | BoundRecords) -> bool:
    if condition.operator.key not in OPERATORS:
        return False
    return not condition.field.is_average if isinstance(condition, BoundField) else condition.measure != "avg"


def _scale(condition: BoundField | BoundRecords, digits: int) -> int:
    """From the unit of the value to that of the column."""
    if condition.operator.takes is Takes.DAYS:
        return DAY_MS
    if isinstance(condition, BoundRecords):
        return int(10**condition.digits)
    return int(10**digits) if condition.field.type is FieldType.MONEY else 1


def _values(condition: BoundField | BoundRecords, shard: Shard) -> Numbers:
    """What the threshold is compared with; of dates how long ago they are, in ms."""
    if isinstance(condition, BoundRecords):
        return read_figures(condition, shard.columns)
    column = shard.columns.fields[condition.field.name]
    assert isinstance(column, Numbers)
    if condition.operator.takes is not Takes.DAYS:
        return column
    wanted, days, values = condition.predicate, condition.rule.value, column.values
    assert isinstance(days, int)
    if isinstance(wanted, Span):
        values, wanted = _as_moments(values, wanted.zone), wanted.moments
    assert isinstance(wanted, Range)
    assert isinstance(wanted.high, datetime)
    end = wanted.high if condition.operator.key == "in_last_days" else wanted.high + days * DAY
    return Numbers(to_ms(end) - values, column.present)


def _as_moments(values: NDArray[Any], zone: tzinfo) -> NDArray[Any]:
    """Plain days as the ms at which they begin."""
    is_day = values > BEYOND_MOMENTS_MS
    days, places = np.unique(values[is_day], return_inverse=True)
    moments = values.copy()
    moments[is_day] = np.array([to_ms(start_of(day_from_ms(int(day)), zone)) for day in days], dtype=np.int64)[places]
    return moments


def _steps(population: Population, values: dict[int, Numbers], value: float, scale: int) -> list[float]:
    """Round values from 0 on, the present one among them."""
    greatest = max(
        (_tail(values[id(shard)], mask) for shard, mask in population.shards(population.everyone)), default=0
    )
    top = max(greatest / scale, float(value), 1.0)
    step = _round_up(top / STEPS, is_whole=scale != 1 or float(value).is_integer())
    steps = {round(step * number, 10) for number in range(int(top / step) + 2)}
    return sorted({int(each) if float(each).is_integer() else each for each in steps} | {value})


def _tail(column: Numbers, mask: Mask) -> float:
    held = column.values[mask if column.present is None else mask & column.present]
    return float(np.quantile(held, TAIL)) if held.size else 0.0


def _round_up(size: float, *, is_whole: bool) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(size))
    step = float(next(each * power for each in (1, 2, 5, 10) if each * power >= size * 0.999))
    return max(step, 1.0) if is_whole else step


def _histogram(
    population: Population, bits: Bits, values: dict[int, Numbers], thresholds: NDArray[Any], op: str
) -> NDArray[np.int64]:
    """How many of the set fulfil the condition at each threshold."""
    tally = np.zeros(thresholds.size + 1, dtype=np.int64)
    for shard, mask in population.shards(bits):
        column = values[id(shard)]
        held = column.values[mask if column.present is None else mask & column.present]
        if op == "in_last_days":
            held = held[held >= 0]
        tally += np.bincount(np.searchsorted(thresholds, held, side=_side(op)), minlength=thresholds.size + 1)
    if op in {"lt", "lte", "in_last_days"}:
        return np.cumsum(tally)[:-1]
    return np.cumsum(tally[::-1])[::-1][1:]


def _side(op: str) -> Any:
    """left: as many thresholds are below a value as its place says; right: as are not above it."""
    return "right" if op in {"lt", "gte", "more_than_days_ago"} else "left"
