"""A rate on a virtual clock hands out what the real one does, whatever the rate."""

from datetime import UTC, datetime, timedelta

import pytest

from crm_core.campaigns.rehearsal.pacing import Pacing
from crm_core.campaigns.sending.delivery import FRESH
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.services import Services

START = datetime(2026, 6, 15, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize("rate", [0.01, 0.037, 3, 7, 99.9, 12_345])
def test_messages_go_out_when_the_script_of_the_workers_lets_them(services: Services, rate: float) -> None:
    pacing, rates = Pacing(services.redis, rate), ChannelRates(services.redis, lambda: {"sms": rate})
    foreseen: list[tuple[int, datetime]] = []
    at = START
    for count in (1, 40, 7):
        left = count
        while left:  # what waits for long is decided anew
            batches, at = pacing.spend(left, at)
            foreseen += batches
            left -= sum(gone for gone, _ in batches)
    granted, at = [], START
    for count in (1, 40, 7):
        left = count
        while left:
            grant = rates.take("sms", left, now=at)
            granted += [(grant.count, at)] if grant.count else []
            left -= grant.count
            at += timedelta(seconds=grant.wait_s) if left else timedelta()
    assert foreseen == granted
    assert sum(count for count, _ in foreseen) == 48
    assert len(foreseen) > 1 or rate > 48 * 4
    expected_s = 47 / rate
    assert expected_s - 0.25 <= (at - START).total_seconds() <= expected_s + 0.001


def test_what_waits_for_a_second_is_left_to_be_decided_anew(services: Services) -> None:
    pacing = Pacing(services.redis, 2)
    assert pacing.spend(9, START) == ([(1, START), (1, START + FRESH / 2)], START + FRESH)
    assert pacing.spend(1, START + FRESH) == ([(1, START + FRESH)], START + FRESH)


def test_without_a_rate_all_go_at_once_and_none_of_none(services: Services) -> None:
    assert Pacing(services.redis, None).spend(500, START) == ([(500, START)], START)
    assert Pacing(services.redis, None).spend(0, START) == Pacing(services.redis, 5).spend(0, START) == ([], START)
