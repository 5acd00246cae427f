"""Which campaigns orders are owed to."""

import numpy as np

from crm_core.insights.attribution import last_touches
from crm_core.insights.charts import RankedBars
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, OfSegment, Question, Topic


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    found: dict[str, list[int]] = {}
    span = asked.period.span(facts.zone)
    for part in facts.parts:
        owed = last_touches(part, asked, span)
        codes, ids = part.campaigns(owed.places)
        for code in np.unique(codes):
            ours = codes == code
            kept = found.setdefault(ids[code], [0, 0])
            found[ids[code]] = [kept[0] + int(ours.sum()), kept[1] + int(owed.nets[ours].sum())]
    ranked = sorted(found.items(), key=lambda entry: (-entry[1][1], entry[0]))
    return [
        {
            "campaign": asked.campaign_names.get(campaign_id, "a campaign that was removed"),
            "campaign_id": campaign_id,
            "orders": orders,
            "revenue": revenue,
        }
        for campaign_id, (orders, revenue) in ranked
    ]


ATTRIBUTION = Question(
    name="attribution",
    title="Revenue by campaign",
    topic=Topic.REVENUE,
    definition=(
        "Orders of these days that are owed to a campaign: each to the last message that its customer had touched "
        "within the attribution window before it; the workspace's settings say how long that is and what counts as "
        "touched. It says what came after a message, not because of it: that is told by a holdout, on the campaign's "
        "page."
    ),
    columns=(
        Column("campaign", "Campaign", Unit.TEXT),
        Column("campaign_id", "Campaign id", Unit.TEXT),
        Column("orders", "Orders", Unit.COUNT),
        Column("revenue", "Revenue", Unit.MONEY),
    ),
    answer=_answer,
    chart=RankedBars("campaign", "revenue"),
    parameters=(OfSegment(),),
    days=90,
    reads_messages=True,
)
