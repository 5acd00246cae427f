"""In which hours of the week things happen."""

import numpy as np

from crm_core.insights.charts import Heatmap
from crm_core.insights.facts import FactPart, Facts, Span, hours_of_week
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, Choice, OfSegment, Question, Topic
from crm_core.schema.message_states import MessageState

ORDERED = "ordered"
ACTS = {
    "opened": "Messages opened",
    "clicked": "Messages clicked",
    "delivered": "Messages delivered",
    ORDERED: "Orders placed",
}


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    act, span = asked.values["of"], asked.period.span(facts.zone)
    counts = np.zeros((7, 24), dtype=np.int64)
    for part in facts.parts:
        counts += hours_of_week(_times(part, act, span), facts.zone)
    return [
        {"weekday": weekday, "hour": hour, "count": int(counts[weekday, hour])}
        for weekday in range(7)
        for hour in range(24)
    ]


def _times(part: FactPart, act: str, span: Span) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if act == ORDERED:
        orders = part.orders(span)
        return orders.times[orders.is_order]
    return part.touches(MessageState(act), span).times


HOURS = Question(
    name="hours",
    title="When customers are active",
    topic=Topic.MESSAGES,
    definition=(
        "How often it happened in each hour of the week, by the clocks of the workspace's time zone. A message counts "
        "when it was first opened, when it was first clicked."
    ),
    columns=(
        Column("weekday", "Weekday", Unit.WEEKDAY),
        Column("hour", "Hour", Unit.HOUR),
        Column("count", "Times", Unit.COUNT),
    ),
    answer=_answer,
    chart=Heatmap("hour", "weekday", "count"),
    parameters=(Choice("of", "What", ACTS, "opened"), OfSegment()),
    days=30,
    reads_messages=True,
)
