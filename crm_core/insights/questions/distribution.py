"""How a number of customers is spread over them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.insights.charts import Bands
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.question import Asked, Choice, OfSegment, Question, Taken, Topic
from crm_core.money import to_major

SPEND, RECENCY = "total_spend", "days_since_order"
FIELDS = {SPEND: "Total spend", "order_count": "Orders", RECENCY: "Days since the last order", "visits": "Visits"}
BANDS = 24
EVEN, LOG = "even", "log"


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    name = asked.values["of"]
    found = [part.days_since("last_order_at", facts) if name == RECENCY else part.numbers(name)[0]
             for part in facts.parts]  # fmt: skip
    values = np.concatenate([np.empty(0, dtype=np.int64), *(each.astype(np.int64) for each in found)])
    if not values.size:
        return []
    edges = _log_edges(values) if asked.values["scale"] == LOG else _even_edges(values)
    counts = np.bincount(np.searchsorted(edges, values, side="right") - 1, minlength=len(edges) - 1)
    digits = asked.digits if name == SPEND else 0
    return [
        {
            "from": to_major(int(low), digits),
            "to": to_major(int(high) - 1, digits),
            "customers": int(count),
            "share_up_to": share(int(past), values.size),
        }
        for low, high, count, past in zip(edges, edges[1:], counts, np.cumsum(counts), strict=False)
    ]


def _even_edges(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Whole numbers about as far apart, from the lowest value to beyond the highest."""
    low, high = int(values.min()), int(values.max()) + 1
    width = max(-(-(high - low) // BANDS), 1)
    return low + width * np.arange(-(-(high - low) // width) + 1, dtype=np.int64)


def _log_edges(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """What is 0 or less in a band of its own, then each band by about the same factor wider than the one before."""
    above = values[values > 0]
    edges = {int(values.min()), 1} if above.size < values.size else set()
    if above.size:
        first, last = int(above.min()), int(above.max()) + 1
        edges |= {first, last, *(int(edge) for edge in np.round(np.geomspace(first, last, BANDS)))}
    return np.array(sorted(edges), dtype=np.int64)


def _rule(row: Row, taken: Taken) -> Sequence[Mapping[str, Any]]:
    low, high = row["from"], row["to"]
    if not row["customers"]:
        return []
    if taken.values["of"] == RECENCY:
        days = [str(taken.today - timedelta(days=int(days))) for days in (high, low)]
        return [{"kind": "field", "field": "last_order_at", "op": "between", "value": days}]
    ends = [int(end) if end == int(end) else float(end) for end in (low, high)]
    return [{"kind": "field", "field": taken.values["of"], "op": "between", "value": ends}]


DISTRIBUTION = Question(
    name="distribution",
    title="Distribution",
    topic=Topic.CUSTOMERS,
    definition=(
        "Customers by how much of it they have, in bands that are about as wide, or on a log scale each by about the "
        "same factor wider than the one before. Both ends of a band belong to it; who has no value is in none. The "
        "share is of those in the band and below. Days are those of the workspace's time zone."
    ),
    columns=(
        Column("from", "From", Unit.NUMBER),
        Column("to", "To", Unit.NUMBER),
        Column("customers", "Customers", Unit.COUNT),
        Column("share_up_to", "Up to here", Unit.SHARE),
    ),
    answer=_answer,
    chart=Bands("from", "to", "customers"),
    parameters=(
        Choice("of", "Of", FIELDS, SPEND),
        Choice("scale", "Scale", {LOG: "Log", EVEN: "Even"}, LOG),
        OfSegment(),
    ),
    rule=_rule,
)
