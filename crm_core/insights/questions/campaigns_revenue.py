"""What campaigns brought in for each message, and how much of it a holdout says they caused."""

from datetime import UTC, datetime

import numpy as np

from crm_core.insights.attribution import last_touches
from crm_core.insights.charts import RankedBars
from crm_core.insights.facts import DAY_MS, Facts
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.question import Asked, LaunchedCampaign, OfCampaigns, Question, Topic, Whole
from crm_core.insights.questions.campaign_lift import REVENUE, lift_of
from crm_core.insights.questions.campaigns_compared import FEWEST, MOST
from crm_core.schema.message_states import MessageState

MESSAGES = 1_000
"""Orders and revenue are of so many delivered ones: those of a single one are too small to read."""
NO_HOLDOUT = "no holdout"


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    return [_row(facts, asked, each) for each in asked.campaigns]


def _row(facts: Facts, asked: Asked, campaign: LaunchedCampaign) -> Row:
    delivered, orders, revenue = _brought(facts, asked, campaign)
    lift = next((row for row in lift_of(facts, asked, campaign) if row["measure"] == REVENUE), None)
    revenue_share, orders_share = share(revenue * MESSAGES, delivered), share(orders * MESSAGES, delivered)
    return {
        "campaign": campaign.name,
        "campaign_id": campaign.id,
        "days": min(asked.values["days"], _days_since(campaign, facts)),
        "delivered": delivered,
        "orders": orders,
        "revenue": revenue,
        "orders_per_1000": None if orders_share is None else round(orders_share, 2),
        "revenue_per_1000": None if revenue_share is None else round(revenue_share),
        "lift": lift["relative"] if lift else None,
        "lift_low": lift["relative_low"] if lift else None,
        "lift_high": lift["relative_high"] if lift else None,
        "verdict": lift["verdict"] if lift else NO_HOLDOUT,
    }


def _brought(facts: Facts, asked: Asked, campaign: LaunchedCampaign) -> tuple[int, int, int]:
    """Its delivered messages, and the orders of the days that are owed to them, with their nets in minor units."""
    span = campaign.launched_ms, campaign.launched_ms + asked.values["days"] * DAY_MS
    delivered = orders = revenue = 0
    for part in facts.parts:
        messages = part.of_campaign(campaign.id)
        delivered += int(messages.reached(MessageState.DELIVERED).sum())
        owed = last_touches(part, asked, span)
        ours = np.isin(owed.places, messages.places)
        orders += int(ours.sum())
        revenue += int(owed.nets[ours].sum())
    return delivered, orders, revenue


def _days_since(campaign: LaunchedCampaign, facts: Facts) -> int:
    launched = datetime.fromtimestamp(campaign.launched_ms / 1000, UTC).astimezone(facts.zone).date()
    return max((facts.today - launched).days, 0)


CAMPAIGNS_REVENUE = Question(
    name="campaigns_revenue",
    title="Revenue per 1,000 messages",
    topic=Topic.CAMPAIGNS,
    definition=(
        "Orders and revenue from each campaign's launch on that are attributed to it, in all and for 1,000 delivered "
        "messages: each order is owed to the last message that its customer had touched within the attribution window "
        "before it, as the workspace's settings have it; a channel that does not report what counts as touched, as "
        "SMS does not report opens, is owed none. Messages and orders are those of customers who are still there. A "
        "campaign launched fewer days ago has had less time. It is what came after the messages, not because of them: "
        "where a campaign has a holdout, the last columns have the difference in revenue between those whom it was "
        "meant for and those held out, in percent of the latter, with an interval that holds the truth in about 95 of "
        "100 cases. Campaigns go to different customers, so two of them may differ whatever their messages said."
    ),
    columns=(
        Column("campaign", "Campaign", Unit.TEXT),
        Column("campaign_id", "Campaign id", Unit.TEXT),
        Column("days", "Days counted", Unit.DAYS),
        Column("delivered", "Delivered", Unit.COUNT),
        Column("orders", "Orders", Unit.COUNT),
        Column("revenue", "Revenue", Unit.MONEY),
        Column("orders_per_1000", "Orders per 1,000 delivered", Unit.NUMBER),
        Column("revenue_per_1000", "Revenue per 1,000 delivered", Unit.MONEY),
        Column("lift", "Revenue against its holdout", Unit.SHARE),
        Column("lift_low", "The same, at least", Unit.SHARE),
        Column("lift_high", "The same, at most", Unit.SHARE),
        Column("verdict", "Verdict on the holdout", Unit.TEXT),
    ),
    answer=_answer,
    chart=RankedBars("campaign", "revenue_per_1000"),
    parameters=(OfCampaigns(FEWEST, MOST), Whole("days", "Days after the launch", 14, 1, 365, "days")),
    reads_messages=True,
)
