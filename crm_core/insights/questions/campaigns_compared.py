"""Whether campaigns were opened and clicked more than the first of them."""

from crm_core.insights.charts import Intervals
from crm_core.insights.comparing import Rate
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, LaunchedCampaign, OfCampaigns, Question, Topic
from crm_core.insights.rates import COLUMNS, MEASURES, compared, rate_of, rates
from crm_core.schema.message_states import MessageState

FEWEST, MOST = 2, 5
NOT_ALIKE = "not comparable"


def _answer(_: Facts, asked: Asked) -> list[Row]:
    if len(asked.campaigns) < FEWEST:
        return []
    counts = {each.id: each.by_state() for each in asked.campaigns}
    first, *others = asked.campaigns
    return [
        {
            "campaign": other.name,
            "campaign_id": other.id,
            "against": first.name,
            **_compare(other, first, [rate_of(counts[each.id], state) for each in (other, first)], state, len(others)),
        }
        for state in MEASURES
        for other in others
    ]


def _compare(
    campaign: LaunchedCampaign, first: LaunchedCampaign, found: list[Rate], state: MessageState, others: int
) -> Row:
    """A channel that never reports opens, as SMS, would be worse than any other one."""
    ours, base = found
    if campaign.channel != first.channel and not (ours.hits and base.hits):
        return rates(ours, base, state, NOT_ALIKE)
    return compared(ours, base, state, comparisons=len(MEASURES) * others)


CAMPAIGNS_COMPARED = Question(
    name="campaigns_compared",
    title="Campaigns compared",
    topic=Topic.CAMPAIGNS,
    definition=(
        "Opened and clicked, of delivered, of each campaign against the first one. The intervals hold however often "
        "one looks, and for all comparisons together: of campaigns that do not differ, at most 5 in 100 are ever told "
        "better or worse (always valid inference by a mixture of normal distributions). Where that cannot be told yet: "
        "about how many more delivered messages it takes if the difference stays as it is. Campaigns go to different "
        "customers at different times, so a difference need not come from the message; only variants and holdouts are "
        "split by chance. Campaigns over different channels are not comparable where one has nobody at all who opened "
        "or clicked: its channel may not report that, as SMS does not."
    ),
    columns=(
        Column("campaign", "Campaign", Unit.TEXT),
        Column("campaign_id", "Campaign id", Unit.TEXT),
        Column("against", "Against", Unit.TEXT),
        *COLUMNS,
    ),
    answer=_answer,
    chart=Intervals(("campaign", "measure"), "difference", "low", "high"),
    parameters=(OfCampaigns(FEWEST, MOST),),
)
