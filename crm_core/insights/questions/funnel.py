"""From the message to the order."""

from datetime import timedelta

import numpy as np

from crm_core.insights.attribution import last_touches
from crm_core.insights.charts import Funnel
from crm_core.insights.facts import Facts, count_people
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.periods import Period
from crm_core.insights.question import Asked, OfSegment, Question
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
            reached = messages.reached(state)
            counts[state] += int(reached.sum())
            people[state] += count_people(messages.customers[reached])
        owed, _ = last_touches(part, asked, to_order)
        ordered = np.isin(messages.places, owed)
        counts[ORDERED] += int(ordered.sum())
        people[ORDERED] += count_people(messages.customers[ordered])
    before = (None, *counts.values())
    return [
        {
            "step": str(step),
            "messages": count,
            "customers": people[step],
            "share": share(count, above) if above is not None else None,
        }
        for (step, count), above in zip(counts.items(), before, strict=False)
    ]


FUNNEL = Question(
    name="funnel",
    title="From message to order",
    definition=(
        "Messages that were sent on these days, by how far they got at least; each share is of the step above. Ordered "
        "are those to which an order is attributed: the last message that its customer had touched within the "
        "attribution window before it."
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
