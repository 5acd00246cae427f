"""What segments bring in, month by month."""

from itertools import pairwise

import numpy as np

from crm_core.insights.charts import Lines
from crm_core.insights.facts import Facts, count_people, sums
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.periods import Step
from crm_core.insights.question import Asked, OfSegments, Question, Topic

EVERYONE = "Everyone"
MOST = 5


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    named = {f"{name} (segment)" if name == EVERYONE else name: some for name, some in asked.segments.items()}
    return [row for name, some in {EVERYONE: facts, **named}.items() for row in _months(name, some, asked)]


def _months(segment: str, facts: Facts, asked: Asked) -> list[Row]:
    period = asked.period.whole_months()
    starts = period.starts(Step.MONTH)
    edges = period.edges(starts, facts.zone)
    revenue, orders, customers = (np.zeros(len(starts), dtype=np.int64) for _ in range(3))
    for part in facts.parts:
        bought = part.orders(period.span(facts.zone))
        revenue += sums(bought.times, edges, bought.nets)
        orders += sums(bought.times, edges, bought.is_order)
        cuts = np.searchsorted(bought.times, edges)
        for place, (first, end) in enumerate(pairwise(cuts)):
            month = slice(first, end)
            customers[place] += count_people(bought.customers[month][bought.is_order[month]])
    return [
        {
            "segment": segment,
            "month": start,
            "revenue": int(revenue[place]),
            "orders": int(orders[place]),
            "customers": int(customers[place]),
        }
        for place, start in enumerate(starts)
        if start <= facts.today
    ]


REVENUE_BY_SEGMENT = Question(
    name="revenue_by_segment",
    title="Segments over time",
    topic=Topic.REVENUE,
    definition=(
        "Revenue, orders and customers who ordered, month by month, of those who are in each segment today, whenever "
        "they joined it. Less refunds and returns; cancelled, refunded and voided orders count nowhere. The last month "
        "may not be over."
    ),
    columns=(
        Column("segment", "Segment", Unit.TEXT),
        Column("month", "Month", Unit.MONTH),
        Column("revenue", "Revenue", Unit.MONEY),
        Column("orders", "Orders", Unit.COUNT),
        Column("customers", "Customers who ordered", Unit.COUNT),
    ),
    answer=_answer,
    chart=Lines("month", "revenue", "segment"),
    parameters=(OfSegments(MOST),),
    days=365,
)
