"""What rehearsals are held against: the same campaign, really sent by its workers while a clock is moved along."""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_core.campaigns.rehearsal.rehearsal import RehearsalResult
from crm_core.campaigns.rehearsal.tally import HOUR
from crm_core.campaigns.sending.rate import ChannelRates, Grant
from crm_core.campaigns.sending.release import ROUND_REST
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Stream
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig

Figures = dict[str, Any]


class RatesOnTheClock(ChannelRates):
    """The real script on the clock of the test, which it would else ask Valkey for."""

    def __init__(self, services: Services, rates: Mapping[str, float]) -> None:
        super().__init__(services.redis, lambda: rates)
        self._clock = services.clock

    def take(self, channel: str, wanted: int, *, now: datetime | None = None, key: str = "rate:channel") -> Grant:
        return super().take(channel, wanted, now=self._clock(), key=key)


class WaitOnTheClock(threading.Event):
    """A wait that moves the clock on."""

    def __init__(self, clock: TestClock) -> None:
        super().__init__()
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.advance(seconds=timeout or 0)
        return False


def set_rates(services: Services, rates: Mapping[str, float]) -> None:
    """To be called before a rig is made."""
    vars(services)["channel_rates"] = RatesOnTheClock(services, rates)


def rehearse(rig: Rig, campaign_id: str, start: datetime) -> RehearsalResult:
    campaign = rig.services.campaigns.get(campaign_id)
    rehearsal = rig.services.rehearsal_under(rig.rules)
    return rehearsal.run(campaign, start, lambda stage: None, lambda: False)


def send_for_real(rig: Rig, campaign_id: str, clock: TestClock) -> None:
    """From launch to the last message, whatever the time until then."""
    rig.deliverer.stopping = WaitOnTheClock(clock)
    rig.services.campaigns.launch(campaign_id, actor=ASHA, confirm_everyone=True)
    rig.plan()
    while rig.state(campaign_id) != "completed":
        if rig.services.publisher.backlog(Stream.DELIVERIES):
            rig.deliver()
        else:
            clock.now = max(clock.now, _next_round(rig.services, campaign_id))
        rig.plan()


def _next_round(services: Services, campaign_id: str) -> datetime:
    """When the campaign worker has something to release again."""
    released_at = services.campaigns.get(campaign_id)["release"]["at"]
    assert released_at
    rested = released_at + ROUND_REST + timedelta(milliseconds=1)
    waiting = services.db.messages.find({"campaign_id": campaign_id, "rank": MessageState.PENDING.rank})
    due: datetime = min(row.get("due_at", rested) for row in waiting)
    return max(rested, due)


def foreseen(result: RehearsalResult) -> Figures:
    tally = result.tally
    assert result.is_complete
    assert tally.pending == 0
    assert tally.audience == tally.by_state.total()
    assert sum(count for _, count in tally.buckets.items()) == tally.by_state[MessageState.SENT]
    return {
        "audience": tally.audience,
        "by_state": {str(state): count for state, count in tally.by_state.items()},
        "skipped": dict(tally.reasons[MessageState.SKIPPED]),
        "failed": dict(tally.reasons[MessageState.FAILED]),
        "by_variant": {
            (variant, str(state)): count
            for variant, found in tally.by_variant.items()
            for state, count in found.items()
        },
        "by_hour": dict(tally.buckets.items()),
    }


def happened(rig: Rig, campaign_id: str) -> Figures:
    stats = rig.message_log.stats(campaign_id)
    rows = list(rig.services.db.messages.find({"campaign_id": campaign_id}))
    by_variant = Counter((row["variant"], _state(row)) for row in rows if row.get("variant"))
    by_hour = Counter(
        row["sent_at"] - timedelta(seconds=row["sent_at"].timestamp() % HOUR.total_seconds())
        for row in rows
        if "sent_at" in row
    )
    return {
        "audience": stats.audience,
        "by_state": rig.counts(campaign_id),
        "skipped": stats.skipped_by_reason,
        "failed": stats.failed_by_reason,
        "by_variant": dict(by_variant),
        "by_hour": dict(by_hour),
    }


def _state(row: Doc) -> str:
    return str(tuple(MessageState)[row["rank"]])
