"""Customers by how lately, how often and for how much they buy."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.insights.charts import Heatmap
from crm_core.insights.facts import Facts, exact_sums
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, Choice, OfSegment, Question, Taken, Topic

SCORES = 5
FIXED_DAYS, FIXED_ORDERS = (30, 90, 180, 365), (1, 2, 4, 9)
"""The most days ago of scores 5 to 2, and the most orders of scores 1 to 4."""
QUINTILES, FIXED = "quintiles", "fixed"


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    days, orders, spend = _customers(facts)
    is_fixed = asked.values["cuts"] == FIXED
    day_cuts = FIXED_DAYS if is_fixed else _quintiles(days)
    order_cuts = FIXED_ORDERS if is_fixed else _quintiles(orders)
    recency = SCORES - np.searchsorted(day_cuts, days)
    frequency = 1 + np.searchsorted(order_cuts, orders)
    cells = (recency - 1) * SCORES + frequency - 1
    counts = np.bincount(cells, minlength=SCORES * SCORES)
    totals = exact_sums(cells, spend, SCORES * SCORES)
    rows: list[Row] = []
    for place, (count, total) in enumerate(zip(map(int, counts), map(int, totals), strict=True)):
        r, f = place // SCORES + 1, place % SCORES + 1
        low_day, high_day = _bounds(day_cuts, SCORES - r, lowest=0)
        low_order, high_order = _bounds(order_cuts, f - 1, lowest=1)
        row = {"recency": r, "frequency": f, "customers": count, "spend": total}
        ends = {"days_from": low_day, "days_to": high_day, "orders_from": low_order, "orders_to": high_order}
        rows.append({**row, "average": round(total / count) if count else None, **ends})
    return rows


def _customers(facts: Facts) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Of those who have ordered: whole days since the day of the last order, orders, spend in minor units."""
    found: list[list[NDArray[np.int64]]] = [[], [], []]
    for part in facts.parts:
        _, rows = part.numbers("last_order_at")
        found[0].append(part.days_since("last_order_at", facts))
        for values, name in zip(found[1:], ("order_count", "total_spend"), strict=True):
            values.append(part.column(name).values[rows].astype(np.int64))
    empty = np.empty(0, dtype=np.int64)
    days, orders, spend = (np.concatenate([empty, *each]) for each in found)
    return days, orders, spend


def _quintiles(values: NDArray[np.int64]) -> Sequence[int]:
    """The most of each fifth but the last; equal values stay together, so a fifth may be empty."""
    if not values.size:
        return (0,) * (SCORES - 1)
    parts = [place / SCORES for place in range(1, SCORES)]
    return [int(cut) for cut in np.quantile(values, parts, method="inverted_cdf")]


def _bounds(cuts: Sequence[int], place: int, *, lowest: int) -> tuple[int, int | None]:
    """From and to of a score, both included; the last has no end."""
    low = cuts[place - 1] + 1 if place else lowest
    return low, (cuts[place] if place < len(cuts) else None)


def _rule(row: Row, taken: Taken) -> Sequence[Mapping[str, Any]]:
    nearest = str(taken.today - timedelta(days=row["days_from"]))
    if not row["customers"]:
        return []
    if row["days_to"] is None:
        when: dict[str, Any] = {"op": "before", "value": str(taken.today - timedelta(days=row["days_from"] - 1))}
    else:
        when = {"op": "between", "value": [str(taken.today - timedelta(days=row["days_to"])), nearest]}
    fewest, most = row["orders_from"], row["orders_to"]
    often: dict[str, Any] = {"op": "gte", "value": fewest}
    if most is not None:
        often = {"op": "eq", "value": most} if fewest == most else {"op": "between", "value": [fewest, most]}
    return [
        {"kind": "field", "field": "last_order_at", **when},
        {"kind": "field", "field": "order_count", **often},
    ]


RFM = Question(
    name="rfm",
    title="Recency and frequency",
    topic=Topic.CUSTOMERS,
    definition=(
        "Customers who have ordered, by how long ago they did last (5 is most lately) and by how often they have (5 is "
        "most often). Quintiles put a fifth of them into each score; customers with equal values get the same score, "
        "so a score may be empty. Fixed cuts are 30, 90, 180 and 365 days, and 1, 2, 4 and 9 orders. Spend is what "
        "the customers of a cell have spent in all. Days are those of the workspace's time zone."
    ),
    columns=(
        Column("recency", "Recency", Unit.COUNT),
        Column("frequency", "Frequency", Unit.COUNT),
        Column("customers", "Customers", Unit.COUNT),
        Column("spend", "Spend", Unit.MONEY),
        Column("average", "Spend a customer", Unit.MONEY),
        Column("days_from", "Days ago, from", Unit.DAYS),
        Column("days_to", "Days ago, to", Unit.DAYS),
        Column("orders_from", "Orders, from", Unit.COUNT),
        Column("orders_to", "Orders, to", Unit.COUNT),
    ),
    answer=_answer,
    chart=Heatmap("recency", "frequency", "customers", text=("customers", "spend"), y_rising=True),
    parameters=(Choice("cuts", "Cuts", {QUINTILES: "Quintiles", FIXED: "Fixed cuts"}, QUINTILES), OfSegment()),
    rule=_rule,
)
