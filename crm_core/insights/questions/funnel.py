"""From the message to the order."""

from datetime import timedelta

import numpy as np

from crm_core.insights.attribution import last_touches
from crm_core.insights.charts import Funnel
from crm_core.insights.facts import Facts, count_people
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.periods import Period
from crm_core.insights.question import Asked, OfSegment, Question, Topic
from crm_core.schema.message_states import MessageState as State

STEPS = (State.SENT, State.DELIVERED, State.OPENED, State.CLICKED)
ORDERED = "ordered"


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    span = asked.period.span(facts.zone)
    window = timedelta(days=asked.window_days)
    to_order = Period(asked.period.first, asked.period.last + window).span(facts.zone)
    counts = dict.fromkeys((*STEPS, ORDERED), 0)
    people = dict.fromkeys((*STEPS, ORDERED), 0)
    for part in facts.parts:
        messages = part.messages(span)
        for state in STEPS:
            counts[state] += messages.count(state)
            people[state] += count_people(messages.customers[messages.reached(state)])
        is_owed = np.zeros(part.message_count, dtype=bool)
        is_owed[last_touches(part, asked, to_order).places] = True
        ordered = is_owed[messages.places]
        counts[ORDERED] += int(ordered.sum())
        people[ORDERED] += count_people(messages.customers[ordered])
    above = {State.DELIVERED: State.SENT, State.OPENED: State.DELIVERED, State.CLICKED: State.OPENED}
    whole = {str(step): counts[other] for step, other in above.items()} | {ORDERED: counts[State(asked.touch)]}
    return [
        {
            "step": str(step),
            "messages": count,
            "customers": people[step],
            "share": share(count, whole[str(step)]) if str(step) in whole else None,
        }
        for step, count in counts.items()
    ]


FUNNEL = Question(
    name="funnel",
    title="From message to order",
    topic=Topic.MESSAGES,
    definition=(
        "Messages that were sent on these days, by how far they got at least; each share is of the step above. Ordered "
        "are those to which an order is attributed: the last message that its customer had touched within the "
        "attribution window before it; their share is of all that were touched, as the workspace's settings have it."
    ),
    columns=(
        Column("step", "Step", Unit.TEXT),
        Column("messages", "Messages", Unit.COUNT),
        Column("customers", "Customers", Unit.COUNT),
        Column("share", "Of the step above", Unit.SHARE),
    ),
    answer=_answer,
    chart=Funnel("step", "messages", "share"),
    parameters=(OfSegment(),),
    days=30,
    reads_messages=True,
)
