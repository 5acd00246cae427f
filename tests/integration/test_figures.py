"""Figures that pages show: however often they are asked for, dear ones are counted seldom, cheap ones each time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from crm_core.campaigns.figures import CHEAP_S, LONG_REST, REST, Figures
from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.model import Campaign, Point
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig, receipt

DEAR_S = 2 * CHEAP_S


class SlowMessageLog(MessageLog):
    """Each count takes as long as it is told, by a timer that stands still otherwise."""

    def __init__(self, services: Services) -> None:
        super().__init__(services.db, services.personal_reads, services.moves)
        self.counts = 0
        self.takes_s = DEAR_S
        self.now_s = 0.0
        self.go_on = threading.Event()
        self.go_on.set()

    def stats(self, campaign_id: str, *, by_variant: bool = False) -> Stats:
        self.counts += 1
        self.go_on.wait()
        self.now_s += self.takes_s
        return super().stats(campaign_id, by_variant=by_variant)

    def timeline(self, campaign_id: str, *, start: datetime, end: datetime) -> list[Point]:
        self.now_s += self.takes_s
        return super().timeline(campaign_id, start=start, end=end)


def slow_figures(rig: Rig) -> tuple[SlowMessageLog, Figures]:
    message_log = SlowMessageLog(rig.services)
    return message_log, Figures(message_log, rig.services.clock, timer=lambda: message_log.now_s)


def sent(figures: Figures, rig: Rig, campaign: str) -> int:
    found = figures.stats(rig.services.campaigns.get(campaign), actor=TEST).value
    return found.by_state[MessageState.SENT]


def test_what_is_cheap_is_counted_each_time(rig: Rig) -> None:
    message_log, figures = slow_figures(rig)
    message_log.takes_s = CHEAP_S / 2
    campaign = rig.launch(rig.draft())
    rig.plan()
    assert sent(figures, rig, campaign) == 0
    rig.deliver()
    assert sent(figures, rig, campaign) == 4


def test_what_is_dear_stands_for_many_times_as_long_as_it_took(rig: Rig) -> None:
    message_log, figures = slow_figures(rig)
    campaign = rig.launch(rig.draft())
    rig.plan()
    assert sent(figures, rig, campaign) == 0
    rig.deliver()
    message_log.now_s += REST * DEAR_S * 0.99
    assert sent(figures, rig, campaign) == 0
    message_log.now_s += REST * DEAR_S * 0.02
    assert sent(figures, rig, campaign) == 4
    assert message_log.counts == 2


def test_figures_are_counted_again_after_a_change_and_kept_longer_once_settled(rig: Rig, clock: TestClock) -> None:
    message_log, figures = slow_figures(rig)
    campaign = rig.launch(rig.draft())
    rig.plan()
    assert sent(figures, rig, campaign) == 0
    rig.finish(clock)
    assert sent(figures, rig, campaign) == 4
    rig.receive(*(receipt(campaign, who, "delivered") for who in ("c1", "c2", "c3", "c6")))
    message_log.now_s += REST * DEAR_S
    assert sent(figures, rig, campaign) == 0
    rig.receive(receipt(campaign, "c1", "clicked"))
    now = rig.services.campaigns.get(campaign)
    message_log.now_s += REST * DEAR_S
    assert figures.stats(now, actor=TEST).value.by_state[MessageState.CLICKED] == 0
    message_log.now_s += LONG_REST * DEAR_S
    assert figures.stats(now, actor=TEST).value.by_state[MessageState.CLICKED] == 1


def test_a_campaign_that_was_completed_once_more_is_counted_anew(rig: Rig, clock: TestClock) -> None:
    _, figures = slow_figures(rig)
    campaign = rig.launch(rig.draft())
    rig.vendor.refused = "spam"
    rig.finish(clock)
    assert sent(figures, rig, campaign) == 0
    rig.vendor.refused = None
    rig.services.campaigns.retry_failed(campaign, actor=ASHA)
    rig.finish(clock)
    assert (rig.state(campaign), sent(figures, rig, campaign)) == ("completed", 4)


def test_two_who_ask_at_once_wait_for_one_count(rig: Rig) -> None:
    message_log, figures = slow_figures(rig)
    campaign = rig.services.campaigns.get(rig.launch(rig.draft()))
    message_log.go_on.clear()
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(figures.stats, campaign, actor=TEST) for _ in range(4)]
        message_log.go_on.set()
        first, *others = [each.result() for each in asked]
    assert message_log.counts == 1
    assert all(other is first for other in others)


def test_the_line_over_time_stands_as_long(rig: Rig, clock: TestClock) -> None:
    message_log, figures = slow_figures(rig)
    campaign = rig.services.campaigns.get(rig.launch(rig.draft()))
    assert over_time(figures, campaign) == []
    rig.plan()
    clock.advance(minutes=1)
    rig.deliver()
    assert over_time(figures, campaign) == []
    message_log.now_s += REST * 2 * DEAR_S  # by variant, and over time
    found = figures.details(campaign, actor=TEST)
    assert found
    assert (found["timeline"][-1]["sent"], found["as_of"]) == (4, clock.now)


def over_time(figures: Figures, campaign: Campaign) -> list[Point]:
    found = figures.details(campaign, actor=TEST)
    assert found
    return found["timeline"]
