"""Rehearsal: the planner's rows and the sender's decisions on a virtual clock; nothing is written, nothing sent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import redis

from crm_core.campaigns.drafting.definition import Definitions
from crm_core.campaigns.model import Campaign, with_changes
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.rehearsal.dry_run import DryRun, Stage
from crm_core.campaigns.rehearsal.pacing import Pacing
from crm_core.campaigns.rehearsal.tally import Tally
from crm_core.campaigns.rehearsal.waiting import WaitingRows
from crm_core.campaigns.sending.delivery import SendingRules
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.sending.release import rows_per_batch
from crm_core.infra.clock import Clock
from crm_core.rules.bound import has_conditions


@dataclass(frozen=True)
class RehearsalResult:
    """tally: the figures. is_complete: everybody's turn came; not when it was cancelled, or went beyond the horizon.

    start, finish: on the virtual clock. as_of: when the data was read. needs_confirmation: the audience is everyone.
    """

    tally: Tally
    is_complete: bool
    start: datetime
    finish: datetime
    as_of: datetime
    took_s: float
    rate: float | None
    needs_confirmation: bool


class Rehearsal:
    def __init__(
        self,
        definitions: Definitions,
        plan: Plan,
        recipients: Recipients,
        client: redis.Redis,
        rates: ChannelRates,
        rules: Callable[[], SendingRules],
        clock: Clock,
    ) -> None:
        self._definitions = definitions
        self._plan = plan
        self._recipients = recipients
        self._client = client
        self._rates = rates
        self._rules = rules
        self._clock = clock

    def freeze(self, campaign: Campaign, start: datetime) -> tuple[Campaign, bool]:
        """The campaign as a launch at ``start`` would freeze it, and whether that needs a confirmation, being for
        everyone. One that was launched is frozen: it is rehearsed from its first message on.

        Raises as ``Campaigns.launch``.
        """
        if campaign.get("launched_at"):
            started = campaign.copy()
            started.pop("plan_after", None)
            return started, False
        frozen = self._definitions.freeze(campaign, confirm_everyone=True)
        bound, _ = self._definitions.at_launch(campaign)
        seed = campaign.get("seed") or campaign["_id"]
        launched = with_changes(campaign, {**frozen, "seed": seed, "launched_at": start})
        return launched, not has_conditions(bound)

    def run(
        self,
        campaign: Campaign,
        start: datetime,
        progress: Callable[[Stage], None],
        is_cancelled: Callable[[], bool],
    ) -> RehearsalResult:
        """What would become of a campaign whose sending begins at ``start``, with the data of now.

        progress, is_cancelled: called again and again. Raises as ``freeze``.
        """
        began, as_of = time.monotonic(), self._clock()
        frozen, needs_confirmation = self.freeze(campaign, start)
        rate, rules = self._rates.rate(campaign["channel"]), self._rules()
        waiting = WaitingRows(campaign["_id"])
        try:
            run = DryRun(frozen, start, self._plan, self._recipients, Pacing(self._client, rate), rules, waiting)
            is_complete = run.go(rows_per_batch(rate), progress, is_cancelled)
        finally:
            waiting.close()
        took_s = time.monotonic() - began
        return RehearsalResult(run.tally, is_complete, start, run.now, as_of, took_s, rate, needs_confirmation)
