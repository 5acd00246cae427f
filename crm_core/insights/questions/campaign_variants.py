"""Whether a variant of a campaign does better than the first one."""

from crm_core.insights.charts import Intervals
from crm_core.insights.comparing import Rate, compare_rates, more_needed
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, LaunchedCampaign, OfCampaign, Question, Topic
from crm_core.schema.message_states import REACHED, MessageState

MEASURES = (MessageState.OPENED, MessageState.CLICKED)


def _answer(_: Facts, asked: Asked) -> list[Row]:
    campaign = asked.campaign
    if campaign is None or len(campaign.variants) < 2:
        return []
    first, *others = campaign.variants
    return [_row(campaign, first, other, state) for state in MEASURES for other in others]


def _row(campaign: LaunchedCampaign, first: str, other: str, state: MessageState) -> Row:
    comparisons = len(MEASURES) * (len(campaign.variants) - 1)
    base, ours = (_rate(campaign, name, state) for name in (first, other))
    found = compare_rates(ours, base, comparisons=comparisons)
    is_open = found is not None and found.low <= 0 <= found.high
    return {
        "variant": other,
        "against": first,
        "measure": state.value,
        "rate": ours.value if ours.size else None,
        "rate_against": base.value if base.size else None,
        "difference": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "verdict": found.verdict.value if found else "nobody yet",
        "more_needed": more_needed(ours, base, comparisons=comparisons) if is_open else None,
    }


def _rate(campaign: LaunchedCampaign, variant: str, state: MessageState) -> Rate:
    counts = campaign.variants[variant]
    hits, size = (sum(counts.get(each, 0) for each in REACHED[of]) for of in (state, MessageState.DELIVERED))
    return Rate(hits, size)


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
    columns=(
        Column("variant", "Variant", Unit.TEXT),
        Column("against", "Against", Unit.TEXT),
        Column("measure", "Measure", Unit.TEXT),
        Column("rate", "Rate", Unit.SHARE),
        Column("rate_against", "Rate against", Unit.SHARE),
        Column("difference", "Difference", Unit.SHARE),
        Column("low", "At least", Unit.SHARE),
        Column("high", "At most", Unit.SHARE),
        Column("verdict", "Verdict", Unit.TEXT),
        Column("more_needed", "More messages needed", Unit.COUNT),
    ),
    answer=_answer,
    chart=Intervals(("variant", "measure"), "difference", "low", "high"),
    parameters=(OfCampaign(),),
)
