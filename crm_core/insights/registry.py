"""All questions, in the order in which they are listed."""

from collections.abc import Mapping

from crm_core.insights.question import Question
from crm_core.insights.questions.attribution import ATTRIBUTION
from crm_core.insights.questions.bgnbd import BGNBD
from crm_core.insights.questions.breakdown import BREAKDOWN
from crm_core.insights.questions.campaign_breakdown import CAMPAIGN_BREAKDOWN
from crm_core.insights.questions.campaign_lift import CAMPAIGN_LIFT
from crm_core.insights.questions.campaign_variants import CAMPAIGN_VARIANTS
from crm_core.insights.questions.campaigns_compared import CAMPAIGNS_COMPARED
from crm_core.insights.questions.campaigns_revenue import CAMPAIGNS_REVENUE
from crm_core.insights.questions.cohorts import COHORTS
from crm_core.insights.questions.distribution import DISTRIBUTION
from crm_core.insights.questions.funnel import FUNNEL
from crm_core.insights.questions.hours import HOURS
from crm_core.insights.questions.kpis import KPIS
from crm_core.insights.questions.messages_over_time import MESSAGES_OVER_TIME
from crm_core.insights.questions.revenue_by_month import REVENUE_BY_MONTH
from crm_core.insights.questions.revenue_by_segment import REVENUE_BY_SEGMENT
from crm_core.insights.questions.rfm import RFM

_ALL = (
    *(RFM, COHORTS, DISTRIBUTION, BREAKDOWN, BGNBD),
    *(KPIS, REVENUE_BY_MONTH, REVENUE_BY_SEGMENT, ATTRIBUTION),
    *(MESSAGES_OVER_TIME, FUNNEL, HOURS),
    *(CAMPAIGN_BREAKDOWN, CAMPAIGN_VARIANTS, CAMPAIGN_LIFT),
    *(CAMPAIGNS_COMPARED, CAMPAIGNS_REVENUE),
)

QUESTIONS: Mapping[str, Question] = {question.name: question for question in _ALL}
