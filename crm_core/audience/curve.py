"""What if: the size of the audience over the values that one condition could have instead.

Over every threshold of a number or a date from one histogram; over windows and percent ranks asked one by one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.snapshot.bits import Bits, count
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.shard import Shard
from crm_core.rules.binding import bind
from crm_core.rules.bound import (
    Bound,
    BoundCondition,
    BoundField,
    BoundRecords,
    BoundSegment,
    Place,
    node_at,
    walk_bound,
)
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
WINDOWS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 180, 270, 365, 545, 730)
PERCENTS = (1, 2, 3, 4, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100)
OPERATORS = frozenset({"gt", "gte", "lt", "lte", "in_last_days", "more_than_days_ago"})


@dataclass(frozen=True)
class Knob:
    """What of a rule can be moved: the value of the condition at ``place``, or its window."""

    place: Place
    member: Literal["value", "within_days"] = "value"


@dataclass(frozen=True)
class Curve:
    """thresholds: values that the knob can take, ascending: major units, counts, days or percent. counts: the audience
    at each. current: the position of the present value among them."""

    thresholds: tuple[float, ...]
    counts: tuple[int, ...]
    current: int


def knobs_of(bound: Bound) -> list[Knob]:
    """In the order of the tree; not those of the segments that it uses."""
    return [knob for place, condition in walk_bound(bound) for knob in _knobs(place, condition)]


def _knobs(place: Place, condition: BoundCondition | BoundSegment) -> Iterator[Knob]:
    if not isinstance(condition, BoundField | BoundRecords):
        return
    if condition.operator.takes is Takes.PERCENT or _has_threshold(condition):
        yield Knob(place)
    if isinstance(condition, BoundRecords) and condition.rule.within_days is not None:
        yield Knob(place, "within_days")


def measure_curve(population: Population, bound: Bound, knob: Knob, *, context: RuleContext) -> Curve:
    """knob: of the rule. context: what it was bound to."""
    condition = node_at(bound, knob.place)
    assert isinstance(condition, BoundField | BoundRecords)
    if knob.member == "within_days":
        return _measure_each(population, bound, knob, WINDOWS, context)
    if condition.operator.takes is Takes.PERCENT:
        return _measure_each(population, bound, knob, PERCENTS, context)
    return _measure_thresholds(population, bound, condition, knob.place, context)


def _measure_each(
    population: Population, bound: Bound, knob: Knob, values: Sequence[int], context: RuleContext
) -> Curve:
    """At each of these values, and at the present one."""
    condition = node_at(bound, knob.place)
    assert isinstance(condition, BoundField | BoundRecords)
    current = getattr(condition.rule, knob.member)
    steps = sorted({*values, current})
    rules = (condition.rule.model_copy(update={knob.member: step}) for step in steps)
    sets = (population.find_once(bind(rule, context)) for rule in rules)
    counts = [count(population.find(bound, {knob.place: found})) for found in sets]
    return Curve(tuple(steps), tuple(counts), steps.index(current))


def _measure_thresholds(
    population: Population, bound: Bound, condition: BoundField | BoundRecords, place: Place, context: RuleContext
) -> Curve:
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
    column = (
        read_figures(condition, shard.columns)
        if isinstance(condition, BoundRecords)
        else shard.columns.fields[condition.field.name]
    )
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
