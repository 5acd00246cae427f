"""The simulated vendor decides by a hash: reproducible, and close to the rates it was told."""

from collections import Counter

import pytest

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.outcome import FAILURE_WEIGHTS, REJECTION_WEIGHTS, Outcome, decide_outcome, decide_rejection

DELAY_MS = 300_000
KEYS = [f"campaign:customer-{n}#0" for n in range(8_000)]


def decide(key: str, **fields: object) -> Outcome:
    return decide_outcome(key, Behaviour.model_validate({"seed": 7, "mean_delay_ms": DELAY_MS, **fields}))


def decide_all(**fields: object) -> dict[str, Outcome]:
    behaviour = Behaviour.model_validate({"seed": 7, "mean_delay_ms": DELAY_MS, **fields})
    return {key: decide_outcome(key, behaviour) for key in KEYS}


def reject_all(**fields: object) -> dict[str, str]:
    behaviour = Behaviour.model_validate(fields)
    return {key: reason for key in KEYS if (reason := decide_rejection(key, "ann", behaviour))}


def test_same_seed_and_key_give_the_same_outcome_on_every_machine() -> None:
    golden = Outcome("vm_6a6c03c0441eb1d51d885de7", None, 207_355, 15_742, 28_719)
    rates = {"open_rate": 1, "click_rate": 1, "open_delay_ms": 20_000, "click_delay_ms": 40_000}
    assert decide("c:1#0", **rates) == golden


def test_other_seed_gives_other_outcomes() -> None:
    assert [decide(k, seed=1).reason for k in KEYS[:200]] != [decide(k, seed=2).reason for k in KEYS[:200]]


def test_a_retry_under_a_new_key_is_decided_anew() -> None:
    first = [decide(k).reason for k in KEYS[:200]]
    again = [decide(k.replace("#0", "#1")).reason for k in KEYS[:200]]
    assert first != again


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9, 0.99])
def test_each_share_is_within_four_standard_errors_of_its_rate(rate: float) -> None:
    outcomes = decide_all(success_rate=rate, open_rate=rate, click_rate=rate).values()
    delivered = [outcome for outcome in outcomes if outcome.reason is None]
    opened = [outcome for outcome in delivered if outcome.open_ms is not None]
    clicked = [outcome for outcome in opened if outcome.click_ms is not None]
    for part, whole in (
        (delivered, outcomes),
        (opened, delivered),
        (clicked, opened),
        (reject_all(reject_rate=rate), KEYS),
    ):
        assert abs(len(part) / len(whole) - rate) < 4 * (rate * (1 - rate) / len(whole)) ** 0.5


@pytest.mark.parametrize(("rate", "count"), [(0.0, 0), (1.0, len(KEYS))])
def test_rates_of_none_and_all_are_exact(rate: float, count: int) -> None:
    outcomes = decide_all(success_rate=rate, open_rate=rate, click_rate=rate).values()
    assert sum(outcome.reason is None for outcome in outcomes) == count
    assert sum(outcome.click_ms is not None for outcome in outcomes) == count
    assert len(reject_all(reject_rate=rate)) == count


@pytest.mark.parametrize("rate", ["success_rate", "open_rate", "click_rate"])
def test_a_higher_rate_takes_back_nothing_that_happened(rate: str) -> None:
    def happened(share: float) -> set[tuple[str, str]]:
        """Key and step."""
        outcomes = decide_all(**{rate: share}).items()
        delivered = {(key, "delivered") for key, outcome in outcomes if outcome.reason is None}
        opened = {(key, "opened") for key, outcome in outcomes if outcome.open_ms is not None}
        return delivered | opened | {(key, "clicked") for key, outcome in outcomes if outcome.click_ms is not None}

    assert happened(0.5) < happened(0.9)


def test_what_failed_is_never_opened_and_what_was_not_opened_is_never_clicked() -> None:
    for outcome in decide_all(success_rate=0.5, open_rate=0.5, click_rate=1).values():
        assert outcome.reason is None or outcome.open_ms is None
        assert (outcome.click_ms is None) == (outcome.open_ms is None)


@pytest.mark.parametrize("weights", [FAILURE_WEIGHTS, REJECTION_WEIGHTS])
def test_reasons_follow_their_weights(weights: dict[str, int]) -> None:
    failures = Counter(outcome.reason for outcome in decide_all(success_rate=0).values())
    rejections = Counter(reject_all(reject_rate=1).values())
    reasons = failures if weights is FAILURE_WEIGHTS else rejections
    assert reasons.keys() == weights.keys()
    for reason, weight in weights.items():
        assert reasons[reason] / len(KEYS) == pytest.approx(weight / sum(weights.values()), abs=0.02)


def test_delays_spread_evenly_around_the_mean() -> None:
    delays = [outcome.delay_ms / DELAY_MS for outcome in decide_all().values()]
    assert min(delays) >= 0.5
    assert max(delays) <= 1.5
    assert sum(delays) / len(delays) == pytest.approx(1.0, abs=0.01)


def test_vendor_ids_are_distinct() -> None:
    assert len({outcome.vendor_id for outcome in decide_all().values()}) == len(KEYS)


def test_an_address_with_the_refused_word_fails_whatever_the_rate_until_it_is_unset() -> None:
    address = "ann@example.invalid"
    assert decide_rejection("c:1#0", address, Behaviour()) == "invalid_recipient"
    assert decide_rejection("c:1#0", address, Behaviour(reject_word="")) is None
