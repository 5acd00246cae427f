"""Rates follow from samples of two counts."""

from datetime import UTC, datetime, timedelta

from crm_core.infra.samples import Rate, Sample, compute_rates

START = datetime(2026, 6, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def sample(second: float, accepted: int, waiting: int = 0) -> Sample:
    return Sample(START + second * SECOND, accepted, waiting)


def test_a_rate_is_the_difference_of_two_samples_by_their_distance() -> None:
    (rate,) = compute_rates([sample(0, 100, 50), sample(10, 300, 150)], step=5 * SECOND)
    assert rate == Rate(START + 10 * SECOND, accepted=20, handled=10, waiting=150)


def test_samples_closer_than_the_step_are_passed_over() -> None:
    samples = [sample(second, second * 10) for second in range(21)]
    rates = compute_rates(samples, step=10 * SECOND)
    assert [(rate.at, rate.accepted) for rate in rates] == [(START + 10 * SECOND, 10), (START + 20 * SECOND, 10)]


def test_two_workers_that_sample_at_once_make_no_division_by_nothing() -> None:
    assert compute_rates([sample(0, 1), sample(0, 1), sample(0.001, 1)], step=SECOND) == []


def test_a_count_that_fell_is_another_server_and_no_negative_rate() -> None:
    rates = compute_rates([sample(0, 1000), sample(10, 5), sample(20, 25)], step=SECOND)
    assert [rate.accepted for rate in rates] == [2]


def test_without_samples_there_are_no_rates() -> None:
    assert compute_rates([], step=SECOND) == compute_rates([sample(0, 1)], step=SECOND) == []
