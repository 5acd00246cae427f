"""Comparisons say "better" of nothing in at most 5 of 100 cases, however often one looks, and find what is there."""

from math import isclose

import numpy as np
import pytest

from crm_core.insights.comparing import Group, Rate, Verdict, compare_means, compare_rates, more_needed

RUNS = 1000


def looks(rates: tuple[float, float], size: int, days: int, seed: int) -> list[list[tuple[Rate, Rate]]]:
    """Of each run, the two groups as they are on each day."""
    random = np.random.default_rng(seed)
    daily = [random.binomial(size, rate, (RUNS, days)).cumsum(axis=1) for rate in rates]
    sizes = [size * (day + 1) for day in range(days)]
    return [
        [(Rate(int(a), n), Rate(int(b), n)) for a, b, n in zip(*hits, sizes, strict=True)]
        for hits in zip(*daily, strict=True)
    ]


def verdicts(run: list[tuple[Rate, Rate]]) -> list[Verdict]:
    return [found.verdict for pair in run if (found := compare_rates(*pair))]


@pytest.mark.parametrize(("rate", "size"), [(0.38, 50), (0.07, 200), (0.01, 400), (0.5, 1000)])
def test_daily_looks_at_nothing_find_something_in_5_percent_at_most(rate: float, size: int) -> None:
    runs = looks((rate, rate), size, 28, seed=1)
    found = sum(any(verdict is not Verdict.UNKNOWN for verdict in verdicts(run)) for run in runs)
    assert found / RUNS <= 0.05


def test_a_difference_that_is_there_is_found() -> None:
    told = [verdicts(run) for run in looks((0.12, 0.09), 400, 28, seed=2)]
    assert sum(Verdict.BETTER in each for each in told) / RUNS > 0.95
    assert sum(Verdict.WORSE in each for each in told) / RUNS < 0.01


def test_several_comparisons_side_by_side_are_wider() -> None:
    one, two = Rate(300, 2000), Rate(250, 2000)
    alone, among = compare_rates(one, two), compare_rates(one, two, comparisons=4)
    assert alone
    assert among
    assert among.low < alone.low
    assert among.high > alone.high


def test_what_is_missing_is_enough_once_it_has_come() -> None:
    one, two = Rate(220, 2000), Rate(190, 2000)
    found = compare_rates(one, two)
    assert found
    assert found.verdict is Verdict.UNKNOWN
    more = more_needed(one, two)
    assert more
    times = (4000 + more) / 4000
    later = compare_rates(Rate(round(220 * times), round(2000 * times)), Rate(round(190 * times), round(2000 * times)))
    assert later
    assert later.verdict is Verdict.BETTER
    assert isclose(later.low, 0, abs_tol=0.002)


def test_nobody_and_no_difference_say_nothing() -> None:
    assert compare_rates(Rate(0, 0), Rate(3, 9)) is None
    assert more_needed(Rate(5, 100), Rate(5, 100)) is None
    assert more_needed(Rate(0, 0), Rate(5, 100)) is None
    assert more_needed(Rate(500_001, 10_000_000), Rate(500_000, 10_000_000)) is None
    assert compare_means(Group(1, 5, 25), Group(10, 5, 25)) is None
    found = compare_rates(Rate(0, 10), Rate(0, 10))
    assert found
    assert found.low < 0 < found.high


@pytest.mark.parametrize("lift", [0.0, 0.4])
def test_the_interval_of_a_lift_holds_the_truth_in_about_95_of_100_cases(lift: float) -> None:
    """Revenue a customer: most buy nothing, amounts are skewed."""
    random = np.random.default_rng(5)

    def revenue(size: int, factor: float) -> Group:
        amounts = random.lognormal(3.5, 0.8, size) * (random.random(size) < 0.06 * factor)
        return Group(size, float(amounts.sum()), float((amounts**2).sum()))

    truth = 0.06 * lift * float(np.exp(3.5 + 0.32))
    held = 0
    for _ in range(RUNS):
        found = compare_means(revenue(9000, 1 + lift), revenue(1000, 1))
        assert found
        held += found.low <= truth <= found.high
    assert 0.92 <= held / RUNS <= 0.98
