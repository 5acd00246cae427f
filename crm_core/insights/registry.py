"""All questions, in the order in which they are listed."""

from collections.abc import Mapping

from crm_core.insights.question import Question
from crm_core.insights.questions.cohorts import COHORTS
from crm_core.insights.questions.funnel import FUNNEL
from crm_core.insights.questions.hours import HOURS
from crm_core.insights.questions.kpis import KPIS
from crm_core.insights.questions.messages_over_time import MESSAGES_OVER_TIME
from crm_core.insights.questions.revenue_by_month import REVENUE_BY_MONTH
from crm_core.insights.questions.rfm import RFM

_ALL = (KPIS, MESSAGES_OVER_TIME, FUNNEL, HOURS, REVENUE_BY_MONTH, RFM, COHORTS)

QUESTIONS: Mapping[str, Question] = {question.name: question for question in _ALL}
