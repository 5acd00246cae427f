"""The services of insights: figures over all features."""

from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.campaigns.services import CampaignServices
from crm_core.insights.dead_letters import DeadLetters
from crm_core.insights.first_steps import FirstStepsReader
from crm_core.insights.overview import Overview
from crm_core.insights.timeline import Timeline
from crm_core.predictions.services import PredictionServices

if TYPE_CHECKING:
    from crm_core.insights.asking import Insights


class InsightServices(CampaignServices, PredictionServices):
    @cached_property
    def overview(self) -> Overview:
        return Overview(self.db, self.personal_reads, self.customers)

    @cached_property
    def insights(self) -> "Insights":
        from crm_core.insights.asking import Insights  # imports NumPy, which workers do without
        from crm_core.insights.launched import LaunchedCampaigns

        launched = LaunchedCampaigns(self.db, self.figures)
        return Insights(
            self.snapshot,
            self.rule_contexts,
            self.segments,
            launched,
            self.workspace,
            self.prediction_fits,
            self.clock,
        )

    @cached_property
    def first_steps(self) -> FirstStepsReader:
        return FirstStepsReader(self.db, self.figures)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.monitor, self.personal_reads)

    @cached_property
    def timeline(self) -> Timeline:
        return Timeline(self.db, self.personal_reads, self.customers)
