"""How long a worker waits after failures."""

import pytest

from crm_core.errors import Unavailable
from crm_core.infra.backoff import compute_backoff, compute_patience


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 0.1, 0.2), (3, 0.4, 0.8), (10, 2.5, 5), (10_000, 2.5, 5)])
def test_the_wait_after_failures_doubles_up_to_five_seconds(failures: int, least: float, most: float) -> None:
    waits = {compute_backoff(failures) for _ in range(50)}
    assert least <= min(waits) < max(waits) <= most


def test_who_says_when_to_come_back_is_asked_then_and_no_later_than_after_a_minute() -> None:
    for asked, least, most in ((7.0, 7, 7.7), (0.0, 0, 0.1), (-5.0, 0, 0.1), (3600.0, 60, 66)):
        assert least <= compute_patience(1, Unavailable("busy", retry_after_s=asked)) <= most


def test_an_outage_is_waited_for_no_longer_than_its_cap() -> None:
    assert 15 <= compute_patience(20, Unavailable("away", backoff_cap_s=30)) <= 30
    assert 2.5 <= compute_patience(20, Unavailable("away")) <= 5
