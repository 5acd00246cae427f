"""What a campaign brought that would not have come without it: those it was meant for against those held out."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.campaigns.states import RowReason
from crm_core.insights.charts import Intervals
from crm_core.insights.comparing import FEWEST_BUYERS, FEWEST_HELD_OUT, Group, compare_means
from crm_core.insights.facts import DAY_MS, FactPart, Facts
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.question import Asked, LaunchedCampaign, OfCampaign, Question, Topic, Whole
from crm_core.money import to_major

LEFT_OUT = (RowReason.MESSAGED_RECENTLY, RowReason.EXCLUDED_SEGMENT)
"""Why somebody is neither messaged nor held out: they were never among those whom the split is made of."""
NOT_ENOUGH = "not enough data yet"
BUYERS, ORDERS, REVENUE = "buyers", "orders", "revenue"
Figures = Mapping[str, NDArray[Any]]


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    return lift_of(facts, asked, asked.campaign) if asked.campaign else []


def lift_of(facts: Facts, asked: Asked, campaign: LaunchedCampaign) -> list[Row]:
    """Of one campaign, over the days that were asked for; nothing without a holdout."""
    if not (held_out := campaign.held_out()):
        return []
    end = campaign.launched_ms + asked.values["days"] * DAY_MS
    groups: dict[str, list[list[NDArray[Any]]]] = {name: [[], []] for name in (BUYERS, ORDERS, REVENUE)}
    for part in facts.parts:
        figures = _figures(part, (campaign.launched_ms, end))
        for place, rows in enumerate((_messaged(part, campaign), part.rows_of(held_out))):
            for name, values in figures.items():
                groups[name][place].append(values[rows].astype(float))
    return [_row(name, *map(_group, both), digits=asked.digits) for name, both in groups.items()]


def _messaged(part: FactPart, campaign: LaunchedCampaign) -> NDArray[Any]:
    messages = part.of_campaign(campaign.id)
    return np.asarray(messages.customers[~part.reasons(messages, LEFT_OUT)])


def _figures(part: FactPart, span: tuple[int, int]) -> Figures:
    """Of each customer of the part, in that span; revenue in minor units."""
    bought = part.orders(span)
    orders = np.bincount(bought.customers[bought.is_order], minlength=part.size)
    revenue = np.bincount(bought.customers, bought.nets, part.size)
    return {BUYERS: orders > 0, ORDERS: orders, REVENUE: revenue}


def _group(values: list[NDArray[Any]]) -> Group:
    joined = np.concatenate(values) if values else np.empty(0)
    return Group(joined.size, float(joined.sum()), float((joined**2).sum()))


def _row(name: str, messaged: Group, held_out: Group, *, digits: int) -> Row:
    found = compare_means(messaged, held_out)
    scale = float(to_major(1, digits)) if name == REVENUE else 1.0
    is_enough = held_out.size >= FEWEST_HELD_OUT and (name != BUYERS or held_out.total >= FEWEST_BUYERS)
    ends = (found.value, found.low, found.high) if found else (None, None, None)
    value, low, high = (end * scale if end is not None else None for end in ends)
    in_all = [round(end * messaged.size, 2) if end is not None else None for end in (value, low, high)]
    verdict = found.verdict.value if found and is_enough else NOT_ENOUGH
    base = held_out.mean * scale
    relative = [share(end, base) if end is not None else None for end in (value, low, high)]
    return {
        "measure": name,
        "customers": messaged.size,
        "customers_held_out": held_out.size,
        "messaged": messaged.mean * scale,
        "held_out": base,
        **dict(zip(("difference", "low", "high"), (value, low, high), strict=True)),
        **dict(zip(("in_all", "in_all_low", "in_all_high"), in_all, strict=True)),
        **dict(zip(("relative", "relative_low", "relative_high"), relative, strict=True)),
        "verdict": verdict,
    }


CAMPAIGN_LIFT = Question(
    name="campaign_lift",
    title="Against the holdout",
    topic=Topic.CAMPAIGNS,
    definition=(
        "Orders and revenue from the launch on, for each customer whom the campaign was meant for, whether the message "
        "reached them or not, against those held out by chance; amounts in the workspace's currency. Both groups are "
        "alike but for the campaign, so the difference is what it brought. The interval holds the truth in about 95 of "
        "100 cases. In all is the difference for everybody whom it was meant for. Customers whom the campaign excluded "
        "are in neither group."
    ),
    columns=(
        Column("measure", "Measure, a customer", Unit.TEXT),
        Column("customers", "Meant for", Unit.COUNT),
        Column("customers_held_out", "Held out", Unit.COUNT),
        Column("messaged", "Of those it was meant for", Unit.NUMBER),
        Column("held_out", "Of those held out", Unit.NUMBER),
        Column("difference", "Difference", Unit.NUMBER),
        Column("low", "At least", Unit.NUMBER),
        Column("high", "At most", Unit.NUMBER),
        Column("in_all", "In all", Unit.NUMBER),
        Column("in_all_low", "In all, at least", Unit.NUMBER),
        Column("in_all_high", "In all, at most", Unit.NUMBER),
        Column("relative", "Difference, of those held out", Unit.SHARE),
        Column("relative_low", "The same, at least", Unit.SHARE),
        Column("relative_high", "The same, at most", Unit.SHARE),
        Column("verdict", "Verdict", Unit.TEXT),
    ),
    answer=_answer,
    chart=Intervals(("measure",), "relative", "relative_low", "relative_high", is_relative=True),
    parameters=(OfCampaign(), Whole("days", "Days after the launch", 14, 1, 365, "days")),
    reads_messages=True,
)
