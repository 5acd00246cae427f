"""What becomes of calls: planned by seed and number, and close to the shares that were told."""

from collections import Counter

import pytest

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.calls import CallPlan, plan_call
from workers.vendor.gate import RateGate
from workers.vendor.problems import Problem

CALLS = range(5_000)


def plan_all(**fields: object) -> list[CallPlan]:
    behaviour = Behaviour.model_validate(fields)
    return [plan_call(number, behaviour, is_out=False) for number in CALLS]


def kind(plan: CallPlan) -> str:
    return str(plan.refusal.status) if isinstance(plan.refusal, Problem) else plan.refusal or plan.answer


def test_without_misbehaviour_every_call_is_answered_well_and_at_once() -> None:
    assert set(plan_all()) == {CallPlan()}


def test_same_seed_and_number_give_the_same_plan_and_another_seed_others() -> None:
    fields = {"error_rate": 0.2, "nonsense_rate": 0.3, "unanswered_rate": 0.2}
    first, again, other = (list(map(kind, plan_all(seed=seed, **fields))) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"error_rate": 0.3, "error_status": 502}, {"502": 0.3, "well": 0.7}),
        ({"too_many_rate": 0.1}, {"429": 0.1, "well": 0.9}),
        ({"unanswered_rate": 0.5}, {"unanswered": 0.5, "well": 0.5}),
        ({"nonsense_rate": 0.9}, {"no_json": 0.3, "other_shape": 0.3, "missing_keys": 0.3, "well": 0.1}),
        ({"nonsense_rate": 1, "nonsense": "no_json"}, {"no_json": 1.0}),
        ({"error_rate": 0.5, "unanswered_rate": 0.5}, {"500": 0.5, "unanswered": 0.25, "well": 0.25}),
    ],
)
def test_shares_are_close_to_their_rates(fields: dict[str, object], expected: dict[str, float]) -> None:
    found = Counter(map(kind, plan_all(**fields)))
    assert {name: n / len(CALLS) for name, n in found.items()} == pytest.approx(expected, abs=0.03)


def test_a_share_of_calls_is_slow() -> None:
    late = Counter(plan.late_ms for plan in plan_all(slow_rate=0.25, latency_ms=15_000))
    assert late.keys() == {0, 15_000}
    assert late[15_000] / len(CALLS) == pytest.approx(0.25, abs=0.03)


def test_an_outage_refuses_every_call_in_the_way_that_was_told() -> None:
    refused = plan_call(1, Behaviour(outage="refuse", retry_after_s=7), is_out=True).refusal
    assert isinstance(refused, Problem)
    assert (refused.status, refused.retry_after_s) == (503, 7)
    assert plan_call(1, Behaviour(outage="close"), is_out=True).refusal == "closed"


def test_the_gate_lets_the_rate_through_and_says_when_to_ask_again() -> None:
    now_s = [0.0]
    gate = RateGate(lambda: now_s[0])
    passed, second = 0, 0
    while second < 60:
        now_s[0] = float(second)
        while not (wait_s := gate.wait_s(250, 100)):
            passed += 250
        second += wait_s
    assert passed == pytest.approx(60 * 100, abs=350)  # what fits, and one batch that overdrew it


def test_the_gate_lets_everything_through_without_a_limit_and_forgets_old_debts() -> None:
    gate = RateGate(lambda: 0.0)
    assert gate.wait_s(500, 1) == 0
    assert gate.wait_s(500, 1) == 499
    assert gate.wait_s(500, None) == 0
    assert gate.wait_s(500, 1) == 0
