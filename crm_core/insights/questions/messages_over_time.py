"""How many messages were sent when, and what became of them."""

import numpy as np

from crm_core.insights.charts import StackedBars
from crm_core.insights.facts import Facts, sums
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, OfSegment, Question, Topic
from crm_core.schema.message_states import REACHED
from crm_core.schema.message_states import MessageState as State

SHOWN = (State.DELIVERED, State.OPENED, State.CLICKED, State.FAILED, State.SENT)
TITLES = ("Delivered only", "Opened only", "Clicked", "Failed", "No receipt yet")


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    starts = asked.period.starts(asked.period.step)
    edges = asked.period.edges(starts, facts.zone)
    counts = {state: np.zeros(len(starts), dtype=np.int64) for state in SHOWN}
    for part in facts.parts:
        messages = part.messages(asked.period.span(facts.zone))
        for state, found in counts.items():
            found += sums(messages.times, edges, messages.ranks == state.rank)
    return [
        {"from": start, **{state.value: int(counts[state][place]) for state in SHOWN}}
        for place, start in enumerate(starts)
    ]


assert set(SHOWN) == set(REACHED[State.SENT])

MESSAGES_OVER_TIME = Question(
    name="messages_over_time",
    title="Messages over time, by state",
    topic=Topic.MESSAGES,
    definition=(
        "Each message once: on the day it was sent, in the state that it is in now. Up to 62 days are shown by day, up "
        "to a year by week, more by month."
    ),
    columns=(
        Column("from", "From", Unit.DAY),
        *(Column(state.value, title, Unit.COUNT) for state, title in zip(SHOWN, TITLES, strict=True)),
    ),
    answer=_answer,
    chart=StackedBars("from", tuple(state.value for state in SHOWN)),
    parameters=(OfSegment(),),
    days=30,
    reads_messages=True,
)
