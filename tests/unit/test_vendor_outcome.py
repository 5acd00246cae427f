"""The simulated vendor decides by a hash: reproducible, and close to the rates it was told."""

from collections import Counter
from datetime import timedelta

import pytest

from workers.vendor.outcome import FAILURE_WEIGHTS, Outcome, decide_outcome

DELAY = timedelta(milliseconds=300)
KEYS = [f"campaign:customer-{n}#0" for n in range(20_000)]


def decide(key: str, *, seed: int = 7, success_rate: float = 0.9) -> Outcome:
    return decide_outcome(key, seed=seed, success_rate=success_rate, mean_delay=DELAY)


def test_same_seed_and_key_give_the_same_outcome_on_every_machine() -> None:
    golden = Outcome("vm_6a6c03c0441eb1d51d885de7", None, timedelta(microseconds=207_355))
    assert decide("c:1#0") == golden


def test_other_seed_gives_other_outcomes() -> None:
    assert [decide(k, seed=1).reason for k in KEYS[:200]] != [decide(k, seed=2).reason for k in KEYS[:200]]


def test_a_retry_under_a_new_key_is_decided_anew() -> None:
    first = [decide(k).reason for k in KEYS[:200]]
    again = [decide(k.replace("#0", "#1")).reason for k in KEYS[:200]]
    assert first != again


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9, 0.99])
def test_share_delivered_is_within_four_standard_errors_of_the_rate(rate: float) -> None:
    delivered = sum(decide(k, success_rate=rate).reason is None for k in KEYS)
    standard_error = (rate * (1 - rate) / len(KEYS)) ** 0.5
    assert abs(delivered / len(KEYS) - rate) < 4 * standard_error


@pytest.mark.parametrize(("rate", "delivered"), [(0.0, 0), (1.0, len(KEYS))])
def test_rates_of_none_and_all_are_exact(rate: float, delivered: int) -> None:
    assert sum(decide(k, success_rate=rate).reason is None for k in KEYS) == delivered


def test_higher_rate_never_makes_a_delivered_message_fail() -> None:
    at_half = {k for k in KEYS if decide(k, success_rate=0.5).reason is None}
    at_most = {k for k in KEYS if decide(k, success_rate=0.9).reason is None}
    assert at_half < at_most


def test_reasons_of_failure_follow_their_weights() -> None:
    reasons = Counter(decide(k, success_rate=0.0).reason for k in KEYS)
    assert reasons.keys() == FAILURE_WEIGHTS.keys()
    for reason, weight in FAILURE_WEIGHTS.items():
        assert reasons[reason] / len(KEYS) == pytest.approx(weight / sum(FAILURE_WEIGHTS.values()), abs=0.02)


def test_delays_spread_evenly_around_the_mean() -> None:
    delays = [decide(k).delay / DELAY for k in KEYS]
    assert min(delays) >= 0.5
    assert max(delays) <= 1.5
    assert sum(delays) / len(delays) == pytest.approx(1.0, abs=0.01)


def test_vendor_ids_are_distinct() -> None:
    assert len({decide(k).vendor_id for k in KEYS}) == len(KEYS)
