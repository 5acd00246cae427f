"""The rate of a channel: tokens that Valkey hands out to all workers together, exact over any time."""

import math
from threading import Thread
from typing import Any

import pytest

from crm_core.campaigns.sending.rate import BURST_S, ChannelRates
from crm_core.services import Services
from tests.conftest import TestClock


def test_a_rate_holds_over_any_time_for_all_workers_together(services: Services, clock: TestClock) -> None:
    workers = [ChannelRates(services.redis, lambda: {"sms": 100}) for _ in range(3)]
    granted = 0
    for step in range(300):
        granted += workers[step % 3].take("sms", 40, now=clock.now).count
        clock.advance(milliseconds=10)
    assert 25 + 299 <= granted <= 25 + 300
    rest = workers[0].take("sms", 5, now=clock.now)
    assert rest.count <= 1
    assert rest.wait_s == pytest.approx(0.05, abs=0.011)
    assert workers[0].take("email", 500).count == 500


@pytest.mark.parametrize("rate", [7, 0.3, 33.3, 1000.001])
def test_a_rate_that_does_not_divide_a_second_is_exact(services: Services, clock: TestClock, rate: float) -> None:
    rates = ChannelRates(services.redis, lambda: {"sms": rate})
    granted, begun = 0, clock.now
    for _ in range(600):
        granted += rates.take("sms", 10_000, now=clock.now).count
        clock.advance(milliseconds=97)
    elapsed_s = (clock.now - begun).total_seconds() - 0.097
    assert granted == math.floor(rate * (elapsed_s + max(BURST_S, 1 / rate)))


def test_what_is_left_of_a_rate_after_a_pause_is_no_more_than_the_burst(services: Services, clock: TestClock) -> None:
    rates = ChannelRates(services.redis, lambda: {"sms": 100})
    for pause_s in (0, 0.25, 1, 3600):
        clock.advance(seconds=pause_s)
        assert rates.take("sms", 1000, now=clock.now).count == 25
    assert rates.take("sms", 1000, now=clock.now).count == 0
    keys: Any = services.redis.keys("rate:*")
    assert [services.redis.ttl(key) > 0 for key in keys] == [True]


def test_a_clock_set_back_or_an_earlier_slower_rate_does_not_hold_up_a_channel(
    services: Services, clock: TestClock
) -> None:
    assert ChannelRates(services.redis, lambda: {"sms": 0.01}).take("sms", 9, now=clock.now).count == 1
    faster = ChannelRates(services.redis, lambda: {"sms": 100})
    assert faster.take("sms", 99, now=clock.now).count == 25
    clock.advance(hours=-1)
    assert faster.take("sms", 99, now=clock.now).count == 25
    assert faster.take("sms", 99, now=clock.now).count == 0


def test_workers_that_ask_at_once_get_no_more_than_the_burst(services: Services) -> None:
    counts: list[int] = []

    def ask() -> None:
        counts.extend(ChannelRates(services.redis, lambda: {"sms": 0.5}).take("sms", 1).count for _ in range(5))

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1
