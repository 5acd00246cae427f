"""What each month brought in."""

import numpy as np

from crm_core.insights.charts import Bars
from crm_core.insights.facts import Facts, sums
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.periods import Step, next_month
from crm_core.insights.question import Asked, OfSegment, Question, Topic


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    period = asked.period.whole_months()
    starts = period.starts(Step.MONTH)
    edges = period.edges(starts, facts.zone)
    revenue, orders = (np.zeros(len(starts), dtype=np.int64) for _ in range(2))
    for part in facts.parts:
        bought = part.orders(period.span(facts.zone))
        revenue += sums(bought.times, edges, bought.nets)
        orders += sums(bought.times, edges, bought.is_order)
    rows: list[Row] = []
    for place, start in enumerate(starts):
        days = (next_month(start) - start).days
        past = min(max((facts.today - start).days, 0), days)
        row = {"month": start, "revenue": int(revenue[place]), "orders": int(orders[place])}
        rows.append({**row, "days_past": past, "days": days})
    return rows


REVENUE_BY_MONTH = Question(
    name="revenue_by_month",
    title="Revenue by month",
    topic=Topic.REVENUE,
    definition=(
        "What the orders of each month add up to, less refunds and returns, for every month that the range touches. "
        "Cancelled, refunded and voided orders count nowhere. The running month is hatched: it is not over."
    ),
    columns=(
        Column("month", "Month", Unit.MONTH),
        Column("revenue", "Revenue", Unit.MONEY),
        Column("orders", "Orders", Unit.COUNT),
        Column("days_past", "Whole days that are past", Unit.DAYS),
        Column("days", "Days of the month", Unit.DAYS),
    ),
    answer=_answer,
    chart=Bars("month", "revenue", "days_past", "days"),
    parameters=(OfSegment(),),
    days=365,
)
