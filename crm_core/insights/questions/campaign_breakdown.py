"""Who of a campaign's audience got, opened and clicked its message, by the values of a field."""

import numpy as np

from crm_core.insights.charts import RankedBars
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.grouping import ranked_groups, values_of
from crm_core.insights.question import Asked, OfCampaign, OfField, Question, Topic, Whole
from crm_core.rules.fields import FieldType
from crm_core.schema.message_states import MessageState as State

STATES = (State.SENT, State.DELIVERED, State.OPENED, State.CLICKED, State.FAILED)


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    if asked.campaign is None:
        return []
    groups: dict[str | None, list[int]] = {}
    for part in facts.parts:
        messages = part.of_campaign(asked.campaign.id)
        codes, values = values_of(part, asked.values["field"])
        places = codes[messages.customers].astype(np.int64) + 1
        size = len(values) + 1
        counts = [np.bincount(places[messages.reached(state)], minlength=size) for state in STATES]
        for place, value in enumerate([(), *values]):
            for entry in value or (None,):
                kept = groups.setdefault(entry, [0] * len(STATES))
                groups[entry] = [one + int(column[place]) for one, column in zip(kept, counts, strict=True)]
    return [_row(*found) for found in ranked_groups(groups, asked.values["most"])]


def _row(kind: str, value: str, counts: list[int]) -> Row:
    sent, delivered, opened, clicked, failed = counts
    return {
        "kind": kind,
        "value": value,
        "sent": sent,
        "delivered": delivered,
        "delivered_rate": share(delivered, sent),
        "opened": opened,
        "opened_rate": share(opened, delivered),
        "clicked": clicked,
        "clicked_rate": share(clicked, delivered),
        "failed": failed,
    }


CAMPAIGN_BREAKDOWN = Question(
    name="campaign_breakdown",
    title="A campaign by a field",
    topic=Topic.CAMPAIGNS,
    definition=(
        "The messages of a campaign by the present values of a field of their customers, those that most were sent to "
        "first. Delivered is of sent, opened and clicked of delivered. Somebody with several values, as of tags, "
        "counts for each."
    ),
    columns=(
        Column("kind", "Kind of row", Unit.TEXT),
        Column("value", "Value", Unit.TEXT),
        Column("sent", "Sent", Unit.COUNT),
        Column("delivered", "Delivered", Unit.COUNT),
        Column("delivered_rate", "Delivered, of sent", Unit.SHARE),
        Column("opened", "Opened", Unit.COUNT),
        Column("opened_rate", "Opened, of delivered", Unit.SHARE),
        Column("clicked", "Clicked", Unit.COUNT),
        Column("clicked_rate", "Clicked, of delivered", Unit.SHARE),
        Column("failed", "Failed", Unit.COUNT),
    ),
    answer=_answer,
    chart=RankedBars("value", "sent"),
    parameters=(
        OfCampaign(),
        OfField((FieldType.TEXT, FieldType.LIST, FieldType.BOOLEAN), "city"),
        Whole("most", "Values shown", 15, 1, 200),
    ),
    reads_messages=True,
)
