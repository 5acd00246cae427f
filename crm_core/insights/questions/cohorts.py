"""Whether customers come back: those of each month, in the months after it."""

from itertools import pairwise

import numpy as np

from crm_core.insights.charts import Heatmap
from crm_core.insights.facts import Facts, exact_sums
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.periods import Step
from crm_core.insights.question import Asked, OfSegment, Question, Topic


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    period = asked.period.whole_months()
    starts = period.starts(Step.MONTH)
    edges = period.edges(starts, facts.zone)
    months = len(starts)
    people, orders, revenue = (np.zeros((months, months), dtype=np.int64) for _ in range(3))
    sizes = np.zeros(months, dtype=np.int64)
    for part in facts.parts:
        first, rows = part.numbers("first_order_at")
        cohort = np.full(part.size, -1)
        cohort[rows] = np.searchsorted(edges, first, side="right") - 1
        cohort[cohort >= months] = -1
        sizes += np.bincount(cohort[cohort >= 0], minlength=months)
        bought = part.orders(period.span(facts.zone))
        for month, (start, end) in enumerate(pairwise(np.searchsorted(bought.times, edges))):
            own = cohort[bought.customers[start:end]]
            known, is_order = own >= 0, bought.is_order[start:end]
            revenue[:, month] += exact_sums(own[known], bought.nets[start:end][known], months)
            orders[:, month] += np.bincount(own[known & is_order], minlength=months)
            came = np.zeros(part.size, dtype=bool)
            came[bought.customers[start:end][known & is_order]] = True
            people[:, month] += np.bincount(cohort[came], minlength=months)
    return [
        {
            "cohort": starts[own],
            "month": month - own,
            "customers": int(people[own, month]),
            "share": share(int(people[own, month]), int(sizes[own])),
            "of": int(sizes[own]),
            "orders": int(orders[own, month]),
            "revenue": int(revenue[own, month]),
        }
        for own in range(months)
        for month in range(own, months)
        if starts[month] <= facts.today and sizes[own]
    ]


COHORTS = Question(
    name="cohorts",
    title="Customers who come back",
    topic=Topic.CUSTOMERS,
    definition=(
        "Customers by the month of their first order, and in how many months after it they ordered again: month 0 is "
        "the first one itself. The share is of all customers of that month. Revenue is what they spent in that month, "
        "less refunds and returns. The last month of the range may not be over."
    ),
    columns=(
        Column("cohort", "First order in", Unit.MONTH),
        Column("month", "Months after", Unit.COUNT),
        Column("customers", "Customers who ordered", Unit.COUNT),
        Column("share", "Of the month's customers", Unit.SHARE),
        Column("of", "Customers of the month", Unit.COUNT),
        Column("orders", "Orders", Unit.COUNT),
        Column("revenue", "Revenue", Unit.MONEY),
    ),
    answer=_answer,
    chart=Heatmap("month", "cohort", "share", text=("share",), first_is_whole=True),
    parameters=(OfSegment(),),
    days=365,
)
