"""Whether a variant of a campaign does better than the first one."""

from crm_core.insights.charts import Intervals
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, OfCampaign, Question, Topic
from crm_core.insights.rates import COLUMNS, MEASURES, compared, rate_of


def _answer(_: Facts, asked: Asked) -> list[Row]:
    campaign = asked.campaign
    if campaign is None or len(campaign.variants) < 2:
        return []
    first, *others = campaign.variants
    comparisons = len(MEASURES) * len(others)
    counts = campaign.variants
    return [
        {
            "variant": other,
            "against": first,
            **compared(rate_of(counts[other], state), rate_of(counts[first], state), state, comparisons=comparisons),
        }
        for state in MEASURES
        for other in others
    ]


CAMPAIGN_VARIANTS = Question(
    name="campaign_variants",
    title="Variants compared",
    topic=Topic.CAMPAIGNS,
    definition=(
        "Opened and clicked, of delivered, of each variant against the first one. The intervals hold however often one "
        "looks, and for all comparisons together: of campaigns whose variants do not differ, at most 5 in 100 are ever "
        "told better or worse (always valid inference by a mixture of normal distributions). Where that cannot be told "
        "yet: about how many more delivered messages it takes if the difference stays as it is."
    ),
    columns=(Column("variant", "Variant", Unit.TEXT), Column("against", "Against", Unit.TEXT), *COLUMNS),
    answer=_answer,
    chart=Intervals(("variant", "measure"), "difference", "low", "high"),
    parameters=(OfCampaign(),),
)
