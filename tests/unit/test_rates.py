"""The rate of a key: what may be chosen, and the window that it becomes."""

import pytest

from crm_core.access.api_key import RateLimit, choose_rate
from crm_core.access.rate import to_window
from crm_core.errors import InvalidInput


def test_a_key_has_no_rate_of_its_own_unless_one_is_chosen() -> None:
    assert choose_rate(None, None) is None


def test_the_burst_is_what_five_seconds_allow_unless_another_is_chosen() -> None:
    assert choose_rate(20, None) == RateLimit(20, 100)
    assert choose_rate(20, 20) == RateLimit(20, 20)
    assert choose_rate(1, 3600) == RateLimit(1, 3600)


@pytest.mark.parametrize(
    ("per_second", "burst", "field", "words"),
    [
        (0, None, "rate", "1 to 1,000,000"),
        (-1, None, "rate", "1 to 1,000,000"),
        (1_000_001, None, "rate", "1,000,001 requests per second is out of bounds"),
        (20, 19, "burst", "20 .what one second allows. to 72,000"),
        (20, 72_001, "burst", "A burst of 72,001 requests is out of bounds"),
        (None, 5, "burst", "needs a rate as well"),
    ],
)
def test_a_rate_out_of_bounds_is_refused_with_the_bounds(
    per_second: int | None, burst: int | None, field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        choose_rate(per_second, burst)
    assert refused.value.field == field


@pytest.mark.parametrize("per_second", [1, 3, 200])
@pytest.mark.parametrize("burst", [1, 2, 7, 1000])
def test_a_window_lets_the_burst_through_at_once_and_no_more_than_the_rate_for_long(
    per_second: int, burst: int
) -> None:
    window = to_window(RateLimit(per_second, burst))
    assert window.amount >= burst
    assert window.amount == per_second * window.get_expiry()
    assert window.amount < burst + per_second
